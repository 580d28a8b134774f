/** Durations as people write them in the input: `90s`, `10m`, `1h30m`, `14d`, `10y`. */

const SECOND = 1000;
const UNITS = {
  ms: 1,
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
  w: 7 * 86_400 * SECOND,
  /** 365 days: what certificate tools mean by a year. */
  y: 365 * 86_400 * SECOND,
} as const;

const PART = /(\d+)(ms|s|m|h|d|w|y)/g;
const WHOLE = /^(\d+(ms|s|m|h|d|w|y))+$/;

/** Milliseconds, or undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNITS[unit as keyof typeof UNITS];
  return total;
}

/** The shortest exact text for a number of milliseconds, in at most two units: `1h30m`, `45s`, `2d`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.max(0, Math.round(milliseconds))}ms`;
  let rest = Math.round(milliseconds / SECOND);
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount}${unit}`);
  }
  return parts.slice(0, 2).join('');
}
