import { formatDuration } from '../../ground/duration.js';

/** `2026-01-15`. */
export function day(iso: string): string {
  return iso.slice(0, 10);
}

/** A moment that somebody has to act before: `2026-01-15 10:00 UTC (in 6d2h)`. */
export function moment(iso: string, now: Date): string {
  const left = Date.parse(iso) - now.getTime();
  const away = left >= 0 ? `in ${formatDuration(left)}` : `${formatDuration(-left)} ago`;
  return `${iso.slice(0, 16).replace('T', ' ')} UTC (${away})`;
}

/** When the leaves of a mesh end, unless somebody acts. */
export function leavesEnd(iso: string, now: Date): string {
  return `leaves ${Date.parse(iso) >= now.getTime() ? 'end' : 'ended'} at ${moment(iso, now)}`;
}
