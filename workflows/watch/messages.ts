import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import type { WatchStatus } from '../../src/rotation/watch-status.js';
import type { Reply } from '../messages.js';

/** Names of the watch's messages; the UI, HTTP and the CLI use the same. */

export interface ApproveRenewalArgs {
  /** Fingerprint of the root that has renewed itself, as `status` shows it; at least its first 8 characters. */
  root: string;
  by?: string;
  reason?: string;
}

export const watchStatus: QueryDefinition<WatchStatus> = defineQuery('status');
export const approveRenewal: UpdateDefinition<Reply, [ApproveRenewalArgs]> = defineUpdate('approve');
export const lookNow: UpdateDefinition<Reply> = defineUpdate('retry');

/** What the Temporal UI says of each. */
export const WATCH_HELP = {
  status: 'What the watch has seen last, and what it waits for',
  approve: 'Begins the rotation to the root that has renewed itself: {"root": "…", "by": "you", "reason": "…"}',
  retry: 'Looks now',
} as const;
