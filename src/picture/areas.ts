import { type Counts, HOLDINGS, type Holding, type Sample } from '../rotation/census.js';
import { IN_ORDER } from './words.js';

/** The geometry of stacked areas over real time, in parts of the whole: 0 is left and top, 1 is right and bottom. Pure. */

export interface Window {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

export interface Layer {
  holding: Holding;
  /** Of an SVG path in a box of 1 by 1: from the bottom up to this holding, what is below it included. */
  path: string;
}

/** From the first sample to the last one, and to `until` where that is later. */
export function windowOf(timeline: readonly Sample[], until?: Date): Window {
  const times = timeline.map(({ at }) => Date.parse(at));
  const from = Math.min(...times);
  const to = Math.max(...times, until?.getTime() ?? -Infinity);
  return { from, to: Math.max(to, from + 1000) };
}

export function partOf({ from, to }: Window, at: number): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

export function totalOf(counts: Counts): number {
  return HOLDINGS.reduce((sum, holding) => sum + counts[holding], 0);
}

export function highest(timeline: readonly Sample[], of: 'trusts' | 'presents'): number {
  return Math.max(1, ...timeline.map((sample) => totalOf(sample[of])));
}

/**
 * Each holding that occurs, the top one first: whoever paints them in this order covers each by the next, and no seam is left
 * between two of them. The new root is at the bottom, so that it is seen to rise.
 */
export function layers(timeline: readonly Sample[], of: 'trusts' | 'presents', within: Window): Layer[] {
  const order = HOLDINGS.filter((holding) => timeline.some((sample) => sample[of][holding] > 0));
  const fromTop = TOP_FIRST.filter((holding) => order.includes(holding));
  const most = highest(timeline, of);
  return fromTop.map((holding, index) => {
    const below = fromTop.slice(index);
    const points = timeline.map((sample): Point => {
      const height = below.reduce((sum, one) => sum + sample[of][one], 0);
      return [partOf(within, Date.parse(sample.at)), 1 - height / most];
    });
    return { holding, path: areaUnder(stretched(points)) };
  });
}

const TOP_FIRST: readonly Holding[] = IN_ORDER.toReversed();

type Point = readonly [number, number];

/** To the right edge, with what was seen last; one sample alone is a level from the left. */
function stretched(points: readonly Point[]): Point[] {
  const last = points.at(-1);
  return last ? [...points, [1, last[1]]] : [];
}

function areaUnder(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (!first) return '';
  const to = ([x, y]: Point) => `${rounded(x)} ${rounded(y)}`;
  return `M${rounded(first[0])} 1L${to(first)}${others.map((point) => `L${to(point)}`).join('')}L1 1Z`;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Distances of ticks that people count in. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28].map((count) => count * DAY),
];

export interface Tick {
  part: number;
  label: string;
}

/** Round counts between none and all, and how many all are; none of them so close to another that their words touch. */
export function levels(most: number): number[] {
  const size = 10 ** Math.floor(Math.log10(most));
  const step =
    [size / 10, size / 5, size / 2, size, size * 2, size * 5].find((one) => one >= 1 && most / one <= 4) ?? most;
  const between = Array.from({ length: Math.floor(most / step) }, (_, index) => (index + 1) * step);
  return [0, ...between.filter((level) => level <= most - step / 2), most];
}

/** Round times of the clock (UTC), at most `most` of them. */
export function ticks(within: Window, most = 6): Tick[] {
  const length = within.to - within.from;
  const step = STEPS.find((one) => length / one <= most) ?? Math.ceil(length / most / DAY) * DAY;
  const found: Tick[] = [];
  for (let at = Math.ceil(within.from / step) * step; at <= within.to; at += step)
    found.push({ part: partOf(within, at), label: labelOf(at, step) });
  return found;
}

function labelOf(at: number, step: number): string {
  const text = new Date(at).toISOString();
  if (step >= DAY) return text.slice(5, 10);
  if (step < MINUTE) return text.slice(11, 19);
  return at % DAY === 0 ? text.slice(5, 10) : text.slice(11, 16);
}

export interface Boundary {
  phase: string;
  part: number;
  /** Until the next one. */
  width: number;
}

/** Where each phase begins: as the samples say it, between the last one of the phase before and the first of this one. */
export function boundaries(timeline: readonly Sample[], within: Window): Boundary[] {
  const begun = timeline.filter(
    (sample, index) => sample.phase !== undefined && sample.phase !== timeline[index - 1]?.phase,
  );
  const parts = begun.map(({ at }) => partOf(within, Date.parse(at)));
  return begun.map(({ phase = '' }, index) => {
    const part = parts[index] ?? 0;
    return { phase, part, width: (parts[index + 1] ?? 1) - part };
  });
}
