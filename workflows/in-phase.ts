import {
  log,
  patched,
  proxyLocalActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { courseOf } from '../src/rotation/courses/index.js';
import type { RotationRequest } from '../src/rotation/input.js';
import type { Phase } from '../src/rotation/phases.js';
import { phasesOf, type RotationStatus, statusMarkdown } from '../src/rotation/status.js';
import { startedByWatch, startedText } from '../src/rotation/watch-start.js';
import type { FrontActivities } from '../src/temporal/names.js';

/** Where a rotation stands: in its status, in the Temporal UI's details, and as search attributes. */

const CLUSTER_ATTRIBUTE = defineSearchAttributeKey('RerootCluster', SearchAttributeType.KEYWORD);
const PHASE_ATTRIBUTE = defineSearchAttributeKey('RerootPhase', SearchAttributeType.KEYWORD);

/** Whether the Temporal namespace knows these, by rotation: asked once a run, and written into its history. */
const known = new WeakMap<RotationStatus, boolean>();
/** Histories of reroot 0.4 and earlier have no answer: their workers did not start where the attributes were missing. */
const ASKED = 'search-attributes-asked';
/** One that fails is tried again within the worker. */
const ANSWER = { startToCloseTimeout: '10s' } as const;

export function newStatus({ settings, course: ref }: RotationRequest): RotationStatus {
  const course = courseOf(ref);
  const { workflowId, memo } = workflowInfo();
  const started = startedByWatch(memo);
  return {
    workflowId,
    cluster: settings.cluster,
    strategy: course.strategy,
    phase: 'preflight',
    outcome: 'running',
    pastPointOfNoReturn: false,
    startedAt: now(),
    phases: phasesOf(course).map((phase) => ({ phase, state: 'pending' })),
    namespaces: [],
    stragglers: [],
    waivers: [...settings.waive],
    approvals: [],
    notes: started ? [startedText(started)] : [],
  };
}

export async function inPhase<T>(status: RotationStatus, phase: Phase, work: () => Promise<T>): Promise<T> {
  const progress = status.phases.find((candidate) => candidate.phase === phase);
  status.phase = phase;
  if (progress) Object.assign(progress, { state: 'running', startedAt: progress.startedAt ?? now() });
  if (!known.has(status)) known.set(status, patched(ASKED) ? await askWorker() : true);
  if (known.get(status)) {
    upsertSearchAttributes([
      { key: CLUSTER_ATTRIBUTE, value: status.cluster },
      { key: PHASE_ATTRIBUTE, value: phase },
    ]);
  }
  showDetails(status);
  log.info('phase begins', { phase });
  const result = await work();
  if (progress) Object.assign(progress, { state: 'done', finishedAt: now() });
  return result;
}

/** Lets a workflow that is no rotation be found by its cluster, where the Temporal namespace knows the search attributes. */
export async function findable(cluster: string, phase: 'watch'): Promise<void> {
  if (!(await askWorker())) return;
  upsertSearchAttributes([
    { key: CLUSTER_ATTRIBUTE, value: cluster },
    { key: PHASE_ATTRIBUTE, value: phase },
  ]);
}

async function askWorker(): Promise<boolean> {
  return await proxyLocalActivities<FrontActivities>(ANSWER).knowsSearchAttributes();
}

/** How many workers there are for the steps of a cluster, as far as the worker of this workflow can tell. */
export async function countWorkers(cluster: string): Promise<number> {
  return await proxyLocalActivities<FrontActivities>(ANSWER).countWorkers(cluster);
}

export function showDetails(status: RotationStatus): void {
  setCurrentDetails(statusMarkdown(status));
}

export function now(): string {
  return new Date().toISOString();
}
