import type { ProxyObservation } from '../../src/ground/mesh.js';
import { LONGEST_LOOK_MS } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { capped } from '../../src/rotation/capped.js';
import type { Row } from '../../src/rotation/courses/course.js';
import type { Finding, Waiver } from '../../src/rotation/findings.js';
import { identityAbsent, proxyGate } from '../../src/rotation/gates.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { GateResult, Share } from '../../src/rotation/payloads.js';
import { fittingNamespaces, isOfShare, SHOWN_FINDINGS } from '../../src/rotation/shares.js';
import type { Dependencies } from './dependencies.js';
import { pause, reportProgress } from './heartbeat.js';
import { type Asked, askedAt, isAnother, mayAnswer } from './look-again.js';
import { gatedPods, probe, waivedBy } from './proxies.js';
import type { PhaseContext } from './stored-rotation.js';

/** Pods that are born between two lists are proven by the second. */
const SCANS = 2;
/** A mesh in which pods come and go always has some that are starting: a look waits for them this long. */
const STARTING_MS = 120_000;

/** What a scan asks of every live proxy. */
export interface GateQuestion extends Pick<PhaseContext, 'linkerd' | 'target' | 'roots' | 'requirement' | 'evidence'> {
  row: Pick<Row, 'phase' | 'whose'>;
  /** Those that open this gate. */
  waivers: readonly Waiver[];
  /** Of whose pods alone; absent: of all. */
  share?: Share;
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
  const end = Date.now() + LONGEST_LOOK_MS;
  const until = Date.now() + Math.min(stuckAfter, STARTING_MS);
  const look = looks(dependencies, question, { end, poll });
  let cohort: ReadonlySet<string> | undefined;
  let isLast = false;
  for (let passes = 0; ;) {
    const all = await gatedPods(dependencies.k8s, question);
    const pods = ofCohort(ofShare(all, question.share), cohort);
    cohort ??= new Set(pods.map(({ uid }) => uid));
    const { observations, isFinal } = await look(pods, isLast);
    const result = judge(observations, question, all);
    reportProgress({ phase: question.row.phase, proxies: result.proxies, proven: result.proven });
    if (!result.passed) {
      isLast = Date.now() >= until || !isStartingAlone(observations, question, stuckAfter);
      if (isLast && isFinal) return { result, observations };
      if (!isLast) await pause(poll);
      continue;
    }
    passes += 1;
    cohort = undefined;
    if (passes >= SCANS) return { result, observations };
  }
}

function ofShare(pods: MeshedPod[], share: Share | undefined): MeshedPod[] {
  return share ? pods.filter(({ uid }) => isOfShare(uid, share)) : pods;
}

/** What a proxy showed, and what its pod was then. */
interface Seen {
  observation: ProxyObservation;
  asked: Asked;
  isProven: boolean;
}

/** `isFinal`: all that are not proven have been asked just now. */
interface Looked {
  observations: ProxyObservation[];
  isFinal: boolean;
}

/**
 * Asks the proxies of a list: each that is proven once, one that cannot be read when it may have begun to answer, and in the last look
 * all that are not proven.
 */
function looks(
  dependencies: Dependencies,
  question: GateQuestion,
  { end, poll }: { end: number; poll: number },
): (pods: readonly MeshedPod[], isLast: boolean) => Promise<Looked> {
  const isWaivedHere = waivedBy(question.waivers);
  const seen = new Map<string, Seen>();
  return async (pods, isLast) => {
    const now = Date.now();
    const fresh = pods.filter((pod) => isFresh(pod, seen.get(pod.uid), isLast ? undefined : now));
    const listed = new Map(pods.map((pod) => [pod.uid, pod]));
    for (const observation of await probe(inTime(dependencies, end), question, fresh, isWaivedHere)) {
      const { uid } = observation;
      const pod = listed.get(uid);
      if (!pod) continue;
      const asked = askedAt(now, pod, { before: seen.get(uid)?.asked, firstMs: poll });
      seen.set(uid, { observation, asked, isProven: !fallsShort(observation, question) });
    }
    const known = pods.flatMap(({ uid, terminating }) => {
      const one = seen.get(uid);
      return one ? [{ ...one, observation: { ...one.observation, terminating } }] : [];
    });
    return {
      observations: known.map(({ observation }) => observation),
      isFinal: known.every(({ isProven, asked }) => isProven || asked.at === now),
    };
  };
}

/** Not asked yet, or asked of another process; or not proven, and it may answer by now (absent: whether it may or not). */
function isFresh(pod: MeshedPod, seen: Seen | undefined, now: number | undefined): boolean {
  if (!seen || isAnother(seen.asked, pod)) return true;
  return !seen.isProven && (now === undefined || mayAnswer(seen.asked, pod, now));
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

/** @param listed all that the gate is about, of whatever share */
function judge(
  observations: ProxyObservation[],
  { linkerd, target, requirement, row, waivers }: GateQuestion,
  listed: readonly MeshedPod[],
): GateResult {
  const absent = row.whose === 'identity' && listed.every(({ terminating }) => terminating) ? [identityAbsent()] : [];
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

/** How many proxies of each namespace fall short. */
export function namespacesOf(
  findings: readonly Finding[],
  linkerdNamespace: string,
): Pick<GateResult, 'namespaces' | 'namespacesOmitted'> {
  const outdated = new Map<string, number>();
  for (const { subject } of findings) {
    const namespace = subject.name.split('/')[0] ?? '';
    outdated.set(namespace, (outdated.get(namespace) ?? 0) + 1);
  }
  return fittingNamespaces(outdated, linkerdNamespace);
}
