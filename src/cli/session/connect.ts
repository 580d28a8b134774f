import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { present } from '../../ground/present.js';
import {
  hasTemporalServer,
  loadTemporalConfig,
  settingsWithoutServer,
  type TemporalConfig,
} from '../../temporal/config.js';
import { workflowIdFor } from '../../temporal/names.js';
import { connectionTrouble, refusalText } from '../../temporal/trouble.js';
import { ensureEmbedded, findEmbedded, hasEmbeddedHistory } from './embedded.js';
import type { EmbeddedState } from './embedded-state.js';
import { CliError, EXIT } from '../exit-codes.js';
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

/**
 * Connects; `start` and `startWithUi` also start the embedded server when there is no other.
 * @throws CliError when there is nothing to connect to
 */
export async function openSession(
  cluster: string,
  env: NodeJS.ProcessEnv,
  mode: 'find' | 'start' | 'startWithUi',
): Promise<Session> {
  const found = await findSession(cluster, env);
  if (found) return found;
  if (mode === 'find') throw noServer(cluster, env);
  return await toEmbedded(env, await ensureEmbedded(cluster, env, { ui: mode === 'startWithUi' }));
}

/**
 * Connects to what there is.
 * @returns undefined when no server is configured, and no embedded one runs
 */
export async function findSession(cluster: string, env: NodeJS.ProcessEnv): Promise<Session | undefined> {
  if (hasTemporalServer(env)) return await connect(env, 'configured');
  refuseHalfConfigured(env);
  const embedded = await findEmbedded(cluster, env);
  return embedded && (await toEmbedded(env, embedded));
}

async function toEmbedded(env: NodeJS.ProcessEnv, { address, ui, pid }: EmbeddedState): Promise<Session> {
  const session = await connect({ ...env, TEMPORAL_ADDRESS: address }, 'embedded');
  return { ...session, ...present({ ui, hostPid: pid }) };
}

/** Says what there is instead. */
export function noServer(cluster: string, env: NodeJS.ProcessEnv): CliError {
  const none = `no Temporal server is configured (TEMPORAL_ADDRESS or a profile), and no embedded one runs for cluster ${cluster}.`;
  if (!hasEmbeddedHistory(cluster, env)) return new CliError(`${none}\nRun \`reroot rotate\`: it starts one.`);
  return new CliError(
    `${none} It ends a minute after its last rotation has.\n` +
      'The report of a rotation that has ended is in ConfigMap reroot-report, in the namespace of Linkerd. `reroot preflight` says\n' +
      'whether one was interrupted (RotationLeftBehind): then `reroot rotate` goes on with it. Otherwise that begins another.',
  );
}

/**
 * Somebody who sets an API key, a namespace or TLS means a server of their own.
 * @throws CliError that names the variables
 */
function refuseHalfConfigured(env: NodeJS.ProcessEnv): void {
  const given = settingsWithoutServer(env);
  if (given.length === 0) return;
  throw new CliError(
    `${given.join(', ')} in the environment, and no TEMPORAL_ADDRESS or profile that says where that Temporal server is: ` +
      'set it, or unset these for an embedded server. Nothing was started',
    EXIT.refused,
  );
}

async function connect(env: NodeJS.ProcessEnv, server: Session['server']): Promise<Session> {
  const config = loadTemporalConfig(env);
  const { connectionOptions, namespace, address } = config;
  const connection = await connected(connectionOptions, config);
  const session: Session = {
    client: new Client({ connection, namespace }),
    server,
    address,
    close: async () => await connection.close(),
  };
  if (server === 'configured') await requireNamespace(session, config);
  return session;
}

async function connected(options: TemporalConfig['connectionOptions'], config: TemporalConfig): Promise<Connection> {
  try {
    return await Connection.connect(options);
  } catch (error) {
    throw new CliError(await connectionTrouble(error, config));
  }
}

/** Whatever else is asked would be refused with fewer words. A server that is away is for whoever asks it. */
async function requireNamespace({ client, close }: Session, config: TemporalConfig): Promise<void> {
  try {
    await client.workflowService.describeNamespace({ namespace: config.namespace });
  } catch (error) {
    const refusal = refusalText(error, config);
    if (refusal === undefined) return;
    await close();
    throw new CliError(refusal);
  }
}

/** The workflow that options name. */
export function workflowIdOf({ workflowId, cluster }: Pick<CommonOptions, 'workflowId' | 'cluster'>): string {
  return workflowId ?? workflowIdFor(cluster);
}

export function rotationHandle(session: Session, options: CommonOptions): WorkflowHandle {
  return session.client.workflow.getHandle(workflowIdOf(options));
}
