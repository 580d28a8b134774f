import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import type { Waiver } from '../src/rotation/findings.js';
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
export const waive: UpdateDefinition<Reply, [Waiver]> = defineUpdate('waive');
export const abort: UpdateDefinition<Reply, [AbortArgs?]> = defineUpdate('abort');
export const strategy: UpdateDefinition<Reply, [StrategyArgs]> = defineUpdate('strategy');
export const status: QueryDefinition<RotationStatus> = defineQuery('status');
