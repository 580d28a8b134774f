import type { ProxyObservation } from '../src/ground/mesh.js';
import { fitting } from '../src/ground/size.js';
import type { Workload } from '../src/kubernetes/workload.js';
import { listWorkloads } from '../src/kubernetes/workloads.js';
import type { MeshedPod } from '../src/linkerd/proxies/pods.js';
import { capped } from '../src/rotation/capped.js';
import { type Finding, isWaived, type Waiver } from '../src/rotation/findings.js';
import { identityAbsent, proxyGate } from '../src/rotation/gates.js';
import { injectionBroken, rehearsalNamespaces } from '../src/rotation/injection.js';
import { lostProxies, rotationOf } from '../src/rotation/lost-proxies.js';
import type { GateResult, PhaseInput } from '../src/rotation/payloads.js';
import { staleTemplate } from '../src/rotation/rollout.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { gatedPods, probe } from './kit/proxies.js';
import { firstWrongRehearsal } from './kit/rehearsal.js';
import { reversions } from './kit/reversions.js';
import type { Dependencies } from './kit/dependencies.js';
import { isOvertaken, readPhase, type PhaseContext } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';
import { openingWaivers } from './kit/waivers.js';

/** Findings that travel in a result; the counts cover all. */
const SHOWN_FINDINGS = 20;
/** Namespaces that travel in a result. */
const NAMESPACES = { most: 1000, bytes: 48_000 };
/** Pods that are born between two lists are proven by the second. */
const SCANS = 2;
/** A mesh in which pods come and go always has some that are starting: a look waits for them this long. */
const STARTING_MS = 120_000;
/** Between two counts of the proxies that a workload has. */
const MISSING_MS = 5000;

/** A phase with the waivers that open its gate. */
interface GateContext extends PhaseContext {
  waivers: readonly Waiver[];
}

/** The phase lies behind: nothing is left to prove, and nothing is counted. */
const OVERTAKEN: GateResult = {
  ...{ passed: true, proxies: 0, proven: 0, waived: 0 },
  ...{ namespaces: [], reverted: [], findings: [] },
};

/**
 * The gate of a phase over every live proxy of the cluster. It must hold for each pod of a list and then of a second
 * list: pods born in between are proven too, so none slips through. Those born later come out as the rehearsal does.
 */
