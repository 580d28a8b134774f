import { type Fingerprint, type Member, memberName, workloadName } from '../ground/mesh.js';
import { present } from '../ground/present.js';
import { fitting } from '../ground/size.js';
import { forcedRollouts } from './courses/course.js';
import { courseOf } from './courses/index.js';
import { isWaived, type Waiver, withoutControlPlane } from './findings.js';
import type { RotationRequest, RotationSettings } from './input.js';
import { isOwn, OWN, type Owners, ownersText } from './owners.js';
import { type Circumstances, type CountedPod, paceOf } from './pace.js';
import { approvedSettings, waiverText } from './approved-text.js';
import { type PlannedPhase, planPhases } from './planned-phases.js';
import { ROLLED_KINDS } from './unmanaged.js';

/** What will be done, in numbers a person can judge; approval is bound to its hash. */
export interface Plan {
  cluster: string;
  linkerdNamespace: string;
  strategy: string;
  /** Forced rollouts of the data plane. */
  rollouts: number;
  /** What is going to happen, and how long it may take. */
  phases: PlannedPhase[];
  namespaces: PlannedNamespace[];
  proxies: number;
  workloads: number;
  /** What is going to be rolled, by name: what an approval is bound to. Jobs and bare pods come and go, and are not rolled. */
  workloadNames: string[];
  /** Of those, how many a large mesh leaves out of the list; they are in the digests of their namespaces. */
  workloadsOmitted?: number;
  /** How many namespaces a very large mesh leaves out of the list, and a digest of what is going to be rolled in them. */
  namespacesOmitted?: number;
  omittedDigest?: string;
  retire: Fingerprint[];
  keep: Fingerprint[];
  /** Absent until it has been generated. */
  target?: Fingerprint;
  /** Digest of what the input asks for, beside what stands above; absent in a plan of reroot 0.3. */
  settings?: string;
  /** What is gone on without, and at which gate; absent in a plan of reroot 0.3. */
  waivers?: string[];
  /** Who writes the bundle and the issuer, one line each; absent where reroot writes both. */
  owners?: string[];
  /** Members of the mesh that reroot cannot see, and of which nobody has said that they are taken care of; no part of the hash. */
  unseen?: string[];
  /** Of all that an approval is bound to (`approvedText`). */
  hash: string;
}

export interface PlannedNamespace {
  name: string;
  workloads: number;
  proxies: number;
  /** Of the names of what is going to be rolled in it; absent where nothing is. */
  digest?: string;
}

/** A short text that stands for a long one. */
export type Digest = (text: string) => string;

/** What the plan says of a mesh. */
export interface PlannedMesh {
  namespace: string;
  leafLifeMs: number;
  pods: readonly CountedPod[];
  /** As they were listed; absent: predicted is what is usual for their kinds. */
  workloads?: Circumstances['workloads'];
  /** Absent: those of the input. */
  waivers?: readonly Waiver[];
  /** Those that the course waits for, and nobody has waived. */
  unseen?: readonly Member[];
  /** Absent: reroot. */
  owners?: Owners | undefined;
}

/** Which roots go, which stay, and the new one once it is known. */
export type PlannedAnchors = Pick<Plan, 'retire' | 'keep' | 'target'>;

/** The plan without its hash; that is made of `approvedText`. */
export function planOf(
  { settings, course: ref }: RotationRequest,
  {
    namespace,
    leafLifeMs,
    pods,
    workloads: known,
    waivers: given = settings.waive,
    unseen = [],
    owners = OWN,
  }: PlannedMesh,
  anchors: PlannedAnchors,
  digest: Digest,
): Omit<Plan, 'hash'> {
  const course = courseOf(ref);
  const { deletePods } = settings.rollout;
  const pace = paceOf({ namespace, leafLifeMs }, pods, { deletePods, ...present({ workloads: known }) });
  const namespaces = countByNamespace(pods);
  const waivers = withoutControlPlane(given, namespace);
  const waived = (name: string) => isWaived({ kind: 'workload', name }, waivers);
  const rolled = pods
    .filter(({ workload }) => ROLLED_KINDS.includes(workload.kind))
    .map(({ workload }) => workloadName(workload));
  const workloadNames = [...new Set(rolled)].filter((name) => !waived(name)).toSorted();
  return {
    cluster: settings.cluster,
    linkerdNamespace: namespace,
    strategy: course.strategy,
    rollouts: forcedRollouts(course),
    phases: planPhases(settings, course, pace, owners),
    namespaces: namespaces.map(({ name, workloads, proxies }) => ({ name, workloads: workloads.size, proxies })),
    proxies: pods.length,
    workloads: namespaces.reduce((sum, { workloads }) => sum + workloads.size, 0),
    workloadNames,
    ...anchors,
    settings: digest(approvedSettings(settings, ref)),
    waivers: waivers.map(waiverText).toSorted(),
    ...(isOwn(owners) ? {} : { owners: ownersText(owners) }),
    ...(unseen.length > 0 ? { unseen: unseen.map(memberName) } : {}),
  };
}

