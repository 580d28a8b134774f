import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import type { GatedPhase } from '../src/rotation/phases.js';
import type { RotationStatus } from '../src/rotation/status.js';

/** Names of the workflow and its messages; the UI, HTTP and the CLI use the same. */

export interface ApproveArgs {
  /** The plan's hash as `status` shows it; at least its first 8 characters. */
  planHash: string;
  by?: string;
  reason?: string;
}

export interface PauseArgs {
  reason?: string;
}

export interface AbortArgs {
  by?: string;
  reason?: string;
}

export interface WaiveArgs {
  /** `namespace`, `namespace/Kind/name`, or `namespace/Pod/name`. */
  subject: string;
  reason: string;
  by?: string;
  /** The gate to open; default: none, its rollout alone is not waited for. */
  gate?: GatedPhase | 'rollout';
}

export interface UnwaiveArgs {
  subject: string;
  by?: string;
}

export interface StrategyArgs {
  /** What is waited for now is rolled instead. */
  leafRenewal?: 'roll';
  pace?: 'forced';
}

/** What every update answers: a sentence for the person who sent it. */
export type Reply = string;

export const approve: UpdateDefinition<Reply, [ApproveArgs]> = defineUpdate('approve');
export const pause: UpdateDefinition<Reply, [PauseArgs?]> = defineUpdate('pause');
export const resume: UpdateDefinition<Reply> = defineUpdate('resume');
export const retry: UpdateDefinition<Reply> = defineUpdate('retry');
export const waive: UpdateDefinition<Reply, [WaiveArgs]> = defineUpdate('waive');
export const unwaive: UpdateDefinition<Reply, [UnwaiveArgs]> = defineUpdate('unwaive');
export const abort: UpdateDefinition<Reply, [AbortArgs?]> = defineUpdate('abort');
export const strategy: UpdateDefinition<Reply, [StrategyArgs]> = defineUpdate('strategy');
export const status: QueryDefinition<RotationStatus> = defineQuery('status');

/** What the Temporal UI says of each message. */
export const HELP = {
  status: 'Where the rotation stands and what it waits for',
  approve: 'Approves the plan shown: {"planHash": "…", "by": "you", "reason": "…"}',
  pause: 'Begins nothing new until `resume`: {"reason": "…"}',
  resume: 'Goes on after a pause',
  retry: 'Looks again, and rolls once more what rolled out but still falls short',
  waive:
    'Waits no longer for the rollout of a workload or namespace: {"subject": "namespace/Kind/name", "reason": "…", "by": "you"}. With "gate": "trust" (the phase) its proxies need not pass that gate, and may be refused from then on',
  unwaive: 'Takes a waiver back: {"subject": "namespace/Kind/name", "by": "you"}',
  abort:
    'Goes back to the certificates of the start, while the root of the start is still trusted: {"reason": "…", "by": "you"}',
  strategy:
    'Rolls what is waited for now: {"leafRenewal": "roll"}, or {"pace": "forced"} in an organic rollout or before a window',
} as const;
