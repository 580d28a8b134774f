import { z } from 'zod';
import { WHAT_A_CLUSTER_NAME_IS, CLUSTER_NAME, DEFAULT_CLUSTER, LONGEST_CLUSTER_NAME } from '../ground/cluster-name.js';
import { formatDuration } from '../ground/duration.js';
import { plain } from '../ground/plain.js';
import { fitting, jsonBytes } from '../ground/size.js';
import {
  COURSES,
  type CourseRef,
  DEFAULT_STRATEGY,
  goesWithRolling,
  STRATEGY_FOR_COMPROMISED_KEY,
  strategyNames,
} from './courses/index.js';
import { OWNER_KINDS } from './owners.js';
import { count, dnsName, duration, listOf, namespaceName, nameOf, saidText, waivable } from './input-fields.js';
import { canaries, DEFAULT_CANARY, DEFAULT_STRAGGLER_LIMIT, rolloutWindow, stragglerLimit } from './rollout-fields.js';

z.config({ jitless: true }); // Temporal's workflow sandbox allows no code generation

/** Bytes of all waivers, as JSON: they are given to each step. */
const MOST_WAIVER_BYTES = 32_000;
/** Problems that a failure lists. */
const PROBLEMS = { most: 50, bytes: 16_000 };
const LONGEST_PROBLEM = 500;

/** The cluster, as its workers name it (`reroot worker --cluster`): their steps run on task queue `reroot-<cluster>`. */
export const clusterField = nameOf(
  CLUSTER_NAME,
  LONGEST_CLUSTER_NAME,
  `${WHAT_A_CLUSTER_NAME_IS} (at most ${LONGEST_CLUSTER_NAME} of them)`,
).default(DEFAULT_CLUSTER);
/** Namespace of Linkerd's control plane; found by its label when absent. */
export const linkerdNamespaceField = namespaceName.optional();

/**
 * The one argument of `rotateTrustRoot`: an object in which every field is optional, so that the Temporal UI's empty
 * form, an HTTP request without body and the CLI start the same rotation.
 */
const schema = z.strictObject({
  cluster: clusterField,
  linkerdNamespace: linkerdNamespaceField,
  /** How (docs/strategies.md). Default: `bridge`; `standard` when the issuer key may be compromised. */
  strategy: z.enum(strategyNames()).optional(),
  /** The issuer's private key may be in the wrong hands: nothing that carries it into the new root's trust is done. */
  issuerKeyCompromised: z.boolean().default(false),
  /** Strategies that wait for the proxies' own renewal of their leaves can `roll` instead: quicker, one rollout more. */
  leafRenewal: z.enum(['wait', 'roll']).default('wait'),
  /** Make the plan, and change nothing. */
  planOnly: z.boolean().default(false),
  /**
   * When to ask a person: once before the point of no return, before every phase that changes something, or never.
   * `inCluster`: once, and the answer is an annotation in the cluster, where the API server decides who may give it.
   */
  approvals: z.enum(['beforeRetire', 'everyPhase', 'inCluster', 'none']).default('beforeRetire'),
  root: z
    .strictObject({
      commonName: dnsName.optional(),
      validity: duration('root.validity').prefault('10y'),
      /**
       * Afterwards the new root's private key is kept in its Secret, or was never written anywhere. Default: `keep` where the
       * root is made here; `discard` where it is yours: its key stays in your Secret.
       */
      key: z.enum(['keep', 'discard']).optional(),
    })
    .prefault({}),
  issuer: z
    .strictObject({ commonName: dnsName.optional(), validity: duration('issuer.validity').prefault('1y') })
    .prefault({}),
  bridge: z
    .strictObject({
      /** Life of the bridge certificate. Default: 14d, at least twice a leaf's; it is made anew when half of it is over. */
      validity: duration('bridge.validity').optional(),
    })
    .prefault({}),
  /** Who writes the bundle and the issuer (docs/owners.md); found by looking where it is not said. */
  owners: z.strictObject({ bundle: z.enum(OWNER_KINDS).optional(), issuer: z.enum(OWNER_KINDS).optional() }).optional(),
  /** Your own certificates instead of generated ones: a Secret in the Linkerd namespace (docs/input.md). */
  certificates: z.strictObject({ secret: dnsName }).optional(),
  /**
   * Go on with the root in Secret `reroot-rotation` that has this fingerprint (its first 12 digits or more), although nothing
   * but a pod refers to it. What a trust bundle has is adopted anyway.
   */
  adopt: z
    .string()
    .regex(/^[0-9a-f]{12,64}$/, 'is not the fingerprint of a root (12 to 64 lower-case hex digits)')
    .optional(),
  rollout: z
    .strictObject({
      /** `organic` (bridge): pods are replaced by your own deployments; what is left at the deadline is rolled. */
      pace: z.enum(['forced', 'organic']).default('forced'),
      /** How long `organic` waits. */
      deadline: duration('rollout.deadline').prefault('14d'),
      /** Pods that are being replaced at the same time, over the whole cluster; absent: scales with the mesh. */
      pods: count('rollout.pods').optional(),
      /** Namespaces rolled at the same time, at the most; absent: no cap. */
      namespaces: count('rollout.namespaces').optional(),
      /** Workloads rolling at the same time in one namespace, at the most; absent: no cap. */
      workloads: count('rollout.workloads').optional(),
      /** More stragglers than this stop the rollout, and a person is asked. */
      maxStragglers: stragglerLimit.prefault(DEFAULT_STRAGGLER_LIMIT),
      /** Which workloads are rolled first, and proven before the others. */
      canary: canaries.default(DEFAULT_CANARY),
      /** When forced rollouts may begin; none: at any time. */
      windows: listOf(rolloutWindow, 'rollout.windows').default([]),
      /** A rollout without an end after this long is a straggler (a Deployment's own progress deadline may be sooner). */
      stuckAfter: duration('rollout.stuckAfter').prefault('10m'),
      /** Pods that no controller replaces (OnDelete, bare ReplicaSets) may be evicted, one at a time under their budget. */
      deletePods: z.boolean().default(false),
      /** Namespaces to roll before all others, in this order. */
      first: listOf(namespaceName, 'rollout.first').default([]),
      /** Namespaces to roll after all others, in this order. */
      last: listOf(namespaceName, 'rollout.last').default([]),
    })
    .prefault({}),
  /** Workloads or namespaces the rotation may go on without. */
  waive: listOf(
    z
      .strictObject({ subject: waivable, reason: saidText.min(1), by: saidText.optional() })
      .transform(({ by, ...waiver }) => ({ ...waiver, ...(by ? { claimedBy: by } : {}) })),
    'waive',
  ).default([]),
  timing: z
    .strictObject({
      /** Pause between two looks at the cluster while waiting for it. */
      poll: duration('timing.poll').prefault('2s'),
      /** How long to wait for the identity event after the swap before looking for the reason (kubelet: up to 2m). */
      issuerEvent: duration('timing.issuerEvent').prefault('3m'),
    })
    .prefault({}),
});

