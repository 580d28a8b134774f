import { Cron } from 'croner';
import type { ScheduleSpec } from '@temporalio/client';
import { parseDuration } from '../../ground/duration.js';

/** When a Schedule looks. */
export interface Times {
  spec: ScheduleSpec;
  /** For people, who read it wherever the Schedule is shown: `daily at 03:00 UTC`. */
  text: string;
}

/** What flags say of it; of `at`, `every` and `cron` one. */
export interface GivenTimes {
  /** `03:00`. */
  at?: string;
  /** IANA name. */
  timeZone?: string;
  /** A duration. */
  every?: string;
  /** Five fields. */
  cron?: string;
}

export type TimesResult = { ok: true; times: Times } | { ok: false; problems: string[] };

const DAILY = '03:00';
const UTC = 'UTC';

/** Reads them; everything that is wrong at once. */
export function readTimes(given: GivenTimes): TimesResult {
  const { at, every, cron } = given;
  const several = Object.entries({ at, every, cron }).filter(([, value]) => value !== undefined);
  const tooMany = several.length > 1 ? [`${several.map(([name]) => `--${name}`).join(', ')}: say one of them`] : [];
  const hasNone = given.timeZone !== undefined && every !== undefined;
  const clock = hasNone ? ['--time-zone: an interval has none; it goes with --at or --cron'] : [];
  const problems = [...tooMany, ...clock, ...FORMS.flatMap((form) => misfit(form, given))];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, times: timesOf(given) };
}

interface Form {
  of: keyof GivenTimes;
  flag: string;
  isFit(text: string): boolean;
  is: string;
}

const FORMS: readonly Form[] = [
  { of: 'timeZone', flag: '--time-zone', isFit: isTimeZone, is: 'an IANA time zone such as Europe/Berlin' },
  { of: 'at', flag: '--at', isFit: (text) => clockOf(text) !== undefined, is: 'a time such as 03:00' },
  { of: 'every', flag: '--every', isFit: (text) => intervalOf(text) !== undefined, is: 'an interval such as 6h' },
  { of: 'cron', flag: '--cron', isFit: isCron, is: 'five fields of cron such as "0 6 * * *"' },
];

function misfit({ of, flag, isFit, is }: Form, { [of]: text }: GivenTimes): string[] {
  return text === undefined || isFit(text) ? [] : [`${flag}: ${JSON.stringify(text)} is not ${is}`];
}

function timesOf({ at = DAILY, every, cron, timeZone = UTC }: GivenTimes): Times {
  if (every !== undefined) return intervalTimes(every);
  if (cron !== undefined) return cronTimes(cron, timeZone);
  return { spec: { calendars: [clockOf(at) ?? {}], timezone: timeZone }, text: `daily at ${at} ${timeZone}` };
}

/** An interval (`6h`), or five fields of cron; undefined: neither. */
export function timesFrom(when: string): Times | undefined {
  if (intervalOf(when)) return intervalTimes(when);
  return isCron(when.trim()) ? cronTimes(when.trim(), UTC) : undefined;
}

function intervalTimes(every: string): Times {
  return { spec: { intervals: [{ every: intervalOf(every) ?? 0 }] }, text: `every ${every}` };
}

function cronTimes(cron: string, timeZone: string): Times {
  const timezone = timeZone === UTC ? {} : { timezone: timeZone };
  return { spec: { cronExpressions: [cron], ...timezone }, text: `at "${cron}" ${timeZone}` };
}

/** Milliseconds; undefined: no duration, or less than Temporal takes. */
function intervalOf(text: string): number | undefined {
  const every = parseDuration(text);
  return every !== undefined && every >= 1000 ? every : undefined;
}

function clockOf(text: string): { hour: number; minute: number } | undefined {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59) return undefined;
  return { hour: Number(hour), minute: Number(minute) };
}

function isCron(text: string): boolean {
  try {
    return new Cron(text, { mode: '5-part', paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
