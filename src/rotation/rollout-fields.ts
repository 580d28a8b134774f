import { Cron } from 'croner';
import { z } from 'zod';
import { COUNTS, durationWithin, listOf, shown, waivable } from './input-fields.js';

/** The fields of `rollout` that say how gently, and when. */

/** How many stragglers a rollout goes on with: so many, or so much of what it rolls. */
export type StragglerLimit = { count: number } | { percent: number };

/** What the input has when it says nothing. */
export const DEFAULT_STRAGGLER_LIMIT = '10%';
export const DEFAULT_CANARY = 'eachNamespace';

const [FEWEST, MOST] = COUNTS['rollout.maxStragglers'];
const A_LIMIT = `is not a whole number from ${FEWEST} to ${MOST}, nor a text from "0%" to "100%"`;

/** `3`, or `"10%"`. */
export const stragglerLimit = z
  .union([z.number(), z.string()], { error: (issue) => `${shown(issue.input)} ${A_LIMIT}` })
  .transform((value, context): StragglerLimit => {
    const limit = readLimit(value);
    if (limit) return limit;
    context.issues.push({ code: 'custom', input: value, message: `${shown(value)} ${A_LIMIT}` });
    return z.NEVER;
  });

/** Undefined: it is no limit. */
export function readLimit(value: number | string): StragglerLimit | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= FEWEST && value <= MOST ? { count: value } : undefined;
  const percent = /^(\d{1,3})%$/.exec(value)?.[1];
  return percent !== undefined && Number(percent) <= 100 ? { percent: Number(percent) } : undefined;
}

const named = listOf(waivable, 'rollout.canary').min(COUNTS['rollout.canary'][0], {
  error: 'is an empty list: say "none" for no canary',
});

/** `eachNamespace`, `none`, or a list of namespaces and workloads. */
export const canaries = z
  .union([z.enum(['eachNamespace', 'none']), z.array(z.string())], {
    error: (issue) =>
      `${shown(issue.input)} is not eachNamespace, none, or a list of \`namespace\` and \`namespace/Kind/name\``,
  })
  .transform((value, context) => {
    if (typeof value === 'string') return value;
    const read = named.safeParse(value);
    if (read.success) return read.data;
    for (const { path, message } of read.error.issues)
      context.issues.push({ code: 'custom', input: value, path, message });
    return z.NEVER;
  });

/** What a window's `for` may be; docs/input.md says the same. */
export const WINDOW_FOR = ['1m', '7d'] as const;

const FIELDS_OF_CRON = 5;
const LONGEST_CRON = 100;
const LONGEST_TIME_ZONE = 64;
/** Any time will do: a cron expression that has no time after it has none at all. */
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

const cron = z.string().superRefine((text, context) => {
  const problem = cronProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: `${shown(text)} ${problem}` });
});

/** crontab(5) in UTC; names of days and months, too. */
function cronProblem(text: string): string | undefined {
  const isLong = text.length > LONGEST_CRON;
  if (isLong || text.trim().split(/\s+/).length !== FIELDS_OF_CRON)
    return 'is not a cron expression of five fields (minute, hour, day of the month, month, day of the week), such as "0 22 * * sun-thu"';
  try {
    const next = new Cron(text, { mode: '5-part', timezone: 'UTC', paused: true }).nextRun(LONG_AGO);
    return next ? undefined : 'never comes';
  } catch (error) {
    return `is no cron expression: ${(error as Error).message.replace('CronPattern: ', '')}`;
  }
}

const timeZone = z.string().refine(isTimeZone, {
  error: (issue) =>
    `${shown(issue.input)} is not the name of a time zone that the worker knows, such as "Europe/Berlin" or "UTC"`,
});

function isTimeZone(name: string): boolean {
  if (name.length > LONGEST_TIME_ZONE || !/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** When forced rollouts may begin: from each time of `cron`, in its time zone, for so long. */
export const rolloutWindow = z.strictObject({
  cron,
  timeZone: timeZone.default('UTC'),
  for: durationWithin(WINDOW_FOR),
});

/** The same as a rotation has it: `for` in milliseconds. */
export type RolloutWindow = z.output<typeof rolloutWindow>;
