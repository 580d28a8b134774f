import { Heap } from 'heap-js';

/** How long something may last: what is usual, and what is to be reckoned with. */
export interface Span {
  /** Milliseconds. */
  fromMs: number;
  toMs: number;
}

export const NO_TIME: Span = { fromMs: 0, toMs: 0 };

export function span(fromMs: number, toMs: number): Span {
  return { fromMs, toMs };
}

/** One after the other. */
export function sum(spans: readonly Span[]): Span {
  return spans.reduce((total, { fromMs, toMs }) => span(total.fromMs + fromMs, total.toMs + toMs), NO_TIME);
}

export function times({ fromMs, toMs }: Span, count: number): Span {
  return span(fromMs * count, toMs * count);
}

/** In so many lanes, the next into the one that is free first: until the last is done. */
export function inLanes(spans: readonly Span[], lanes: number): Span {
  const lasts = (key: keyof Span): number => {
    const free = new Heap<number>();
    free.init(Array.from({ length: Math.max(1, Math.min(lanes, spans.length)) }, () => 0));
    let last = 0;
    for (const one of spans) {
      const until = (free.peek() ?? 0) + one[key];
      free.replace(until);
      last = Math.max(last, until);
    }
    return last;
  };
  return span(lasts('fromMs'), lasts('toMs'));
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Below this nobody counts seconds. */
const MOMENT_MS = 10 * SECOND_MS;
/** Each unit up to so many milliseconds, and what a number of it is rounded to. */
const UNITS = [
  { name: 's', ms: SECOND_MS, until: 90 * SECOND_MS, step: 5 },
  { name: 'min', ms: MINUTE_MS, until: 3 * HOUR_MS, step: 1 },
  { name: 'h', ms: HOUR_MS, until: 48 * HOUR_MS, step: 1 },
  { name: 'd', ms: 24 * HOUR_MS, until: Infinity, step: 1 },
] as const;

/** `4 to 9 min`, `30 s to 3 min`, `up to 2 min`, `about 17 h`, `a few seconds`: as exact as a prediction can be. */
export function spanText({ fromMs, toMs }: Span): string {
  if (toMs < MOMENT_MS) return 'a few seconds';
  const { name, ms, step } = unitOf(toMs);
  const to = `${Math.ceil(toMs / ms / step) * step} ${name}`;
  const from = floored(fromMs, unitOf(toMs)) || floored(fromMs, unitOf(fromMs));
  if (from === to) return `about ${to}`;
  return from ? `${from.replace(` ${name}`, '')} to ${to}` : `up to ${to}`;
}

type Unit = (typeof UNITS)[number];

function unitOf(milliseconds: number): Unit {
  return UNITS.find(({ until }) => milliseconds < until) ?? UNITS[3];
}

/** Empty: less than the least of it. */
function floored(milliseconds: number, { name, ms, step }: Unit): string {
  const count = Math.floor(milliseconds / ms / step) * step;
  return count > 0 ? `${count} ${name}` : '';
}
