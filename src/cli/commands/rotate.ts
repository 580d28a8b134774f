import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import pc from 'picocolors';
import {
  type IssuerInput,
  readInput,
  readIssuerInput,
  type RotationInput,
  type RotationRequest,
} from '../../rotation/input.js';
import type { RotationReport } from '../../rotation/report.js';
import type { RotationStatus } from '../../rotation/status.js';
import { ISSUER_WORKFLOW_TYPE, TASK_QUEUE, WORKFLOW_TYPE, workflowIdFor } from '../../temporal/names.js';
import { openSession, rotationHandle, type Session } from '../session/connect.js';
import { CliError, EXIT } from '../exit-codes.js';
import { follow } from '../view/follow.js';
import { reportText } from '../view/report.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import {
  type InputOptions,
  issuerInput,
  rotationInput,
  withInputOptions,
  withIssuerOptions,
} from '../options/input.js';
import { checkedInput, look } from './preflight.js';

interface RotateOptions extends ClusterOptions, InputOptions {
  detach?: boolean;
  dryRun?: boolean;
}

/** What is to be started. */
interface RotationStart {
  workflowType: string;
  input: RotationInput | IssuerInput;
  /** The same, checked: for the plan of a dry run. */
  request: RotationRequest;
}

/** A server that has just been started may refuse for some seconds what it takes later. */
const EMBEDDED_START_MS = 30_000;
const RETRY_PAUSE_MS = 500;

/** Failures of a workflow that has changed nothing. */
const REFUSALS = ['InvalidInput', 'PreflightFailed', 'RotationAlreadyRunning'];

export function addRotateCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('rotate')
    .description('replace the trust root; if a rotation of the cluster is running, follow that one')
    .option('--detach', 'start the rotation and return at once')
    .option('--dry-run', 'print the plan and change nothing; needs no Temporal and no permission to write');
  withInputOptions(withClusterOptions(command)).action(async (options: RotateOptions) => {
    const input = rotationInput(options);
    const request = checkedInput(readInput(input));
    done(await rotate(named(options, request), { workflowType: WORKFLOW_TYPE, input, request }));
  });
  const issuer = program
    .command('rotate-issuer')
    .description('replace the identity issuer and keep the root; nothing is restarted')
    .option('--detach', 'start the rotation and return at once')
    .option('--dry-run', 'print the plan and change nothing');
  withIssuerOptions(withClusterOptions(issuer)).action(async (options: RotateOptions) => {
    const input = issuerInput(options);
    const request = checkedInput(readIssuerInput(input));
    done(await rotate(named(options, request), { workflowType: ISSUER_WORKFLOW_TYPE, input, request }));
  });
}

/** The cluster may be named by the input's file: the workflow id, the embedded server and its worker go by that name too. */
function named(options: RotateOptions, { settings }: RotationRequest): RotateOptions {
  return { ...options, cluster: settings.cluster };
}

async function rotate(options: RotateOptions, start: RotationStart): Promise<number> {
  if (options.dryRun) return await look(options, planOnly(start.request));
  const session = await openSession(options.cluster, workerEnvironment(options, process.env), 'start');
  try {
    const started = await startUnlessRunning(session, options, start);
    const handle = rotationHandle(session, options);
    const ui = session.ui ? ` (UI: ${session.ui})` : '';
    process.stderr.write(
      `${started ? 'Started' : 'Found the running'} rotation ${pc.bold(handle.workflowId)} on ${session.server} Temporal ${session.address}${ui}\n`,
    );
    if (options.detach) return detached(options);
    return await followToEnd(handle, options);
  } finally {
    await session.close();
  }
}

function planOnly({ settings, course }: RotationRequest): RotationRequest {
  return { settings: { ...settings, planOnly: true }, course };
}

/** @returns false when the cluster's rotation runs already */
async function startUnlessRunning(session: Session, options: RotateOptions, start: RotationStart): Promise<boolean> {
  const giveUpAt = Date.now() + (session.server === 'embedded' ? EMBEDDED_START_MS : 0);
  for (;;) {
    try {
      await startWorkflow(session, options, start);
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      if (!(error instanceof ServiceError)) throw error;
      if (Date.now() > giveUpAt) throw new CliError(`${error.message}: ${causeText(error.cause)}`);
      await sleep(RETRY_PAUSE_MS);
    }
  }
}

async function startWorkflow(
  { client }: Session,
  { cluster, workflowId }: RotateOptions,
  { workflowType, input }: RotationStart,
): Promise<void> {
  await client.workflow.start(workflowType, {
    taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
    workflowId: workflowId ?? workflowIdFor(cluster),
    workflowIdConflictPolicy: 'FAIL',
    args: [input],
    staticSummary: `${workflowType === WORKFLOW_TYPE ? 'rotate the trust root' : 'rotate the issuer'} of ${cluster}`,
  });
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'no reason given';
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

function detached({ cluster }: RotateOptions, status?: RotationStatus): number {
  const where = status ? ` It is in phase ${status.phase}.` : '';
  process.stderr.write(
    `The rotation continues without this terminal.${where} Follow it again with: reroot rotate --cluster ${cluster}, or look with: reroot status --cluster ${cluster}\n`,
  );
  return EXIT.goesOn;
}

function report(result: RotationReport, options: RotateOptions): number {
  const text = options.output === 'json' ? JSON.stringify(result, null, 2) : reportText(result);
  process.stdout.write(`${text}\n`);
  return result.outcome === 'completed' ? EXIT.ok : EXIT.failed;
}

function failed(error: WorkflowFailedError): number {
  const cause = error.cause as { message?: string; type?: string } | undefined;
  process.stderr.write(`\n${pc.red(cause?.type ?? 'Failed')}: ${cause?.message ?? error.message}\n`);
  return REFUSALS.includes(cause?.type ?? '') ? EXIT.refused : EXIT.failed;
}
