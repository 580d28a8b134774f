import { z } from 'zod';
import { formatDuration, parseDuration } from '../ground/duration.js';
import { LONGEST_NAME, plain } from '../ground/plain.js';
import { LONGEST_BRIDGE_MS } from './bridge-life.js';
import { LONGEST_WAIVABLE, WAIVABLE } from './findings.js';
import { textProblem } from './said-text.js';

/** The fields of the input, each with its bounds: what is wrong is said with the value and the bound. */

/** What each duration may be, from the least to the most; docs/input.md says the same. */
export const DURATIONS = {
  'root.validity': ['2d', '50y'],
  'issuer.validity': ['2d', '50y'],
  'bridge.validity': ['1s', formatDuration(LONGEST_BRIDGE_MS)],
  'rollout.deadline': ['1s', '60d'],
  'rollout.stuckAfter': ['1s', '7d'],
  'timing.poll': ['50ms', '10m'],
  'timing.issuerEvent': ['1s', '1h'],
} as const satisfies Record<string, readonly [string, string]>;

/** How many there may be of each; docs/input.md says the same. */
export const COUNTS = {
  'rollout.pods': [1, 100_000],
  'rollout.namespaces': [1, 50],
  'rollout.workloads': [1, 100],
  'rollout.maxStragglers': [0, 10_000],
  'rollout.canary': [1, 500],
  'rollout.windows': [0, 20],
  'rollout.first': [0, 500],
  'rollout.last': [0, 500],
  waive: [0, 100],
} as const satisfies Record<string, readonly [number, number]>;

/** Characters of a label of DNS: a namespace's name is one. */
const LONGEST_LABEL = 63;
/** Characters of a duration. */
const LONGEST_DURATION = 40;

/** A value as a message shows it. */
export function shown(value: unknown): string {
  return plain(JSON.stringify(value) ?? 'nothing', 100);
}

/** A text such as `10m`, read once: what comes out is milliseconds. */
export function duration(field: keyof typeof DURATIONS) {
  return durationWithin(DURATIONS[field]);
}

/** Between two looks of a watch; docs/input.md says the same. */
export const EVERY = ['1s', '1d'] as const;
/** Before something expires that a watch replaces; docs/input.md says the same. */
export const BEFORE = ['10s', '5y'] as const;

/** The same with bounds of its own. */
export function durationWithin(bounds: readonly [string, string]) {
  const [least, most] = bounds;
  return z.string().transform((text, context) => {
    const milliseconds = text.length > LONGEST_DURATION ? undefined : parseDuration(text);
    const what =
      milliseconds === undefined
        ? 'is not a duration such as "90s", "10m", "1h30m", "365d" or "10y"'
        : `is not from ${least} to ${most}`;
    if (milliseconds !== undefined && isWithin(milliseconds, bounds)) return milliseconds;
    context.issues.push({ code: 'custom', input: text, message: `${shown(text)} ${what}` });
    return z.NEVER;
  });
}

function isWithin(milliseconds: number, [least, most]: readonly [string, string]): boolean {
  return milliseconds >= (parseDuration(least) ?? 0) && milliseconds <= (parseDuration(most) ?? 0);
}

/** A text of a form, of bounded length; the message says what it is not. */
export function nameOf(pattern: RegExp, longest: number, what: string) {
  const error = (issue: { input?: unknown }) => `${shown(issue.input)} is not ${what}`;
  return z.string().max(longest, { error, abort: true }).regex(pattern, { error });
}

/** A DNS name. */
export const dnsName = nameOf(
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  LONGEST_NAME,
  `a DNS name (at most ${LONGEST_NAME} lower-case letters, digits, "-" and ".")`,
);

/** The name of a namespace. */
export const namespaceName = nameOf(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  LONGEST_LABEL,
  `the name of a namespace (at most ${LONGEST_LABEL} lower-case letters, digits and "-")`,
);

/** What a waiver is about. */
export const waivable = nameOf(WAIVABLE, LONGEST_WAIVABLE, 'a namespace, or namespace/Kind/name');

/** What people write, which the report shows. */
export const saidText = z.string().superRefine((text, context) => {
  const problem = textProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: `${shown(text)} ${problem}` });
});

/** A whole number within its bounds. */
export function count(field: keyof typeof COUNTS) {
  const [least, most] = COUNTS[field];
  const error = (issue: { input?: unknown }) => `${shown(issue.input)} is not a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** A list of bounded length. */
export function listOf<T extends z.ZodType>(item: T, field: keyof typeof COUNTS) {
  const [, most] = COUNTS[field];
  return z
    .array(item)
    .max(most, { error: (issue) => `${(issue.input as unknown[]).length} of them are more than ${most}` });
}
