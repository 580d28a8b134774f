import type { Kubernetes } from '../src/kubernetes/client.js';
import { listWorkloads } from '../src/kubernetes/workloads.js';
import { lastForeignWriter } from '../src/linkerd/layouts/fields.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { type Location, locationName } from '../src/linkerd/layouts/layout.js';
import { ISSUER_SECRET } from '../src/linkerd/names.js';
import { observeProxies, type Prober } from '../src/linkerd/proxies/observe.js';
import { listMeshedPods, type MeshedPod } from '../src/linkerd/proxies/pods.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import { type Finding, isWaived } from '../src/rotation/findings.js';
import { GOALS, proxyGate, type Requirement } from '../src/rotation/gates.js';
import type { ProxyObservation } from '../src/ground/mesh.js';
import type { GateResult, PhaseInput } from '../src/rotation/payloads.js';
import { concernsIdentityAlone, goalOf, isRetired, issuerDuring } from '../src/rotation/strategies.js';
import { type Bearings, type Dependencies, takeBearings } from './kit/dependencies.js';
import { reportProgress } from './kit/heartbeat.js';
import { issuerStateOf } from './kit/issuer-states.js';
import { workloadReading } from './kit/templates.js';

/** Findings that travel in a result; the counts cover all. */
const SHOWN_FINDINGS = 20;
/** New pods are re-proved; a mesh whose pods change faster than they can be looked at is not given a pass. */
const MOST_SCANS = 10;

/**
 * The gate of a phase over every live proxy of the cluster. It must hold for each pod of a list and then of a second
 * list: pods born in between are proven too, so none slips through.
 */
export async function checkGate(dependencies: Dependencies, input: PhaseInput): Promise<GateResult> {
  const bearings = await takeBearings(dependencies, input);
  const proven = new Map<string, ProxyObservation>();
  for (let scan = 1; ; scan += 1) {
    const pods = (await livePods(dependencies.k8s, bearings.linkerd.namespace)).filter((pod) => isGated(pod, input));
    const fresh = pods.filter(({ uid }) => !proven.has(uid));
    const observations = await probe(dependencies, bearings, input, fresh);
    const result = judge([...kept(proven, pods), ...observations], bearings, input);
    reportProgress({ phase: input.phase, scan, proxies: result.proxies, proven: result.proven });
    if (!result.passed) return await withReversions(dependencies, bearings, input, result);
    const settled = scan > 1 && fresh.length === 0;
    if (settled || scan >= MOST_SCANS) {
      const templates = await staleTemplates(dependencies, bearings, input);
      const passed = settled && templates.length === 0;
      return await withReversions(dependencies, bearings, input, {
        ...result,
        passed,
        namespaces: countByNamespace(templates),
        findings: templates.slice(0, SHOWN_FINDINGS),
      });
    }
    for (const observation of observations) proven.set(observation.uid, observation);
  }
}

/** Pods whose proxy runs or may run: those without an address have not been started. */
export async function livePods(k8s: Kubernetes, controlPlane: string, namespace?: string): Promise<MeshedPod[]> {
  const pods = await listMeshedPods(k8s, controlPlane, namespace);
  return pods.filter(({ address }) => address !== undefined);
}

export async function probe(
  { k8s, prober }: { k8s: Kubernetes; prober: Prober },
  { roots, linkerd }: Pick<Bearings, 'roots' | 'linkerd'>,
  { phase, course }: Pick<PhaseInput, 'phase' | 'course'>,
  pods: readonly MeshedPod[],
): Promise<ProxyObservation[]> {
  return await observeProxies(k8s, prober, pods, { ...GOALS[goalOf(course, phase)].evidence, roots, linkerd });
}

/** What every proxy has to show in a phase. */
export function requirementOf({ course, phase }: Pick<PhaseInput, 'phase' | 'course'>): Requirement {
  return GOALS[goalOf(course, phase)].requirement;
}