export async function checkGate(dependencies: Dependencies, input: PhaseInput): Promise<GateResult> {
  const phase: GateContext = { ...(await readPhase(dependencies, input)), waivers: openingWaivers(input) };
  if (await isOvertaken(dependencies, phase)) return OVERTAKEN;
  const { stuckAfter } = input.settings.rollout;
  const until = Date.now() + Math.min(stuckAfter, STARTING_MS);
  const proven = new Map<string, ProxyObservation>();
  let cohort: ReadonlySet<string> | undefined;
  for (let passes = 0; ;) {
    const pods = ofCohort(await gatedPods(dependencies.k8s, phase), cohort);
    cohort ??= new Set(pods.map(({ uid }) => uid));
    const fresh = pods.filter((pod) => isFresh(pod, proven.get(pod.uid)));
    const observations = [...kept(proven, pods, fresh), ...(await probe(dependencies, phase, fresh))];
    const result = judge(observations, phase);
    reportProgress({ phase: input.phase, proxies: result.proxies, proven: result.proven });
    for (const proxy of observations) if (!fallsShort(proxy, phase)) proven.set(proxy.uid, proxy);
    if (!result.passed) {
      const isDone = Date.now() >= until || !isStartingAlone(observations, phase, stuckAfter);
      if (isDone) return await withReversions(dependencies, phase, result);
      await pause(input.settings.timing.poll);
      continue;
    }
    passes += 1;
    cohort = undefined;
    if (passes < SCANS) continue;
    const others = await besideProxies(dependencies, phase, { observations, stuckAfter });
    return await withReversions(dependencies, phase, {
      ...result,
      passed: others.length === 0,
      ...namespacesOf(others, phase.linkerd.namespace),
      findings: capped(others, SHOWN_FINDINGS).shown,
    });
  }
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

function fallsShort(proxy: ProxyObservation, { target, requirement, waivers }: GateContext): boolean {
  return proxyGate([proxy], target, requirement, waivers).length > 0;
}

/** All that is missing are proxies that are starting: the look waits a little for them. */
function isStartingAlone(observations: readonly ProxyObservation[], phase: GateContext, stuckAfterMs: number): boolean {
  const youngest = Date.now() - stuckAfterMs;
  const isStarting = ({ problem, createdAt }: ProxyObservation) =>
    problem !== undefined && createdAt !== undefined && Date.parse(createdAt) > youngest;
  const short = observations.filter((proxy) => fallsShort(proxy, phase));
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
  { linkerd, target, requirement, row, waivers }: GateContext,
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
function namespacesOf(
  findings: readonly Finding[],
  linkerdNamespace: string,
): Pick<GateResult, 'namespaces' | 'namespacesOmitted'> {
  const all = countByNamespace(findings);
  const isOwn = ({ name }: GateResult['namespaces'][number]) => name === linkerdNamespace;
  const namespaces = fitting([...all.filter(isOwn), ...all.filter((one) => !isOwn(one))], NAMESPACES);
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

interface Seen {
  observations: readonly ProxyObservation[];
  /** Milliseconds. */
  stuckAfter: number;
}

/**
 * What else a gate asks for, looked for when every proxy is right, so that it costs a list of each kind once a phase: that
 * templates are in step, that nobody came back without a proxy, and that new pods come out right.
 */
async function besideProxies(dependencies: Dependencies, phase: GateContext, seen: Seen): Promise<Finding[]> {
  if (!phase.row.gatesTemplates) return [];
  const workloads = await listWorkloads(dependencies.k8s, undefined, workloadReading(phase));
  const stale = workloads.filter(({ edits }) => edits.length > 0).map(staleTemplate);
  const isForAll = phase.row.whose === 'everybody';
  const missing = isForAll ? await missingProxies(dependencies, phase, seen, workloads) : [];
  const found = [...stale, ...missing].filter(({ subject }) => !isWaived(subject, phase.waivers));
  if (found.length > 0 || !isForAll) return found;
  return await wrongRehearsal(dependencies, phase, seen.observations);
}

/** A count of pods and one of proxies are never of the same moment: what is missing has to be missing twice. */
async function missingProxies(
  dependencies: Dependencies,
  phase: PhaseContext,
  { observations, stuckAfter }: Seen,
  workloads: readonly Workload[],
): Promise<Finding[]> {
  const rotation = rotationOf(phase.target.id);
  const once = lostProxies(workloads, observations, rotation);
  if (once.length === 0) return [];
  await pause(Math.min(MISSING_MS, stuckAfter));
  const pods = await gatedPods(dependencies.k8s, phase);
  const again = await listWorkloads(dependencies.k8s, undefined, workloadReading(phase));
  const twice = new Set(lostProxies(again, pods, rotation).map(({ subject }) => subject.name));
  return once.filter(({ subject }) => twice.has(subject.name));
}

async function wrongRehearsal(
  dependencies: Dependencies,
  phase: PhaseContext,
  observations: readonly ProxyObservation[],
): Promise<Finding[]> {
  const namespaces = rehearsalNamespaces(observations, phase.linkerd.namespace);
  const wrong = await firstWrongRehearsal(dependencies, phase, namespaces);
  return wrong ? [injectionBroken(wrong.namespace, wrong.problem)] : [];
}

/** Verifies that what this rotation has written still stands. */
async function withReversions(
  dependencies: Dependencies,
  phase: PhaseContext,
  result: GateResult,
): Promise<GateResult> {
  const found = await reversions(dependencies, phase);
  return found.length === 0 ? result : { ...result, passed: false, reverted: capped(found, SHOWN_FINDINGS).shown };
}
