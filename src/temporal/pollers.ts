import type { WorkflowService } from '@temporalio/client';

/** The workers that poll a task queue, as far as Temporal knows. */

/** TaskQueueType of temporal.api.enums.v1. */
export const WORKFLOWS = 1;
export const STEPS = 2;

/** A worker that is alive polls again after a minute at most; Temporal remembers one that is dead for longer. */
export const RECENT_MS = 90_000;

export interface Poller {
  /** A process, by the name that it gives itself. */
  identity: string;
  /** Milliseconds since 1970. */
  polledAt: number;
}

/** @throws ServiceError when the server does not answer, or refuses */
export async function pollersOf(
  service: WorkflowService,
  { namespace, queue, type }: { namespace: string; queue: string; type: typeof WORKFLOWS | typeof STEPS },
): Promise<Poller[]> {
  const request = { namespace, taskQueue: { name: queue }, taskQueueType: type };
  const { pollers } = await service.describeTaskQueue(request);
  return pollers.map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    polledAt: dateOf(lastAccessTime)?.getTime() ?? 0,
  }));
}

interface Timestamp {
  seconds?: { toString(): string } | null;
  nanos?: number | null;
}

/** A timestamp of Temporal's API; its seconds are 64 bits wide. */
export function dateOf(timestamp: Timestamp | null | undefined): Date | undefined {
  return timestamp ? new Date(Number(String(timestamp.seconds ?? 0)) * 1000 + (timestamp.nanos ?? 0) / 1e6) : undefined;
}