/** Some gates are about identity alone: its replicas' own proxies got their leaves from themselves. */
export function isGated(pod: MeshedPod, { phase, course }: PhaseInput): boolean {
  return !concernsIdentityAlone(phase, goalOf(course, phase)) || pod.component === 'identity';
}

function kept(proven: Map<string, ProxyObservation>, pods: readonly MeshedPod[]): ProxyObservation[] {
  return pods.map(({ uid }) => proven.get(uid)).filter((observation) => observation !== undefined);
}

function countByNamespace(findings: readonly Finding[]): GateResult['namespaces'] {
  const outdated = new Map<string, number>();
  for (const { subject } of findings) {
    const namespace = subject.name.split('/')[0] ?? '';
    outdated.set(namespace, (outdated.get(namespace) ?? 0) + 1);
  }
  return [...outdated].map(([name, count]) => ({ name, outdated: count }));
}

/**
 * Templates that would make pods with the wrong anchors, though no such pod lives now: scaled to zero, or the next run of
 * a CronJob. Looked for when every proxy is right, so that it costs a list of each kind once a phase.
 */
async function staleTemplates({ k8s }: Dependencies, bearings: Bearings, input: PhaseInput): Promise<Finding[]> {
  if (input.phase !== 'trust' && input.phase !== 'retire') return [];
  const workloads = await listWorkloads(k8s, undefined, workloadReading(bearings, input));
  return workloads
    .filter(({ edits }) => edits.length > 0)
    .map(({ namespace, kind, name }) => ({
      reason: 'StaleTemplate',
      severity: 'block' as const,
      message: 'the anchors written out in its pod template are not those of this phase',
      subject: { kind: 'workload' as const, name: `${namespace}/${kind}/${name}` },
    }))
    .filter(({ subject }) => !isWaived(subject, input.waivers));
}

/** Verifies that what this rotation has written still stands. */
async function withReversions(
  { k8s }: Dependencies,
  { linkerd, target, rotation }: Bearings,
  { phase, course }: PhaseInput,
  result: GateResult,
): Promise<GateResult> {
  const reverted: Finding[] = [];
  const name = async (location: Location, what: string): Promise<void> => {
    const writer = await lastForeignWriter(k8s, linkerd.namespace, location);
    reverted.push({
      reason: 'Reverted',
      severity: 'block',
      message: `${what}; last written by ${writer}`,
      subject: { kind: 'object', name: locationName(location) },
      hint: 'stop that writer (or change what it writes from), then `resume`',
    });
  };
  for (const { location, certificates } of await readAnchors(k8s, linkerd)) {
    const fingerprints = certificates.map(({ fingerprint }) => fingerprint);
    const [taken, left] = course.direction === 'back' ? ['old', 'new'] : ['new', 'old'];
    if (!fingerprints.includes(target.root)) await name(location, `the ${taken} root is gone from it`);
    else if (isRetired(course, phase) && fingerprints.some((anchor) => target.retire.includes(anchor))) {
      await name(location, `the ${left} root is in it again`);
    }
  }
  const state = issuerDuring(course, phase);
  if (state !== undefined && issuerStateOf(await readIssuer(k8s, linkerd), rotation) !== state) {
    const location = { kind: 'Secret', name: ISSUER_SECRET, key: 'certificate', optional: false } as const;
    await name(location, 'it holds another issuer again');
  }
  return reverted.length === 0 ? result : { ...result, passed: false, reverted };
}

function judge(observations: ProxyObservation[], { target }: Bearings, input: PhaseInput): GateResult {
  const requirement = requirementOf(input);
  const { waivers } = input;
  const all = proxyGate(observations, target, requirement, []);
  const findings = proxyGate(observations, target, requirement, waivers);
  return {
    passed: findings.length === 0,
    proxies: observations.length,
    proven: observations.length - all.length,
    waived: all.length - findings.length,
    namespaces: countByNamespace(findings),
    reverted: [],
    findings: findings.slice(0, SHOWN_FINDINGS),
  };
}
