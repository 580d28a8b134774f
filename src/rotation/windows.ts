import { Cron } from 'croner';
import type { RolloutWindow } from './rollout-fields.js';

/** Whether forced rollouts may begin at a time, and until or from when. */
export type WindowState =
  | {
      open: true;
      /** When it closes, windows that follow without a gap taken together; undefined: never. */
      until: Date | undefined;
    }
  | {
      open: false;
      opens: Date;
      /** Of the window that opens then. */
      timeZone: string;
    };

/** Windows without a gap are followed this far; after that there is still time to ask again. */
const MOST_FOLLOWED = 500;
const SECOND_MS = 1000;

/** Whether a window is open now. Without windows it is always open. */
export function windowAt(windows: readonly RolloutWindow[], now: Date): WindowState {
  const until = closing(windows, now);
  if (until) return { open: true, until };
  const [next] = windows
    .flatMap((window) => {
      const opens = cronOf(window).nextRun(now);
      return opens ? [{ open: false as const, opens, timeZone: window.timeZone }] : [];
    })
    .toSorted((a, b) => a.opens.getTime() - b.opens.getTime());
  return next ?? { open: true, until: undefined };
}

/** When what is open now closes; undefined: nothing is open. */
function closing(windows: readonly RolloutWindow[], now: Date): Date | undefined {
  let until = now;
  for (let followed = 0; followed < MOST_FOLLOWED; followed += 1) {
    const later = lastEnd(windows, until);
    if (later <= until) break;
    until = later;
  }
  return until > now ? until : undefined;
}

/** The last end of a window that has opened by then. */
function lastEnd(windows: readonly RolloutWindow[], by: Date): Date {
  const ends = windows.flatMap((window) => {
    const [opened] = cronOf(window).previousRuns(1, new Date(by.getTime() + SECOND_MS)); // those before it
    return opened ? [opened.getTime() + window.for] : [];
  });
  return new Date(Math.max(...ends, by.getTime()));
}

const DAY_MS = 86_400_000;
/** Most windows come again every week. */
const LOOKED_AHEAD_MS = 8 * DAY_MS;

/** Milliseconds for which none is open, at the longest, in the days to come; 0 without windows. */
export function longestClosed(windows: readonly RolloutWindow[], from: Date): number {
  const end = from.getTime() + LOOKED_AHEAD_MS;
  let longest = 0;
  for (let at = from; at.getTime() < end;) {
    const state = windowAt(windows, at);
    if (!state.open) longest = Math.max(longest, state.opens.getTime() - at.getTime());
    const next = state.open ? state.until : state.opens;
    if (!next) break;
    at = next;
  }
  return longest;
}

function cronOf({ cron, timeZone }: RolloutWindow): Cron {
  return new Cron(cron, { mode: '5-part', timezone: timeZone, paused: true });
}

/** When a window opens, for people: on the clock of its own time zone, too. */
export function opensText({ opens, timeZone }: Extract<WindowState, { open: false }>): string {
  const there = new Intl.DateTimeFormat('en-GB', {
    ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
    timeZone,
  });
  return `${opens.toISOString()} (${there.format(opens)} ${timeZone})`;
}
