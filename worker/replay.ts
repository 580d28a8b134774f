import { ReplayError, Worker } from '@temporalio/worker';
import type { History } from '@temporalio/common/lib/proto-utils.js';

/** Where this version's workflow code is: what a worker runs, and what histories are replayed with. */
export type WorkflowSource = { workflowBundle: { codePath: string } } | { workflowsPath: string };

/** What this version's workflow code makes of a history. */
export type Verdict =
  | { kind: 'continues' }
  /** It would have sent other commands: the history is another version's. */
  | { kind: 'differs'; message: string }
  /** It throws on the way: it cannot read what the history says, or it has a fault. */
  | { kind: 'fails'; message: string };

/** How the SDK's message begins where workflow code threw; its other replay errors are its own. */
const CODE_THREW = 'Replay failed due workflow task failure';

/**
 * Replays a history as far as it goes; nothing of it reaches the server.
 * @throws Error when the SDK could not replay it, which says nothing about the history
 */
export async function judgeHistory(source: WorkflowSource, history: unknown, workflowId: string): Promise<Verdict> {
  try {
    await Worker.runReplayHistory(source, history, workflowId);
    return { kind: 'continues' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { name, message } = error;
    if (name === 'DeterminismViolationError') return { kind: 'differs', message };
    if (error instanceof ReplayError && message.startsWith(CODE_THREW)) return { kind: 'fails', message };
    throw error;
  }
}

/** The event that a run is reset to for it to start anew with the same input; undefined when it has hardly begun. */
export function firstTask({ events }: History) {
  return events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId ?? undefined;
}
