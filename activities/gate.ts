import type { Kubernetes } from '../src/kubernetes/client.js';
import { observeProxies, type Prober } from '../src/linkerd/observe.js';
import { listMeshedPods, type MeshedPod } from '../src/linkerd/pods.js';
import { EVIDENCE, proxyGate, REQUIREMENTS } from '../src/rotation/gates.js';
import type { ProxyObservation } from '../src/rotation/mesh.js';
import type { GateResult, PhaseInput } from '../src/rotation/steps.js';
import { type Bearings, type Dependencies, takeBearings } from './dependencies.js';
import { reportProgress } from './envelope.js';

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
    if (!result.passed) return result;
    const settled = scan > 1 && fresh.length === 0;
    if (settled || scan >= MOST_SCANS) return { ...result, passed: settled };
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
  { root }: Pick<Bearings, 'root'>,
  { phase }: Pick<PhaseInput, 'phase'>,
  pods: readonly MeshedPod[],
): Promise<ProxyObservation[]> {
  return await observeProxies(k8s, prober, pods, { ...EVIDENCE[phase], roots: [root] });
}

/** The gate of `issue` is about identity alone: its replicas' own proxies got their leaves from themselves. */
function isGated(pod: MeshedPod, { phase }: PhaseInput): boolean {
  return phase !== 'issue' || pod.component === 'identity';
}

function kept(proven: Map<string, ProxyObservation>, pods: readonly MeshedPod[]): ProxyObservation[] {
  return pods.map(({ uid }) => proven.get(uid)).filter((observation) => observation !== undefined);
}

function judge(observations: ProxyObservation[], { target }: Bearings, { phase, waivers }: PhaseInput): GateResult {
  const requirement = REQUIREMENTS[phase];
  const all = proxyGate(observations, target, requirement, []);
  const findings = proxyGate(observations, target, requirement, waivers);
  const outdated = new Map<string, number>();
  for (const { subject } of findings) {
    const namespace = subject.name.split('/')[0] ?? '';
    outdated.set(namespace, (outdated.get(namespace) ?? 0) + 1);
  }
  return {
    passed: findings.length === 0,
    proxies: observations.length,
    proven: observations.length - all.length,
    waived: all.length - findings.length,
    namespaces: [...outdated].map(([name, count]) => ({ name, outdated: count })),
    findings: findings.slice(0, SHOWN_FINDINGS),
  };
}
