import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { plain } from '../../ground/plain.js';
import type { RotationStatus } from '../../rotation/status.js';
import { isServerAway } from '../../temporal/answers.js';
import type { Session } from '../session/connect.js';
import { readEnd, REFUSALS, type RotationEnd } from '../session/end.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { CommonOptions } from '../options/common.js';
import { endText } from '../view/end.js';
import { follow, type FollowEnd } from '../view/follow.js';
import { machineText } from '../view/machine.js';

/** An embedded server that is gone comes back at another address only. */
const EMBEDDED_BACK_MS = 3000;

type Server = Pick<Session, 'server' | 'address'>;

/**
 * Follows a rotation that runs. ctrl-C stops looking, never the rotation.
 * @returns the exit code
 */
export async function followToEnd(server: Server, handle: WorkflowHandle, options: CommonOptions): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let status: RotationStatus | undefined;
  try {
    const output = options.output === 'text' ? process.stdout : process.stderr;
    const how = await follow(handle, {
      output,
      signal: stop.signal,
      server: server.address,
      onStatus: (seen) => (status = seen),
      ...(server.server === 'embedded' ? { patienceMs: EMBEDDED_BACK_MS } : {}),
    });
    if (how === 'ended') return showEnd(await readEnd(handle, options.cluster), options);
    return goesOn(how, { server, options, ...(status ? { status } : {}) });
  } catch (error) {
    if (isServerAway(error)) return goesOn('serverLost', { server, options, ...(status ? { status } : {}) });
    if (error instanceof WorkflowNotFoundError) throw gone(server, handle, options);
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Says that the rotation was started, for those who do not follow it. */
export function detached(options: CommonOptions): number {
  return goesOn('detached', { options });
}

interface LastSeen {
  options: CommonOptions;
  server?: Server;
  status?: RotationStatus;
}

function goesOn(how: Exclude<FollowEnd, 'ended'>, { options, server, status }: LastSeen): number {
  const where = status ? ` It ${how === 'detached' ? 'is' : 'was'} in phase ${plain(status.phase)}.` : '';
  const text = how === 'detached' || !server ? 'The rotation continues without this terminal.' : lostText(server);
  process.stderr.write(`${text}${where} ${followAgain(options, server)}\n`);
  return EXIT.goesOn;
}

function lostText({ server, address }: Server): string {
  if (server === 'embedded')
    return `The embedded Temporal server at ${address} does not answer any more; the rotation goes on as soon as it runs again.`;
  return `The Temporal server at ${address} does not answer any more; the rotation goes on as soon as it is back.`;
}

function followAgain({ cluster, workflowId }: CommonOptions, server?: Server): string {
  const flags = `--cluster ${cluster}${workflowId ? ` --workflow-id ${workflowId}` : ''}`;
  const starts = server?.server === 'embedded' ? ', which starts it again,' : ',';
  return `Follow it again with: reroot rotate ${flags}${starts} or look with: reroot status ${flags}`;
}

/** A server without a database forgets everything when it is restarted. */
function gone({ address }: Server, { workflowId }: WorkflowHandle, { cluster }: CommonOptions): CliError {
  return new CliError(
    `the Temporal server at ${address} does not know rotation ${workflowId} any more. What it had written is in the cluster: ` +
      `start again, the next rotation goes on where this one stopped: \`reroot rotate --cluster ${cluster}\``,
  );
}

function showEnd(end: RotationEnd, { output }: CommonOptions): number {
  const facts = machineText(end.report ?? end, output);
  if (facts !== undefined) process.stdout.write(`${facts}\n`);
  if (end.failure) process.stderr.write(`${endText(end, new Date())}\n`);
  else if (facts === undefined) process.stdout.write(`${endText(end, new Date())}\n`);
  if (end.outcome === 'completed') return EXIT.ok;
  return REFUSALS.includes(end.failure?.type ?? '') ? EXIT.refused : EXIT.failed;
}
