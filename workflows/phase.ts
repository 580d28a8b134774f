import { log, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Phase } from '../src/rotation/phases.js';
import { type RotationStatus, statusMarkdown } from '../src/rotation/status.js';

const CLUSTER_ATTRIBUTE = defineSearchAttributeKey('RerootCluster', SearchAttributeType.KEYWORD);
const PHASE_ATTRIBUTE = defineSearchAttributeKey('RerootPhase', SearchAttributeType.KEYWORD);

export async function inPhase<T>(status: RotationStatus, phase: Phase, work: () => Promise<T>): Promise<T> {
  const progress = status.phases.find((candidate) => candidate.phase === phase);
  status.phase = phase;
  if (progress) Object.assign(progress, { state: 'running', startedAt: now() });
  upsertSearchAttributes([
    { key: CLUSTER_ATTRIBUTE, value: status.cluster },
    { key: PHASE_ATTRIBUTE, value: phase },
  ]);
  setCurrentDetails(statusMarkdown(status));
  log.info('phase begins', { phase });
  const result = await work();
  if (progress) Object.assign(progress, { state: 'done', finishedAt: now() });
  return result;
}

export function now(): string {
  return new Date().toISOString();
}