/** What people may write. */
export type RotationInput = z.input<typeof schema>;
type Parsed = z.output<typeof schema>;
/**
 * The same with every default filled in, and every duration in milliseconds. What decides about the course is not in it:
 * that stands in the `CourseRef` beside it.
 */
export type RotationSettings = Omit<Parsed, 'strategy' | 'leafRenewal'>;

/** Whether the new root's key is kept where reroot keeps it: that of a root of the user's own is not copied unasked. */
export function keepsRootKey({ root, certificates }: Pick<RotationSettings, 'root' | 'certificates'>): boolean {
  return (root.key ?? (certificates ? 'discard' : 'keep')) === 'keep';
}

/** The one argument of `rotateIssuer`: what of the above concerns an issuer under the root in use. */
const issuerSchema = schema.pick({
  cluster: true,
  linkerdNamespace: true,
  leafRenewal: true,
  planOnly: true,
  issuer: true,
  owners: true,
  certificates: true,
  adopt: true,
  rollout: true,
  waive: true,
  timing: true,
});
export type IssuerInput = z.input<typeof issuerSchema>;

/** What of a rotation's input is for an issuer alone, under the root in use; certificates of one's own are for a new root. */
export function issuerPartOf(input: RotationInput): IssuerInput {
  const own = Object.entries(input).filter(([field]) => Object.hasOwn(issuerSchema.shape, field));
  const { certificates: _, adopt: __, ...part } = Object.fromEntries(own) as IssuerInput;
  return part;
}

/** What a rotation is asked to do. */
export interface RotationRequest {
  settings: RotationSettings;
  course: CourseRef;
}

export type InputResult = ({ ok: true } & RotationRequest) | { ok: false; problems: string[] };

/** Checks an input of `rotateTrustRoot` and fills in the defaults; lists every problem at once. */
export function readInput(input: unknown): InputResult {
  return read(input, schema, ({ strategy, issuerKeyCompromised }) => {
    return strategy ?? (issuerKeyCompromised ? STRATEGY_FOR_COMPROMISED_KEY : DEFAULT_STRATEGY);
  });
}

/** The same for `rotateIssuer`. */
export function readIssuerInput(input: unknown): InputResult {
  return read(input, issuerSchema, () => 'issuer');
}

