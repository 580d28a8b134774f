import { createHash } from 'node:crypto';
import type { Linkerd } from '../src/linkerd/detect.js';
import type { MeshedPod } from '../src/linkerd/pods.js';
import { listMeshedPods } from '../src/linkerd/pods.js';
import { readAnchors } from '../src/linkerd/stores.js';
import type { RotationSettings } from '../src/rotation/input.js';
import { workloadName } from '../src/rotation/mesh.js';
import { type Plan, ROLLOUTS } from '../src/rotation/plan.js';
import type { StepInput } from '../src/rotation/steps.js';
import { type Dependencies, takeBearings } from './dependencies.js';

/** The plan as the cluster is now; approval asks for the hash of a fresh one. */
export async function makePlan({ k8s }: Dependencies, input: StepInput): Promise<Plan> {
  const { linkerd, target } = await takeBearings({ k8s } as Dependencies, input);
  const [authoritative] = await readAnchors(k8s, linkerd);
  const pods = await listMeshedPods(k8s, linkerd.namespace);
  const keep = authoritative.certificates
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => fingerprint !== target.root && !target.retire.includes(fingerprint));
  return planOf(input.settings, linkerd, pods, { retire: target.retire, keep, target: target.root });
}

export function planOf(
  settings: RotationSettings,
  linkerd: Linkerd,
  pods: readonly MeshedPod[],
  anchors: Pick<Plan, 'retire' | 'keep' | 'target'>,
): Plan {
  const names = new Map<string, { workloads: Set<string>; proxies: number }>();
  for (const pod of pods) {
    const entry = names.get(pod.namespace) ?? { workloads: new Set(), proxies: 0 };
    entry.workloads.add(workloadName(pod.workload));
    entry.proxies += 1;
    names.set(pod.namespace, entry);
  }
  const namespaces = [...names]
    .map(([name, { workloads, proxies }]) => ({ name, workloads: workloads.size, proxies }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  const workloads = [...names.values()].flatMap((entry) => [...entry.workloads]).toSorted();
  const { cluster, strategy } = settings;
  // Replica counts are left out: a mesh that scales while it waits for approval is still the mesh that was approved.
  const decided = { cluster, linkerdNamespace: linkerd.namespace, strategy, ...anchors, workloads };
  return {
    cluster,
    linkerdNamespace: linkerd.namespace,
    strategy,
    rollouts: ROLLOUTS[strategy],
    namespaces,
    proxies: pods.length,
    workloads: workloads.length,
    ...anchors,
    hash: createHash('sha256').update(JSON.stringify(decided)).digest('hex').slice(0, 16),
  };
}
