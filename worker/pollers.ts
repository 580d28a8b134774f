import type { NativeConnection } from '@temporalio/worker';

/** TaskQueueType of temporal.api.enums.v1: of activities. */
const STEPS = 2;
/** A worker that is alive polls again after a minute at most; Temporal remembers one that is dead for longer. */
const RECENT_MS = 90_000;

/** How many workers poll a queue for steps, as far as Temporal knows: processes, by the name that each gives itself. */
export async function countPollers(connection: NativeConnection, namespace: string, queue: string): Promise<number> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: STEPS,
  });
  const recent = pollers.filter(({ lastAccessTime }) => {
    return Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < RECENT_MS;
  });
  return new Set(recent.map(({ identity }) => identity)).size;
}