function countByNamespace(pods: readonly CountedPod[]): { name: string; workloads: Set<string>; proxies: number }[] {
  const counted = new Map<string, { workloads: Set<string>; proxies: number }>();
  for (const { namespace, workload } of pods) {
    const entry = counted.get(namespace) ?? { workloads: new Set(), proxies: 0 };
    entry.workloads.add(workloadName(workload));
    entry.proxies += 1;
    counted.set(namespace, entry);
  }
  return [...counted]
    .map(([name, entry]) => ({ name, ...entry }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** Names of workloads and namespaces that travel with a plan: enough for people, and for a payload. */
const NAMES = { most: 1000, bytes: 48_000 };
/** Differences that people are shown. */
const DIFFERENCES = { most: 50, bytes: 8000 };
const UNSEEN = { most: 200, bytes: 16_000 };
const NAMESPACES = { most: 500, bytes: 32_000 };

/** A plan as it travels: each namespace in which something is rolled with a digest of its names, and no more names than fit. */
export function cappedPlan<P extends Omit<Plan, 'hash'>>(plan: P, digest: Digest): P {
  const byNamespace = new Map<string, string[]>();
  for (const name of plan.workloadNames) {
    const [namespace = ''] = name.split('/');
    const names = byNamespace.get(namespace);
    if (names) names.push(name);
    else byNamespace.set(namespace, [name]);
  }
  const digested = (namespace: PlannedNamespace): PlannedNamespace => {
    const names = byNamespace.get(namespace.name);
    return names ? { ...namespace, digest: digest(names.join()) } : namespace;
  };
  const all = plan.namespaces.map(digested);
  const inTurn = [...all.filter(isRolled), ...all.filter((namespace) => !isRolled(namespace))];
  const listed = new Set(fitting(inTurn, NAMESPACES));
  const left = inTurn.slice(listed.size);
  const namespaces = all.filter((namespace) => listed.has(namespace));
  const workloadNames = fitting(plan.workloadNames, NAMES);
  const omitted = plan.workloadNames.length - workloadNames.length;
  return {
    ...plan,
    namespaces,
    workloadNames,
    ...(plan.unseen ? { unseen: fitting(plan.unseen, UNSEEN) } : {}),
    ...(omitted > 0 ? { workloadsOmitted: omitted } : {}),
    ...(left.length > 0
      ? { namespacesOmitted: left.length, omittedDigest: digest(namesOf(left.filter(isRolled))) }
      : {}),
  };
}

function isRolled({ digest }: PlannedNamespace): boolean {
  return digest !== undefined;
}

function namesOf(namespaces: readonly PlannedNamespace[]): string {
  return namespaces.map(({ name, digest }) => `${name} ${digest}`).join();
}

/**
 * What a rotation would do now that was not approved: what it would roll beside that, and other anchors. What is gone needs no
 * approval. Empty: nothing that matters.
 */
export function planDifference(approved: Plan, now: Plan): string[] {
  const added = (what: string, before: readonly string[], after: readonly string[]): string[] => {
    const known = new Set(before);
    return after.filter((item) => !known.has(item)).map((item) => `${what} added: ${item}`);
  };
  const differences = [
    ...(isWhole(approved) && isWhole(now)
      ? added('workload', approved.workloadNames, now.workloadNames)
      : otherNamespaces(approved, now)),
    ...added('anchor to take out', approved.retire, now.retire),
    ...added('anchor to keep', approved.keep, now.keep),
    ...added('waiver', approved.waivers ?? [], now.waivers ?? []),
    ...(approved.target === now.target ? [] : [`target: ${now.target}`]),
    ...added('owner', approved.owners ?? ownersText(OWN), now.owners ?? ownersText(OWN)),
    ...(approved.settings === now.settings ? [] : ['the settings of the rotation are others']),
  ];
  const shown = fitting(differences, DIFFERENCES);
  const more = differences.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more differences`] : shown;
}

function isWhole({ workloadsOmitted = 0 }: Plan): boolean {
  return workloadsOmitted === 0;
}

/** How many namespaces there are, listed or not. */
export function namespacesOf({
  namespaces,
  namespacesOmitted = 0,
}: Pick<Plan, 'namespaces' | 'namespacesOmitted'>): number {
  return namespaces.length + namespacesOmitted;
}

/** Where not every name is at hand. A namespace in which nothing is rolled needs no approval, whatever runs there. */
function otherNamespaces(approved: Plan, now: Plan): string[] {
  const known = new Map(approved.namespaces.map(({ name, digest }) => [name, digest]));
  const listed = now.namespaces
    .filter((namespace) => isRolled(namespace) && known.get(namespace.name) !== namespace.digest)
    .map(({ name }) => `namespace ${name}: other workloads than approved`);
  const isOther = now.omittedDigest !== undefined && now.omittedDigest !== approved.omittedDigest;
  return isOther
    ? [...listed, `${now.namespacesOmitted} namespaces that are not listed: other workloads than approved`]
    : listed;
}

/**
 * Namespaces in their waves, of which one begins when the one before is done: those asked for first, each in its turn; Linkerd's
 * extensions (their gateways and mirrors serve everybody); all others; those asked for last, each in its turn.
 */
export function wavesOf(
  namespaces: readonly string[],
  extensions: readonly string[],
  rollout: Pick<RotationSettings['rollout'], 'first' | 'last'>,
): string[][] {
  const first = rollout.first.filter((name) => namespaces.includes(name));
  const last = rollout.last.filter((name) => namespaces.includes(name) && !first.includes(name));
  const others = namespaces.filter((name) => !first.includes(name) && !last.includes(name));
  const byName = (names: string[]) => names.toSorted((a, b) => a.localeCompare(b, 'en'));
  const waves = [
    ...first.map((name) => [name]),
    byName(others.filter((name) => extensions.includes(name))),
    byName(others.filter((name) => !extensions.includes(name))),
    ...last.map((name) => [name]),
  ];
  return waves.filter((wave) => wave.length > 0);
}
