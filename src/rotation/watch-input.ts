import { z } from 'zod';
import { BEFORE, durationWithin, EVERY } from './input-fields.js';
import type { Ahead } from './watch-expiry.js';
import { checkedFields, clusterField, linkerdNamespaceField, readInput, type RotationInput } from './input.js';

/** The one argument of `watchTrustRoot`: every field is optional, as in a rotation's input. */
const schema = z.strictObject({
  cluster: clusterField,
  linkerdNamespace: linkerdNamespaceField,
  /** Between two looks. The time at which cert-manager renews the root is not slept through. */
  every: durationWithin(EVERY).prefault('10m'),
  /** When the root has renewed itself: start the rotation, or ask a person first. */
  onRenewal: z.enum(['rotate', 'ask']).default('rotate'),
  /** Before the root expires: start the rotation so long before. Absent: what expires is nothing to this watch. */
  before: durationWithin(BEFORE).optional(),
  /** The same of an issuer that reroot writes, which is then replaced alone. Default: `before`. */
  issuerBefore: durationWithin(BEFORE).optional(),
  /** One look, and the watch ends: for a Temporal Schedule. */
  once: z.boolean().default(false),
  /** The input of the rotation that is started, but for `cluster` and `linkerdNamespace`. */
  rotation: z.unknown().optional(),
});

/** What people may write. */
export type WatchInput = Omit<z.input<typeof schema>, 'rotation'> & {
  rotation?: Omit<RotationInput, 'cluster' | 'linkerdNamespace'>;
};

/** The same with every default filled in, and every duration in milliseconds. */
export type WatchSettings = Omit<z.output<typeof schema>, 'rotation'> & {
  /** What a rotation is started with. */
  rotation: RotationInput;
};

export type WatchInputResult = { ok: true; settings: WatchSettings } | { ok: false; problems: string[] };

/** Checks an input of `watchTrustRoot`, that of its rotation with it: what is wrong is said now, and not in two months. */
export function readWatchInput(input: unknown): WatchInputResult {
  const checked = checkedFields(schema, input);
  const { rotation: given } = (input ?? {}) as { rotation?: unknown };
  const problems = [...checked.problems, ...aheadProblems(input), ...rotationProblems(given)];
  if (!checked.ok || problems.length > 0) return { ok: false, problems };
  const { rotation: _, ...settings } = checked.fields;
  const { cluster, linkerdNamespace } = settings;
  const own = { cluster, ...(linkerdNamespace === undefined ? {} : { linkerdNamespace }) };
  return { ok: true, settings: { ...settings, rotation: { ...(given as RotationInput | undefined), ...own } } };
}

function aheadProblems(input: unknown): string[] {
  const { before, issuerBefore } = (input ?? {}) as Partial<Record<'before' | 'issuerBefore', unknown>>;
  if (issuerBefore === undefined || before !== undefined) return [];
  return ['issuerBefore: goes with `before`: without that the watch does not look at what expires'];
}

/** How long ahead a watch acts; undefined: it does not look at what expires. */
export function aheadOf({ before, issuerBefore = before }: WatchSettings): Ahead | undefined {
  return before === undefined || issuerBefore === undefined ? undefined : { before, issuerBefore };
}

/** Fields that the watch has itself, or that make no sense of a rotation that it starts. */
const NOT_HERE: Readonly<Record<string, string>> = {
  cluster: 'the watch and its rotation are of one cluster: say it beside `rotation`',
  linkerdNamespace: 'the watch and its rotation are of one mesh: say it beside `rotation`',
  planOnly: 'a watch starts a rotation for it to go through',
};

/** A problem of the rotation's input, said of the field that it is in here. */
function within(problem: string): string {
  if (problem.startsWith('and ')) return problem;
  return problem.startsWith('input: ') ? `rotation${problem.slice('input'.length)}` : `rotation.${problem}`;
}

function rotationProblems(given: unknown): string[] {
  const read = readInput(given);
  const named = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  return [
    ...(read.ok ? [] : read.problems.map(within)),
    ...named.flatMap((field) => (Object.hasOwn(NOT_HERE, field) ? [`rotation.${field}: ${NOT_HERE[field]}`] : [])),
  ];
}
