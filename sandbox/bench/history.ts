import type { WorkflowHandle } from '@temporalio/client';

/** What a rotation has left in Temporal. */
export interface HistoryFigures {
  events: number;
  bytes: number;
  /** Of the biggest argument, result or heartbeat in it. */
  largestPayloadBytes: number;
  /** Every look at the whole mesh that came to its end, in their order. */
  looks: Look[];
  /** Every step, in the order of their ends. */
  steps: Look[];
}

export interface Look {
  /** With what the workflow says of it, where it says something. */
  activity: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  seconds: number;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

export async function historyFigures(handle: WorkflowHandle): Promise<HistoryFigures> {
  const [description, history] = [await handle.describe(), await handle.fetchHistory()];
  return {
    events: description.historyLength,
    bytes: description.historySize ?? 0,
    largestPayloadBytes: largestPayload(history),
    looks: looksIn(history),
    steps: stepsIn(history),
  };
}

/** Activities that read every proxy. */
const LOOKS: ReadonlySet<string> = new Set(['preflight', 'checkGate']);

export function looksIn(history: History): Look[] {
  return stepsIn(history).filter(({ activity }) => LOOKS.has(activity));
}

/** From the start of the attempt that succeeded to its end. */
export function stepsIn({ events }: History): Look[] {
  const names = new Map<number, string>();
  const started = new Map<number, { activity: string; at: number }>();
  return (events ?? []).flatMap((event) => {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: begun } = event;
    const completed = event.activityTaskCompletedEventAttributes;
    if (scheduled) names.set(Number(event.eventId), nameOf(event));
    if (begun)
      started.set(Number(event.eventId), {
        activity: names.get(Number(begun.scheduledEventId)) ?? '',
        at: timeOf(event),
      });
    const start = completed && started.get(Number(completed.startedEventId));
    if (!start) return [];
    return [{ activity: start.activity, startedAt: start.at, seconds: (timeOf(event) - start.at) / 1000 }];
  });
}

/** `reinject (retire linkerd)`: its type, and its summary. */
function nameOf({ activityTaskScheduledEventAttributes: scheduled, userMetadata }: Event): string {
  const type = scheduled?.activityType?.name ?? '';
  const { data } = userMetadata?.summary ?? {};
  return data ? `${type} (${Buffer.from(data).toString().replaceAll('"', '')})` : type;
}

function timeOf({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + Math.round((eventTime?.nanos ?? 0) / 1e6);
}

/** A payload is bytes with metadata, wherever it stands. */
export function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  const own = 'metadata' in value && 'data' in value && value.data instanceof Uint8Array ? value.data.length : 0;
  return Object.values(value).reduce<number>((most, each) => Math.max(most, largestPayload(each)), own);
}
