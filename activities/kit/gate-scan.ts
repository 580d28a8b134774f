import type { ProxyObservation } from '../../src/ground/mesh.js';
import { fitting, ROOM_FOR_NAMESPACES } from '../../src/ground/size.js';
import { LONGEST_LOOK_MS } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { capped } from '../../src/rotation/capped.js';
import type { Row } from '../../src/rotation/courses/course.js';
import type { Finding, Waiver } from '../../src/rotation/findings.js';
import { identityAbsent, proxyGate } from '../../src/rotation/gates.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { GateResult } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { pause, reportProgress } from './heartbeat.js';
import { gatedPods, probe, waivedBy } from './proxies.js';
import type { PhaseContext } from './stored-rotation.js';

/** Findings that travel in a result; the counts cover all. */
export const SHOWN_FINDINGS = 20;
/** Pods that are born between two lists are proven by the second. */
const SCANS = 2;
/** A mesh in which pods come and go always has some that are starting: a look waits for them this long. */
const STARTING_MS = 120_000;

/** What a scan asks of every live proxy. */
export interface GateQuestion extends Pick<PhaseContext, 'linkerd' | 'target' | 'roots' | 'requirement' | 'evidence'> {
  row: Pick<Row, 'phase' | 'whose'>;
  /** Those that open this gate. */
  waivers: readonly Waiver[];
}

/**
 * Asks every live proxy of the cluster. It must hold for each pod of a list and then of a second list: pods born in between
 * are proven too, so none slips through.
 * @returns the answer, and what the proxies showed when it was given
 */
export async function scanGate(
  dependencies: Dependencies,
  question: GateQuestion,
  { rollout: { stuckAfter }, timing: { poll } }: Pick<RotationSettings, 'rollout' | 'timing'>,
): Promise<{ result: GateResult; observations: ProxyObservation[] }> {
  const isWaivedHere = waivedBy(question.waivers);
  const end = Date.now() + LONGEST_LOOK_MS;
  const until = Date.now() + Math.min(stuckAfter, STARTING_MS);
  const proven = new Map<string, ProxyObservation>();
  let cohort: ReadonlySet<string> | undefined;
  for (let passes = 0; ;) {
    const pods = ofCohort(await gatedPods(dependencies.k8s, question), cohort);
    cohort ??= new Set(pods.map(({ uid }) => uid));
    const fresh = pods.filter((pod) => isFresh(pod, proven.get(pod.uid)));
    const looked = await probe(inTime(dependencies, end), question, fresh, isWaivedHere);
    const observations = [...kept(proven, pods, fresh), ...looked];
    const result = judge(observations, question);
    reportProgress({ phase: question.row.phase, proxies: result.proxies, proven: result.proven });
    for (const proxy of observations) if (!fallsShort(proxy, question)) proven.set(proxy.uid, proxy);
    if (!result.passed) {
      const isDone = Date.now() >= until || !isStartingAlone(observations, question, stuckAfter);
      if (isDone) return { result, observations };
      await pause(poll);
      continue;
    }
    passes += 1;
    cohort = undefined;
    if (passes >= SCANS) return { result, observations };
  }
}

/** All looks of one gate together have the time of one: what is not tried by then is a finding, and the gate stays shut. */
function inTime(dependencies: Dependencies, end: number): Dependencies {
  return { ...dependencies, prober: { ...dependencies.prober, lookMs: end - Date.now() } };
}

/**
 * Those of a list that still live. A look that waits for pods to start waits for those of its own list alone: where a pod is
 * born every second, there is no moment in which none is starting.
 */
function ofCohort(pods: MeshedPod[], cohort: ReadonlySet<string> | undefined): MeshedPod[] {
  const left = cohort ? pods.filter(({ uid }) => cohort.has(uid)) : [];
  return left.length > 0 ? left : pods;
}

/** Not proven yet, or proven by what it will be started with, and started since. */
function isFresh({ address }: MeshedPod, seen: ProxyObservation | undefined): boolean {
  return !seen || (seen.unstarted === true && address !== undefined);
}

function fallsShort(proxy: ProxyObservation, { target, requirement, waivers }: GateQuestion): boolean {
  return proxyGate([proxy], target, requirement, waivers).length > 0;
}

/** All that is missing are proxies that are starting: the look waits a little for them. */
function isStartingAlone(
  observations: readonly ProxyObservation[],
  question: GateQuestion,
  stuckAfterMs: number,
): boolean {
  const youngest = Date.now() - stuckAfterMs;
  const isStarting = ({ problem, createdAt }: ProxyObservation) =>
    problem !== undefined && createdAt !== undefined && Date.parse(createdAt) > youngest;
  const short = observations.filter((proxy) => fallsShort(proxy, question));
  return short.length > 0 && short.every(isStarting);
}

function kept(
  proven: ReadonlyMap<string, ProxyObservation>,
  pods: readonly MeshedPod[],
  fresh: readonly MeshedPod[],
): ProxyObservation[] {
  const asked = new Set(fresh.map(({ uid }) => uid));
  return pods.flatMap(({ uid, terminating }) => {
    const seen = asked.has(uid) ? undefined : proven.get(uid);
    return seen ? [{ ...seen, terminating }] : [];
  });
}

function judge(
  observations: ProxyObservation[],
  { linkerd, target, requirement, row, waivers }: GateQuestion,
): GateResult {
  const absent =
    row.whose === 'identity' && observations.every(({ terminating }) => terminating) ? [identityAbsent()] : [];
  const all = proxyGate(observations, target, requirement, []);
  const findings = [...absent, ...proxyGate(observations, target, requirement, waivers)];
  return {
    passed: findings.length === 0,
    proxies: observations.length,
    proven: observations.length - all.length,
    waived: all.length + absent.length - findings.length,
    ...namespacesOf(findings, linkerd.namespace),
    reverted: [],
    findings: capped(findings, SHOWN_FINDINGS).shown,
  };
}

/** Linkerd's own first: it is rolled before all others. As many as fit; when they are rolled, the next look has the others. */
export function namespacesOf(
  findings: readonly Finding[],
  linkerdNamespace: string,
): Pick<GateResult, 'namespaces' | 'namespacesOmitted'> {
  const all = countByNamespace(findings);
  const isOwn = ({ name }: GateResult['namespaces'][number]) => name === linkerdNamespace;
  const namespaces = fitting([...all.filter(isOwn), ...all.filter((one) => !isOwn(one))], ROOM_FOR_NAMESPACES);
  const omitted = all.length - namespaces.length;
  return { namespaces, ...(omitted > 0 ? { namespacesOmitted: omitted } : {}) };
}

function countByNamespace(findings: readonly Finding[]): GateResult['namespaces'] {
  const outdated = new Map<string, number>();
  for (const { subject } of findings) {
    const namespace = subject.name.split('/')[0] ?? '';
    outdated.set(namespace, (outdated.get(namespace) ?? 0) + 1);
  }
  return [...outdated].map(([name, count]) => ({ name, outdated: count }));
}
