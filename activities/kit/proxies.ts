import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { observeProxies, unasked } from '../../src/linkerd/proxies/observe.js';
import { judgedOf, judgedPods } from '../../src/linkerd/proxies/judged-pods.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { Waiver } from '../../src/rotation/findings.js';
import { isProxyWaived } from '../../src/rotation/gates.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';

type Gated = Pick<PhaseContext, 'linkerd' | 'evidence'> & { row: Pick<PhaseContext['row'], 'whose'> };

/** Those that the gate of a phase is about. */
export async function gatedPods(k8s: Kubernetes, phase: Gated): Promise<MeshedPod[]> {
  return ofGate(await judgedPods(k8s, phase.linkerd.namespace, phase.evidence), phase);
}

/** The same, of pods that are known. */
export function gatedOf(pods: readonly MeshedPod[], phase: Gated): MeshedPod[] {
  return ofGate(judgedOf(pods, phase.evidence.anchors), phase);
}

function ofGate(pods: MeshedPod[], { row }: Gated): MeshedPod[] {
  return row.whose === 'identity' ? pods.filter(({ component }) => component === 'identity') : pods;
}

const WAIVED = 'not looked at: it is waived';

type Probed = Pick<PhaseContext, 'roots' | 'linkerd' | 'evidence' | 'requirement' | 'target'>;

/**
 * Reads of each proxy what the gate of the phase needs. One that falls short by its anchors is not
 * asked for its leaf. Those that somebody has waived are not spoken to: a proxy that does
 * harm to whoever asks it is waived.
 */
export async function probe(
  { k8s, prober }: Dependencies,
  { roots, linkerd, evidence, requirement, target }: Probed,
  pods: readonly MeshedPod[],
  isWaived: (pod: MeshedPod) => boolean,
): Promise<ProxyObservation[]> {
  const isTold = (observation: ProxyObservation): boolean => {
    const shortfall = requirement(observation, target);
    return shortfall !== undefined && !shortfall.unproven;
  };
  const question = { ...evidence, roots, linkerd, isTold };
  const seen = await observeProxies(
    k8s,
    prober,
    pods.filter((pod) => !isWaived(pod)),
    question,
  );
  return [...seen, ...pods.filter(isWaived).map((pod) => ({ ...unasked(pod), problem: WAIVED }))];
}

/** Whether waivers cover a pod: its own, or that of its workload or namespace. */
export function waivedBy(waivers: readonly Waiver[]): (pod: MeshedPod) => boolean {
  return (pod) => isProxyWaived({ ...pod, pod: pod.name }, waivers);
}

/** What each process of the mesh trusts; nobody is asked for a certificate. */
export async function observeAnchors(dependencies: Dependencies, linkerd: Linkerd): Promise<ProxyObservation[]> {
  return await anchorsOf(
    dependencies,
    linkerd,
    await judgedPods(dependencies.k8s, linkerd.namespace, { anchors: true }),
  );
}

/** The same, of pods that are known. */
export async function anchorsOf(
  { k8s, prober }: Dependencies,
  linkerd: Linkerd,
  pods: readonly MeshedPod[],
): Promise<ProxyObservation[]> {
  return await observeProxies(k8s, prober, pods, { anchors: true, leaf: false, roots: [], linkerd });
}
