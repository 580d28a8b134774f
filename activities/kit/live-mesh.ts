import type { Kubernetes } from '../../src/kubernetes/client.js';
import { type Mirror, mirror } from '../../src/kubernetes/mirror.js';
import type { Workload, WorkloadReading } from '../../src/kubernetes/workload.js';
import { isWorkloadKind, listWorkloads, WORKLOAD_KINDS, workloadSource } from '../../src/kubernetes/workloads.js';
import { listMeshedPods } from '../../src/linkerd/proxies/list-pods.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { Dependencies } from './dependencies.js';
import { livePods } from './live-pods.js';

/** Controllers and meshed pods of the whole cluster, looked at again and again. */
export interface MeshLook {
  workloads: Workload[];
  pods: MeshedPod[];
}

export interface LiveMesh {
  /** As far as the API server has told: it may be behind, and pods and controllers are not of one moment. */
  look(): Promise<MeshLook>;
  /** Every look is fresh. */
  isFresh: boolean;
  /** Asked for now. Controllers first: what one calls rolled out, the pods listed after it show. */
  fresh(): Promise<MeshLook>;
}

interface Which {
  controlPlane: string;
  reading: WorkloadReading;
  signal: AbortSignal;
}

/** Kinds of which a mesh always has some; the others are watched when there is something to do for one of them. */
const USUAL = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Lists once and watches from then on; where it may not watch, every look is a list. */
export async function liveMesh({ k8s }: Pick<Dependencies, 'k8s'>, which: Which): Promise<LiveMesh> {
  const { controlPlane, reading, signal } = which;
  const fresh = async (): Promise<MeshLook> => {
    const workloads = await listWorkloads(k8s, undefined, reading);
    return { workloads, pods: await listMeshedPods(k8s, controlPlane) };
  };
  const pods = await livePods({ k8s }, controlPlane, signal);
  if (pods.isFresh) return { look: fresh, fresh, isFresh: true };
  const watched = watchedKinds(USUAL, { k8s, reading, signal });
  let others: Workload[] | undefined;
  return {
    fresh,
    isFresh: false,
    look: async () => {
      others ??= await listWorkloads(k8s, undefined, reading, othersThan(USUAL));
      const workloads = await watched.look();
      const meshed = await pods.look();
      const isNew = watched.add([...kindsOf(meshed), ...others.filter(isTouched).map(({ kind }) => kind)]);
      return { workloads: isNew ? await watched.look() : workloads, pods: meshed };
    },
  };
}

/** Something has been done for it, or is to be, whether it has proxies or not. */
function isTouched({ edits, mark, objectMark, restartedAt }: Workload): boolean {
  return edits.length > 0 || (mark ?? objectMark ?? restartedAt) !== undefined;
}

function kindsOf(pods: readonly MeshedPod[]): string[] {
  return [...new Set(pods.map(({ workload }) => workload.kind))].filter(isWorkloadKind);
}

function othersThan(kinds: readonly string[]): Set<string> {
  return new Set(WORKLOAD_KINDS.filter((kind) => !kinds.includes(kind)));
}

interface Watching {
  k8s: Kubernetes;
  reading: WorkloadReading;
  signal: AbortSignal;
}

function watchedKinds(kinds: readonly string[], { k8s, reading, signal }: Watching) {
  const mirrors = new Map<string, Mirror<Workload>>();
  const open = (kind: string): void => {
    const source = workloadSource(k8s, kind, reading);
    if (source) mirrors.set(kind, mirror(k8s, source, signal));
  };
  for (const kind of kinds) open(kind);
  return {
    look: async (): Promise<Workload[]> =>
      (await Promise.all([...mirrors.values()].map(async (one) => await one.look()))).flat(),
    /** @returns whether there is one that was not watched before */
    add: (wanted: readonly string[]): boolean => {
      const added = new Set(wanted.filter((kind) => !mirrors.has(kind)));
      for (const kind of added) open(kind);
      return added.size > 0;
    },
  };
}
