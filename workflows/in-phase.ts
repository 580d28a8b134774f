import { log, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { courseOf } from '../src/rotation/courses/index.js';
import type { RotationRequest } from '../src/rotation/input.js';
import type { Phase } from '../src/rotation/phases.js';
import { phasesOf, type RotationStatus, statusMarkdown } from '../src/rotation/status.js';

/** Where a rotation stands: in its status, in the Temporal UI's details, and as search attributes. */

const CLUSTER_ATTRIBUTE = defineSearchAttributeKey('RerootCluster', SearchAttributeType.KEYWORD);
const PHASE_ATTRIBUTE = defineSearchAttributeKey('RerootPhase', SearchAttributeType.KEYWORD);

export function newStatus({ settings, course: ref }: RotationRequest): RotationStatus {
  const course = courseOf(ref);
  return {
    workflowId: workflowInfo().workflowId,
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
    notes: [],
  };
}

export async function inPhase<T>(status: RotationStatus, phase: Phase, work: () => Promise<T>): Promise<T> {
  const progress = status.phases.find((candidate) => candidate.phase === phase);
  status.phase = phase;
  if (progress) Object.assign(progress, { state: 'running', startedAt: progress.startedAt ?? now() });
  upsertSearchAttributes([
    { key: CLUSTER_ATTRIBUTE, value: status.cluster },
    { key: PHASE_ATTRIBUTE, value: phase },
  ]);
  showDetails(status);
  log.info('phase begins', { phase });
  const result = await work();
  if (progress) Object.assign(progress, { state: 'done', finishedAt: now() });
  return result;
}

export function showDetails(status: RotationStatus): void {
  setCurrentDetails(statusMarkdown(status));
}

export function now(): string {
  return new Date().toISOString();
}