function read(
  input: unknown,
  known: typeof schema | typeof issuerSchema,
  choose: (parsed: Parsed) => CourseRef['strategy'],
): InputResult {
  const checked = known.safeParse(input ?? {});
  if (!checked.success) return { ok: false, problems: problemsOf(checked.error, known) };
  const parsed = schema.parse(input ?? {});
  const { strategy: _, leafRenewal, ...settings } = parsed;
  const course: CourseRef = { strategy: choose(parsed), leafRenewal, direction: 'forward' };
  const problems = crossChecks(settings, course);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings, course };
}

/** The fields of an object, each by itself; every problem at once. */
export function checkedFields<T extends z.ZodObject>(
  known: T,
  input: unknown,
): { ok: true; fields: z.output<T>; problems: [] } | { ok: false; problems: string[] } {
  const checked = known.safeParse(input ?? {});
  if (checked.success) return { ok: true, fields: checked.data, problems: [] };
  return { ok: false, problems: problemsOf(checked.error, known) };
}

function problemsOf({ issues }: z.ZodError, known: z.ZodObject): string[] {
  const all = issues.flatMap((issue) => describeIssue(issue, known));
  const listed = fitting(
    all.map((problem) => plain(problem, LONGEST_PROBLEM)),
    PROBLEMS,
  );
  const more = all.length - listed.length;
  return more > 0 ? [...listed, `and ${more} more problems`] : listed;
}

/** The message of an `InvalidInput` failure. */
export function invalidInputMessage(problems: readonly string[]): string {
  return `The input has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`;
}

function describeIssue(issue: z.core.$ZodIssue, within: z.ZodObject): string[] {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = knownFields(issue.path, within);
      const list = known.length > 0 ? ` (known here: ${known.join(', ')})` : '';
      return `${at ? `${at}.` : ''}${key}: no such field${list}`;
    });
  }
  return [`${at || 'input'}: ${issue.message}`];
}

function knownFields(path: readonly PropertyKey[], within: z.ZodObject): string[] {
  let node: unknown = within;
  for (const part of path) node = typeof part === 'string' ? unwrap(node)?.shape[part] : undefined;
  return Object.keys(unwrap(node)?.shape ?? {});
}

/** The object schema under defaults and optionals. */
function unwrap(node: unknown): { shape: Record<string, unknown> } | undefined {
  let current = node as { shape?: Record<string, unknown>; def?: { innerType?: unknown } } | undefined;
  while (current && !current.shape) current = current.def?.innerType as typeof current;
  return current as { shape: Record<string, unknown> } | undefined;
}

type CrossCheck = (settings: RotationSettings, course: CourseRef) => string | false;

/** What is wrong though each field is right by itself. */
const CROSS_CHECKS: readonly CrossCheck[] = [
  ({ issuer, root }) =>
    issuer.validity > root.validity &&
    `issuer.validity: ${formatDuration(issuer.validity)} is longer than root.validity (${formatDuration(root.validity)})`,
  ({ waive }) =>
    jsonBytes(waive) > MOST_WAIVER_BYTES &&
    `waive: ${jsonBytes(waive)} bytes are more than ${MOST_WAIVER_BYTES}: waive whole namespaces, with shorter reasons`,
  ({ issuerKeyCompromised }, { strategy }) =>
    issuerKeyCompromised &&
    COURSES[strategy].course.bridge === true &&
    `strategy: ${strategy} certifies the issuer key in use under the new root, which a compromised key must not be (use ${STRATEGY_FOR_COMPROMISED_KEY})`,
  ({ rollout }, { strategy }) =>
    rollout.pace === 'organic' &&
    !COURSES[strategy].course.rows.some(({ organic }) => organic) &&
    `rollout.pace: organic is for strategy ${DEFAULT_STRATEGY}, whose leaves every proxy can verify all the while`,
  ({ rollout }, { leafRenewal }) =>
    rollout.pace === 'organic' &&
    leafRenewal === 'roll' &&
    'leafRenewal: roll hurries, rollout.pace organic waits: choose one of them',
  (_, { strategy, leafRenewal }) =>
    leafRenewal === 'roll' &&
    !goesWithRolling(strategy) &&
    `leafRenewal: ${strategy} with roll is standard: say so with strategy`,
];

function crossChecks(settings: RotationSettings, course: CourseRef): string[] {
  const both = settings.rollout.first.filter((name) => settings.rollout.last.includes(name));
  return [
    ...CROSS_CHECKS.map((check) => check(settings, course)).filter((problem) => problem !== false),
    ...both.map((name) => `rollout: ${name} is in both first and last`),
  ];
}
