import { createHash } from 'node:crypto';
import type { Linkerd } from '../src/linkerd/detect.js';
import type { MeshedPod } from '../src/linkerd/proxies/pods.js';
import { listMeshedPods } from '../src/linkerd/proxies/pods.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import type { RotationSettings } from '../src/rotation/input.js';
import { workloadName } from '../src/ground/mesh.js';
import { type Pace, type Plan, planPhases } from '../src/rotation/plan.js';
import { forcedRollouts, type Strategy } from '../src/rotation/strategies.js';
import type { StepInput } from '../src/rotation/payloads.js';
import { type Dependencies, takeBearings } from './kit/dependencies.js';

/** The plan as the cluster is now; approval asks for the hash of a fresh one. */
export async function makePlan({ k8s }: Dependencies, input: StepInput): Promise<Plan> {
  const { linkerd, target } = await takeBearings({ k8s } as Dependencies, input);
  const [authoritative] = await readAnchors(k8s, linkerd);
  const pods = await listMeshedPods(k8s, linkerd.namespace);
  const keep = authoritative.certificates
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => fingerprint !== target.root && !target.retire.includes(fingerprint));
  return planOf(input.settings, input.course.strategy, linkerd, pods, {
    retire: target.retire,
    keep,
    target: target.root,
  });
}

export function planOf(
  settings: RotationSettings,
  strategy: Strategy,
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
  const workloadNames = [...names.values()].flatMap((entry) => [...entry.workloads]).toSorted();
  const { cluster, leafRenewal } = settings;
  const { retire, keep } = anchors;
  // Replica counts are left out: a mesh that scales while it waits for approval is still the mesh that was approved. The
  // target too: the plan of a dry run, before there is one, is the plan that is approved.
  const decided = { cluster, linkerdNamespace: linkerd.namespace, strategy, retire, keep, workloads: workloadNames };
  return {
    cluster,
    linkerdNamespace: linkerd.namespace,
    strategy,
    rollouts: forcedRollouts({ strategy, leafRenewal }),
    phases: planPhases(settings, strategy, paceOf(linkerd, pods)),
    namespaces,
    proxies: pods.length,
    workloads: workloadNames.length,
    workloadNames,
    ...anchors,
    hash: createHash('sha256').update(JSON.stringify(decided)).digest('hex').slice(0, 16),
  };
}

/** Where no pod tells how long it took to get ready. */
const UNKNOWN_START_MS = 30_000;
/** Kubernetes' default for Deployments: a quarter of the pods at a time (maxSurge). */
const TURNS_OF_A_ROLLOUT = 4;

export function paceOf(linkerd: Linkerd, pods: readonly MeshedPod[]): Pace {
  const starts = pods.flatMap(({ startMs }) => (startMs === undefined ? [] : [startMs])).toSorted((a, b) => a - b);
  const sizes = new Map<string, Map<string, number>>();
  for (const { namespace, workload } of pods) {
    const ofNamespace = sizes.get(namespace) ?? new Map<string, number>();
    const name = workloadName(workload);
    sizes.set(namespace, ofNamespace.set(name, (ofNamespace.get(name) ?? 0) + 1));
  }
  const turns = [...sizes].map(([namespace, workloads]) => ({
    namespace,
    turns: [...workloads.values()].reduce((sum, size) => sum + Math.min(size, TURNS_OF_A_ROLLOUT), 0),
  }));
  return {
    podStartMs: starts[Math.floor(starts.length / 2)] ?? UNKNOWN_START_MS,
    leafLifeMs: linkerd.leafLifeMs,
    controlPlaneWorkloads: sizes.get(linkerd.namespace)?.size ?? 0,
    turns: turns.filter(({ namespace }) => namespace !== linkerd.namespace),
  };
}
