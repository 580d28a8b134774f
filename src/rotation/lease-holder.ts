/** Whether the holder of the Lease still runs: decided from what its Temporal server says of it. */

/** An execution as the server describes it. */
export interface Execution {
  /** As the Temporal SDK spells it. */
  status: string;
  /** The first run of its chain; absent where an old server does not say. */
  firstRunId?: string;
}

export interface HolderAnswers {
  /** The Lease names the very Temporal namespace that was asked: whom that does not know has ended. */
  sameNamespace: boolean;
  /** The newest execution of the holder's workflow id; absent: there is none. */
  newest?: Execution;
  /** The server knows the holder's first run itself. */
  firstIsKnown: boolean;
}

/** - `unknown`: it cannot be told from here. Whoever decides takes it for `alive`. */
export type HolderState = 'alive' | 'closed' | 'unknown';

/** How a workflow can have ended. Every other status is alive: RUNNING, PAUSED, and what servers of tomorrow add. */
const CLOSED: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

export function isClosed(status: string): boolean {
  return CLOSED.includes(status);
}

/** A workflow id has one open execution at a time: when the newest is of another chain, the holder's has ended. */
export function holderState(runId: string, { sameNamespace, newest, firstIsKnown }: HolderAnswers): HolderState {
  const isHolder = newest?.firstRunId === runId;
  const mayBeHolder = isHolder || (newest && newest.firstRunId === undefined);
  if (newest && mayBeHolder && !isClosed(newest.status)) return 'alive';
  return sameNamespace || isHolder || firstIsKnown ? 'closed' : 'unknown';
}
