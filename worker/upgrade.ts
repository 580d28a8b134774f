import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { ISSUER_WORKFLOW_TYPE, WATCH_WORKFLOW_TYPE, WORKFLOW_TYPE } from '../src/temporal/names.js';
import { firstTask, replays, type WorkflowSource } from './replay.js';

/**
 * Upgrades in the middle of a rotation. The cluster is the only memory (docs/decisions/0002), so a rotation whose history
 * was written by another version, and does not replay with this one, starts anew: a reset to its first workflow task ends
 * the run and begins another of the same workflow id, first run id and input, which adopts what is there. The server says
 * again to the new run what people have said to the old one.
 */

const INTERVAL_MS = 30_000;
/** A workflow task that is tried again has failed. */
const FAILING = 2;
/** Between two new starts of one rotation, doubled each time: two versions that poll for long do not throw it about. */
const PAUSE_MS = 60_000;
const LONGEST_PAUSE = 16;
const REASON = 'begun by another version of reroot, whose history this one cannot continue';

export interface AdoptOptions {
  connection: NativeConnection;
  source: WorkflowSource;
  log: Logger;
  /** Ends with the worker, and with it the looking. */
  until: Promise<unknown>;
}

/** What is known of a running rotation without its history. */
export interface RunFacts {
  runId: string;
  historyLength: number;
  /** How often its next workflow task was tried; 0 when none is due. */
  attempt: number;
  /** Of the worker that completed its last workflow task, where the server says so. */
  buildId: string | undefined;
}

interface Watch {
  client: Client;
  /** The front queue. */
  taskQueue: string;
  buildId: string | undefined;
  source: WorkflowSource;
  log: Logger;
  /** Length of the history up to which a run was found to continue. */
  checked: Map<string, number>;
  /** By workflow id: how often this worker has started it anew, and when it may do so again. */
  anew: Map<string, { times: number; notBefore: number }>;
}

/** Looks at the running rotations at once, and again and again, until the worker ends. Never throws. */
export async function adoptOldRuns(worker: Worker, { connection, source, log, until }: AdoptOptions): Promise<void> {
  const { namespace, taskQueue, buildId } = worker.options;
  const client = new Client({ connection, namespace });
  const watch: Watch = { client, taskQueue, buildId, source, log, checked: new Map(), anew: new Map() };
  const over = new AbortController();
  void until.then(
    () => over.abort(),
    () => over.abort(),
  );
  while (!over.signal.aborted) {
    await lookAtAll(watch).catch((error: unknown) => {
      if (!over.signal.aborted) log.warn({ err: error }, 'could not look for rotations that another version has begun');
    });
    await sleep(INTERVAL_MS, undefined, { ref: false, signal: over.signal }).catch(() => undefined);
  }
}

async function lookAtAll(watch: Watch): Promise<void> {
  const { client, taskQueue, log, checked } = watch;
  const types = `'${WORKFLOW_TYPE}', '${ISSUER_WORKFLOW_TYPE}', '${WATCH_WORKFLOW_TYPE}'`;
  const queue = taskQueue.replaceAll(/['\\]/g, String.raw`\$&`);
  const query = `ExecutionStatus = 'Running' AND TaskQueue = '${queue}' AND WorkflowType IN (${types})`;
  const running = new Set<string>();
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    running.add(runId);
    await lookAt(watch, workflowId).catch((error: unknown) => {
      log.warn({ workflowId, err: error }, `could not look whether rotation ${workflowId} goes on with this version`);
    });
  }
  for (const runId of checked.keys()) if (!running.has(runId)) checked.delete(runId);
}

async function lookAt(watch: Watch, workflowId: string): Promise<void> {
  const { client, source, checked, buildId } = watch;
  const run = await factsOf(client, workflowId);
  if (!run || !deservesLook(run, { buildId, checkedLength: checked.get(run.runId) })) return;
  const history = await client.workflow.getHandle(workflowId, run.runId).fetchHistory();
  const resetTo = firstTask(history);
  if (resetTo === undefined) return;
  if (await replays(source, history, workflowId)) checked.set(run.runId, run.historyLength);
  else await startAnew(watch, { workflowId, runId: run.runId, resetTo });
}

async function factsOf(client: Client, workflowId: string): Promise<RunFacts | undefined> {
  const { status, runId, historyLength, raw } = await client.workflow.getHandle(workflowId).describe();
  if (status.name !== 'RUNNING') return undefined;
  return {
    runId,
    historyLength,
    attempt: raw.pendingWorkflowTask?.attempt ?? 0,
    buildId: raw.workflowExecutionInfo?.mostRecentWorkerVersionStamp?.buildId ?? undefined,
  };
}

/**
 * A run that fails, always; one that this very build has gone on with, never; one of another or an unknown build, once for
 * each length of its history.
 */
export function deservesLook(
  { attempt, buildId, historyLength }: RunFacts,
  known: { buildId: string | undefined; checkedLength: number | undefined },
): boolean {
  if (attempt >= FAILING) return true;
  if (buildId !== undefined && buildId === known.buildId) return false;
  return known.checkedLength !== historyLength;
}

type EventId = NonNullable<ReturnType<typeof firstTask>>;

async function startAnew(
  { client, log, anew }: Watch,
  { workflowId, runId, resetTo }: { workflowId: string; runId: string; resetTo: EventId },
): Promise<void> {
  const { times, notBefore } = anew.get(workflowId) ?? { times: 0, notBefore: 0 };
  if (Date.now() < notBefore) {
    log.warn({ workflowId }, `another version of the worker has taken rotation ${workflowId} again: end that worker`);
    return;
  }
  if ((await factsOf(client, workflowId))?.runId !== runId) return; // another worker was quicker
  const { runId: newRunId } = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: `${REASON}; it starts anew and adopts what is there`,
    workflowTaskFinishEventId: resetTo,
    requestId: `reroot-anew-${runId}`, // two workers at once: one reset
  });
  anew.set(workflowId, { times: times + 1, notBefore: Date.now() + PAUSE_MS * Math.min(2 ** times, LONGEST_PAUSE) });
  log.warn(
    { workflowId, runId, newRunId },
    `rotation ${workflowId} was ${REASON}; it starts anew and adopts what is there`,
  );
}
