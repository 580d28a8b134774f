import { ApplicationFailure, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { present } from '../../src/ground/present.js';
import { clear, raise } from '../../src/rotation/alerts.js';
import type { Alert, Waiting } from '../../src/rotation/status.js';
import { watchMarkdown, type WatchStatus } from '../../src/rotation/watch-status.js';
import { aheadOf, type WatchSettings } from '../../src/rotation/watch-input.js';
import { askedAbout, refuseRenewalApproval } from '../../src/rotation/watch-refusals.js';
import { now } from '../in-phase.js';
import { approveRenewal, lookNow, WATCH_HELP, watchStatus } from './messages.js';

/** A watch under way: what its parts share. */
export interface Watching {
  settings: WatchSettings;
  status: WatchStatus;
  /** How often anybody has said anything. */
  heard: number;
}

export function newWatchStatus(settings: WatchSettings): WatchStatus {
  const { cluster, every, onRenewal } = settings;
  const { workflowId } = workflowInfo();
  return {
    workflowId,
    cluster,
    startedAt: now(),
    every,
    onRenewal,
    notes: [],
    ...present({ ahead: aheadOf(settings) }),
  };
}

/** Registers every handler: before the first wait, so that no message comes too early. */
export function listen(watching: Watching): void {
  const { status } = watching;
  setHandler(watchStatus, () => status, { description: WATCH_HELP.status });
  setHandler(
    approveRenewal,
    ({ by, reason }) => {
      const root = askedAbout(status) ?? '';
      status.approval = { root, at: now(), ...(by ? { claimedBy: by } : {}), ...(reason ? { reason } : {}) };
      watching.heard += 1;
      return `approved: the rotation for root ${root.slice(0, 12)}`;
    },
    { validator: (args) => refuse(refuseRenewalApproval(args, status)), description: WATCH_HELP.approve },
  );
  setHandler(
    lookNow,
    () => {
      watching.heard += 1;
      return 'looking now';
    },
    { description: WATCH_HELP.retry },
  );
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'NotNow');
}

export function show({ status }: Watching): void {
  setCurrentDetails(watchMarkdown(status));
}

/** What is waited for, since it first was; undefined: nothing. */
export function waitFor(watching: Watching, waiting: Omit<Waiting, 'since'> | undefined): void {
  const { status } = watching;
  const { waiting: before } = status;
  if (!waiting) delete status.waiting;
  else {
    const goesOn = before?.kind === waiting.kind && before.for === waiting.for && before.on[0] === waiting.on[0];
    status.waiting = { ...waiting, since: goesOn ? before.since : now() };
  }
  show(watching);
}

/** Of these reasons the alerts that stand now, and no other. */
export function setAlerts(
  { status }: Watching,
  reasons: readonly string[],
  standing: readonly Omit<Alert, 'since'>[],
): void {
  for (const reason of reasons) if (!standing.some((alert) => alert.reason === reason)) clear(status, reason);
  for (const alert of standing) raise(status, alert, now());
}
