import type { Command } from 'commander';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import pc from 'picocolors';
import { invalidInputMessage, readInput, type RotationInput } from '../rotation/input.js';
import type { RotationReport } from '../rotation/report.js';
import type { RotationStatus } from '../rotation/status.js';
import { TASK_QUEUE, WORKFLOW_TYPE, workflowIdFor } from '../temporal/names.js';
import { openSession, rotationHandle, type Session } from './connect.js';
import { CliError, EXIT } from './exit-codes.js';
import { follow } from './follow.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from './options.js';
import { rotationInput, withInputOptions, type InputOptions } from './input-options.js';

interface RotateOptions extends ClusterOptions, InputOptions {
  detach?: boolean;
}

export function addRotateCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('rotate')
    .description('replace the trust root; started again, it finds the running rotation and follows it')
    .option('--detach', 'start it and return at once');
  withInputOptions(withClusterOptions(command)).action(async (options: RotateOptions) => done(await rotate(options)));
}

async function rotate(options: RotateOptions): Promise<number> {
  const input = rotationInput(options);
  const checked = readInput(input);
  if (!checked.ok) throw new CliError(invalidInputMessage(checked.problems), EXIT.refused);
  const env = workerEnvironment(options, process.env);
  const session = await openSession(options.cluster, env, 'start');
  try {
    const started = await startOrFind(session, options, input);
    const handle = rotationHandle(session, options);
    process.stderr.write(
      `${started ? 'Started' : 'Found the running'} rotation ${pc.bold(handle.workflowId)} on ${session.server} Temporal ${session.address}${session.ui ? ` (UI: ${session.ui})` : ''}\n`,
    );
    if (options.detach) return detached(options);
    return await followToEnd(handle, options);
  } finally {
    await session.close();
  }
}

async function startOrFind(session: Session, options: RotateOptions, input: RotationInput): Promise<boolean> {
  try {
    await session.client.workflow.start(WORKFLOW_TYPE, {
      taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
      workflowId: options.workflowId ?? workflowIdFor(options.cluster),
      workflowIdConflictPolicy: 'FAIL',
      args: [input],
      staticSummary: `rotate the trust root of ${options.cluster}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** ctrl-C stops looking, never the rotation. */
async function followToEnd(handle: WorkflowHandle, options: RotateOptions): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let status: RotationStatus | undefined;
  try {
    const output = options.output === 'json' ? process.stderr : process.stdout;
    const end = await follow(handle, { output, signal: stop.signal, onStatus: (seen) => (status = seen) });
    if (end === 'detached') return detached(options, status);
    return report((await handle.result()) as RotationReport, options);
  } catch (error) {
    if (error instanceof WorkflowFailedError) return failed(error);
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function detached(options: RotateOptions, status?: RotationStatus): number {
  const where = status ? ` It is in phase ${status.phase}.` : '';
  process.stderr.write(
    `The rotation goes on without this terminal.${where} Come back with: reroot rotate --cluster ${options.cluster}, or look with: reroot status --cluster ${options.cluster}\n`,
  );
  return EXIT.goesOn;
}

function report(result: RotationReport, options: RotateOptions): number {
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return EXIT.ok;
  }
  const old = result.oldRoots
    .map(({ fingerprint, commonName }) => `${fingerprint.slice(0, 12)} (${commonName})`)
    .join(', ');
  process.stdout.write(
    `\n${pc.green('Completed.')} ${result.proxiesProven} proxies proven under ${result.newRoot.fingerprint.slice(0, 12)} (${result.newRoot.commonName}), ` +
      `good until ${result.newRoot.notAfter.slice(0, 10)}. Gone: ${old || 'nothing'}.\n` +
      `The report is in ConfigMap ${result.linkerdNamespace}/reroot-report.\n`,
  );
  for (const waiver of result.waivers)
    process.stdout.write(`${pc.yellow('Not proven:')} ${waiver.subject}, waived: ${waiver.reason}\n`);
  return EXIT.ok;
}

const REFUSALS = ['InvalidInput', 'PreflightFailed', 'RotationAlreadyRunning'];

function failed(error: WorkflowFailedError): number {
  const cause = error.cause as { message?: string; type?: string } | undefined;
  process.stderr.write(`\n${pc.red(cause?.type ?? 'Failed')}: ${cause?.message ?? error.message}\n`);
  return REFUSALS.includes(cause?.type ?? '') ? EXIT.refused : EXIT.failed;
}
