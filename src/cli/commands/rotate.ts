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

/** What is to be rotated: a workflow, its input, and the plan of a dry run. */
interface Errand {
  type: string;
  input: RotationInput | IssuerInput;
  request: RotationRequest;
}

export function addRotateCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('rotate')
    .description('replace the trust root; started again, it finds the running rotation and follows it')
    .option('--detach', 'start it and return at once')
    .option('--dry-run', 'print the plan and change nothing; needs no Temporal and no permission to write');
  withInputOptions(withClusterOptions(command)).action(async (options: RotateOptions) => {
    const input = rotationInput(options);
    done(await rotate(options, { type: WORKFLOW_TYPE, input, request: checkedInput(readInput(input)) }));
  });
  const issuer = program
    .command('rotate-issuer')
    .description('replace the identity issuer under the root in use; nothing is restarted')
    .option('--detach', 'start it and return at once')
    .option('--dry-run', 'print the plan and change nothing');
  withIssuerOptions(withClusterOptions(issuer)).action(async (options: RotateOptions) => {
    const input = issuerInput(options);
    done(await rotate(options, { type: ISSUER_WORKFLOW_TYPE, input, request: checkedInput(readIssuerInput(input)) }));
  });
}

async function rotate(options: RotateOptions, errand: Errand): Promise<number> {
  if (options.dryRun) return await look(options, dryRun(errand.request));
  const env = workerEnvironment(options, process.env);
  const session = await openSession(options.cluster, env, 'start');
  try {
    const started = await startOrFind(session, options, errand);
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

function dryRun({ settings, course }: RotationRequest): RotationRequest {
  return { settings: { ...settings, planOnly: true }, course };
}

/** A server that has just been started may refuse for some seconds what it takes later. */
const PATIENCE_MS = 30_000;

async function startOrFind(
  session: Session,
  options: RotateOptions,
  errand: Errand,
  until = Date.now() + (session.server === 'embedded' ? PATIENCE_MS : 0),
): Promise<boolean> {
  const { type, input } = errand;
  try {
    await session.client.workflow.start(type, {
      taskQueue: process.env['REROOT_TASK_QUEUE'] ?? TASK_QUEUE,
      workflowId: options.workflowId ?? workflowIdFor(options.cluster),
      workflowIdConflictPolicy: 'FAIL',
      args: [input],
      staticSummary: `${type === WORKFLOW_TYPE ? 'rotate the trust root' : 'rotate the issuer'} of ${options.cluster}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    if (!(error instanceof ServiceError)) throw error;
    if (Date.now() > until) throw new CliError(`${error.message}: ${causeText(error.cause)}`);
    await sleep(500);
    return await startOrFind(session, options, errand, until);
  }
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
    return result.outcome === 'completed' ? EXIT.ok : EXIT.failed;
  }
  if (result.outcome === 'aborted') {
    const { phase = '', reason } = result.aborted ?? {};
    process.stdout.write(
      `\n${pc.yellow('Aborted')} in ${phase}${reason ? ` (${reason})` : ''}: the certificates are those of the start again. ` +
        `${result.proxiesProven} proxies proven.\n`,
    );
    return EXIT.failed;
  }
  const old = result.oldRoots
    .map(({ fingerprint, commonName }) => `${fingerprint.slice(0, 12)} (${commonName})`)
    .join(', ');
  process.stdout.write(
    `\n${pc.green('Completed.')} ${result.proxiesProven} proxies proven under ${result.newRoot.fingerprint.slice(0, 12)} (${result.newRoot.commonName}), ` +
      `good until ${result.newRoot.notAfter.slice(0, 10)}. ${old ? `Gone: ${old}` : `The root stays; the issuer is new, good until ${result.newIssuer.notAfter.slice(0, 10)}`}.\n` +
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
