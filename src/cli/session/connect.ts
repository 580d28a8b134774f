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
  if (hasTemporalServer(env)) return await connect(env, 'configured');
  refuseHalfConfigured(env);
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

export function rotationHandle(session: Session, options: CommonOptions): WorkflowHandle {
  return session.client.workflow.getHandle(options.workflowId ?? workflowIdFor(options.cluster));
}
