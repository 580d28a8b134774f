import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { present } from '../../ground/present.js';
import { loadTemporalConfig } from '../../temporal/config.js';
import { workflowIdFor } from '../../temporal/names.js';
import { ensureEmbedded, findEmbedded, hasEmbeddedHistory } from './embedded.js';
import { CliError } from '../exit-codes.js';
import type { CommonOptions } from '../options/common.js';

/** A connection to the Temporal server that the rotations of this shell run on. */
export interface Session {
  client: Client;
  /** `configured` by profile or environment, or the `embedded` one of this machine. */
  server: 'configured' | 'embedded';
  address: string;
  /** URL of the embedded server's UI, if it runs with it. */
  ui?: string;
  /** Of the background process of the embedded server. */
  hostPid?: number;
  close(): Promise<void>;
}

/** Whether a profile or variable names a Temporal server, as the Temporal CLI would read them. */
export function hasTemporalServer(env: NodeJS.ProcessEnv): boolean {
  const config = env['XDG_CONFIG_HOME'] || path.join(homedir(), '.config');
  const file = env['TEMPORAL_CONFIG_FILE'] ?? path.join(config, 'temporalio', 'temporal.toml');
  return Boolean(env['TEMPORAL_ADDRESS'] ?? env['TEMPORAL_PROFILE']) || existsSync(file);
}

/**
 * Connects; `start` and `startWithUi` also start the embedded server when there is no other.
 * @throws CliError when there is nothing to connect to
 */
export async function openSession(
  cluster: string,
  env: NodeJS.ProcessEnv,
  mode: 'find' | 'start' | 'startWithUi',
): Promise<Session> {
  if (hasTemporalServer(env)) return await connect(env, 'configured');
  const embedded =
    mode === 'find'
      ? await findEmbedded(cluster, env)
      : await ensureEmbedded(cluster, env, { ui: mode === 'startWithUi' });
  if (!embedded) throw noServer(cluster, env);
  const session = await connect({ ...env, TEMPORAL_ADDRESS: embedded.address }, 'embedded');
  return { ...session, ...present({ ui: embedded.ui, hostPid: embedded.pid }) };
}

function noServer(cluster: string, env: NodeJS.ProcessEnv): CliError {
  const none = `no Temporal server is configured (TEMPORAL_ADDRESS or a profile), and no embedded one runs for cluster ${cluster}.`;
  if (!hasEmbeddedHistory(cluster, env)) return new CliError(`${none}\nRun \`reroot rotate\`: it starts one.`);
  return new CliError(
    `${none} It ends a minute after its last rotation has.\n` +
      'The report of a rotation that has ended is in ConfigMap reroot-report, in the namespace of Linkerd. `reroot preflight` says\n' +
      'whether one was interrupted (RotationLeftBehind): then `reroot rotate` goes on with it. Otherwise that begins another.',
  );
}

async function connect(env: NodeJS.ProcessEnv, server: Session['server']): Promise<Session> {
  const { connectionOptions, namespace, address } = loadTemporalConfig(env);
  try {
    const connection = await Connection.connect(connectionOptions);
    return {
      client: new Client({ connection, namespace }),
      server,
      address,
      close: async () => await connection.close(),
    };
  } catch (error) {
    throw new CliError(
      `no Temporal server answers at ${address}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

export function rotationHandle(session: Session, options: CommonOptions): WorkflowHandle {
  return session.client.workflow.getHandle(options.workflowId ?? workflowIdFor(options.cluster));
}
