import { Worker } from '@temporalio/worker';
import type { History } from '@temporalio/common/lib/proto-utils.js';

/** Where this version's workflow code is: what a worker runs, and what histories are replayed with. */
export type WorkflowSource = { workflowBundle: { codePath: string } } | { workflowsPath: string };

/**
 * Whether this version's workflow code sends the commands that a history says were sent, as far as it goes. Nothing of the
 * replay reaches the server.
 * @throws Error when the replay failed otherwise, which does not say that the history is another version's
 */
export async function replays(source: WorkflowSource, history: unknown, workflowId: string): Promise<boolean> {
  try {
    await Worker.runReplayHistory(source, history, workflowId);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'DeterminismViolationError') return false;
    throw error;
  }
}

/** The event that a run is reset to for it to start anew with the same input; undefined when it has hardly begun. */
export function firstTask({ events }: History) {
  return events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId ?? undefined;
}
