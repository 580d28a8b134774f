import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import pc from 'picocolors';
import {
  type IssuerInput,
  readInput,
  readIssuerInput,
  type RotationInput,
  type RotationRequest,
} from '../../rotation/input.js';
import { plain } from '../../ground/plain.js';
import { markdown } from '../../rotation/markdown.js';
import { ISSUER_WORKFLOW_TYPE, TASK_QUEUE, WORKFLOW_TYPE, workflowIdFor } from '../../temporal/names.js';
import { isServerAway } from '../../temporal/answers.js';
import { openSession, rotationHandle, type Session } from '../session/connect.js';
import { otherUsers } from '../session/other-users.js';
import { CliError } from '../exit-codes.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import {
  type InputOptions,
  issuerInput,
  rotationInput,
  withInputOptions,
  withIssuerOptions,
} from '../options/input.js';
import { detached, followToEnd } from './follow-to-end.js';
import { checkedInput, look } from './preflight.js';

interface RotateOptions extends ClusterOptions, InputOptions {
  detach?: boolean;
  dryRun?: boolean;
  ui?: boolean;
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
const UI_FLAG = 'start the embedded Temporal server with its web UI, which is then open to web pages too (docs/cli.md)';

/** Characters of a cluster's name in what the Temporal UI shows in its list: the server takes 400 bytes. */
const SUMMARY_LENGTH = 60;

export function addRotateCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('rotate')
    .description('replace the trust root; if a rotation of the cluster is running, follow that one')
    .option('--detach', 'start the rotation and return at once')
    .option('--dry-run', 'print the plan and change nothing; needs no Temporal and no permission to write')
    .option('--ui', UI_FLAG);
  withInputOptions(withClusterOptions(command)).action(async (options: RotateOptions) => {
    const input = rotationInput(options);
    const request = checkedInput(readInput(input));
    done(await rotate(named(options, request), { workflowType: WORKFLOW_TYPE, input, request }));
  });
  const issuer = program
    .command('rotate-issuer')
    .description('replace the identity issuer and keep the root; nothing is restarted')
    .option('--detach', 'start the rotation and return at once')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--ui', UI_FLAG);
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
  const session = await openSession(
    options.cluster,
    workerEnvironment(options, process.env),
    options.ui ? 'startWithUi' : 'start',
  );
  try {
    for (const note of embeddedNotes(session, options, otherUsers)) process.stderr.write(`${pc.yellow('⚠')} ${note}\n`);
    const started = await startUnlessRunning(session, options, start);
    const handle = rotationHandle(session, options);
    const ui = session.ui ? ` (UI: ${session.ui})` : '';
    process.stderr.write(
      `${started ? 'Started' : 'Found the running'} rotation ${pc.bold(plain(handle.workflowId))} on ${session.server} Temporal ${session.address}${ui}\n`,
    );
    if (options.detach) return detached(options);
    return await followToEnd(session, handle, options);
  } finally {
    await session.close();
  }
}

/** What a person should know of the embedded server. */
export function embeddedNotes(
  { server, ui, hostPid }: Pick<Session, 'server' | 'ui' | 'hostPid'>,
  wanted: { ui?: boolean },
  others: () => number[],
): string[] {
  if (server !== 'embedded') return [];
  const users = others();
  return [
    ...(users.length > 0
      ? [
          `Other users run programs on this machine (user ids ${users.join(', ')}). The embedded Temporal server asks nobody who ` +
            'they are: each of them can approve, abort or start a rotation. Rotate from a machine of your own, or with a Temporal server that does.',
        ]
      : []),
    ...(wanted.ui && !ui
      ? [
          `The embedded Temporal server runs already, without its UI. To have it: \`kill ${hostPid}\`, and this command again with ` +
            '--ui. The rotation goes on where it was.',
        ]
      : []),
  ];
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
      if (!(error instanceof ServiceError || isServerAway(error))) throw error;
      if (Date.now() >= giveUpAt) throw new CliError(refusal(error));
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
    staticSummary: `${workflowType === WORKFLOW_TYPE ? 'rotate the trust root' : 'rotate the issuer'} of ${markdown(cluster, SUMMARY_LENGTH)}`,
  });
}

function refusal(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
