import { html, type Html } from './html.js';

/** Times as people read them. The page is one for all who look at it, so its clock is UTC. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** Without a break between number and unit. */
const NBSP = '\u00A0';

const UNITS = [
  ['d', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', SECOND],
] as const;

/** `12 s`, `1 h 30 min`, `3 d 4 h`, `10 years`: at most two units. */
export function lasting(milliseconds: number): string {
  const whole = Math.round(Math.max(0, milliseconds) / SECOND) * SECOND;
  if (!Number.isFinite(whole)) return '?';
  if (whole >= 2 * YEAR) return `${Math.round((10 * whole) / YEAR) / 10}${NBSP}years`;
  if (whole >= 10 * DAY) return `${Math.floor(whole / DAY)}${NBSP}d`;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first < 0) return `0${NBSP}s`;
  let rest = whole;
  const parts = UNITS.slice(first, first + 2).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count}${NBSP}${unit}`] : [];
  });
  return parts.join(' ');
}

export function between(from: string, to: string | Date): number {
  return (to instanceof Date ? to.getTime() : Date.parse(to)) - Date.parse(from);
}

/** `17:33:01 UTC` of the same day, else `2026-11-30 17:33 UTC`. */
export function moment(iso: string, now: Date): Html {
  const date = dateOf(iso);
  if (!date) return html`${iso}`;
  const text = date.toISOString();
  const isToday = text.slice(0, 10) === now.toISOString().slice(0, 10);
  return timeElement(
    iso,
    isToday ? `${text.slice(11, 19)}${NBSP}UTC` : `${text.slice(0, 10)} ${text.slice(11, 16)}${NBSP}UTC`,
  );
}

/** `2026-11-30 17:33 UTC`, whatever day it is. */
export function stamp(iso: string): Html {
  return moment(iso, new Date(0));
}

/** `2026-11-30`. */
export function day(iso: string): Html {
  const date = dateOf(iso);
  return date ? timeElement(iso, date.toISOString().slice(0, 10)) : html`${iso}`;
}

/** `in 3 d 4 h`, `2 min ago`. */
export function away(iso: string, now: Date): string {
  const left = Date.parse(iso) - now.getTime();
  if (Number.isNaN(left)) return 'at an unknown time';
  return left > 0 ? `in ${lasting(left)}` : `${lasting(-left)} ago`;
}

function timeElement(iso: string, text: string): Html {
  return html`<time datetime="${iso}">${text}</time>`;
}

function dateOf(iso: string): Date | undefined {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
