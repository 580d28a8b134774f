import type { Client } from '@temporalio/client';
import { plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import { clusterNow } from '../kubernetes/clock.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { detectLinkerd, type Linkerd } from '../linkerd/detect.js';
import type { Prober } from '../linkerd/proxies/observe.js';
import { holderOf, readLease } from '../records/lease.js';
import { readReport } from '../records/report.js';
import type { Sample } from '../rotation/census.js';
import type { CertificateSeen, MeshSeen, Overview, ProbesSeen, RotationSeen } from '../rotation/overview.js';
import { isReport, type RotationReport } from '../rotation/report.js';
import type { ScheduledWatch } from '../rotation/scheduled-watch.js';
import type { WatchStatus } from '../rotation/watch-status.js';
import { leafMemory } from './leaf-memory.js';
import { restMs } from './look-due.js';
import { meshReader } from './mesh-seen.js';
import { readProbes } from './probes-seen.js';
import { problemList, type Problems } from './problems.js';
import { type Holder, named, rotationReader } from './rotation-seen.js';
import { timelineKeeper } from './timeline-kept.js';
import { watchReader } from './watch-seen.js';

/** From where an overview is gathered. */
export interface Sources {
  k8s: Kubernetes;
  prober: Prober;
  /** Absent: nobody is asked how the rotation stands. */
  temporal?: Client | undefined;
  cluster: string;
  /** Of reroot. */
  version: string;
  /** Absent: it is looked for. */
  linkerdNamespace?: string | undefined;
  /** URL that answers `{"handshakes":n,"refused":n,"closed":n}`. */
  probeResults?: string | undefined;
  /** Milliseconds between two points of the timeline at the least. */
  lookIntervalMs: number;
}

/** What is known by now, and the two ways to know more. Neither throws: what cannot be read is among the problems. */
export interface Gatherer {
  overview(): Overview;
  /** Phase of the rotation under way, as asked last. */
  phase(): string | undefined;
  isRotating(): boolean;
  /** How the rotation stands: a few requests. */
  ask(): Promise<void>;
  /**
   * The mesh, and what is stored: a list of all meshed pods, and a word with some of them.
   * @param signal ends it at once
   * @returns whether the mesh was seen
   */
  look(signal: AbortSignal): Promise<boolean>;
}

/** What has been read; what could not be read again stays as it was. */
interface Known {
  linkerd?: Linkerd;
  rotation?: RotationSeen | undefined;
  /** As it was when it was last seen under way. */
  underWay?: RotationSeen;
  watch?: WatchStatus | undefined;
  schedule?: ScheduledWatch | undefined;
  probes?: ProbesSeen | undefined;
  report?: RotationReport | undefined;
  mesh?: MeshSeen;
  certificates: CertificateSeen[];
  timeline: Sample[];
}

/** Everything once, for whoever looks once. */
export async function gatherOverview(sources: Sources): Promise<Overview> {
  const gathered = gatherer(sources);
  await gathered.ask();
  await gathered.look(new AbortController().signal);
  return gathered.overview();
}

export function gatherer(sources: Sources): Gatherer {
  const { k8s, cluster, version, linkerdNamespace } = sources;
  const problems = problemList();
  const known: Known = { certificates: [], timeline: [] };
  const mesh = meshReader({ ...sources, leaves: leafMemory(k8s) }, problems);
  const timeline = timelineKeeper(k8s, problems);
  const asker = rotationAsker(sources, known, problems);
  const isRotating = () => isUnderWay(known.rotation);
  const phase = () => (isRotating() ? known.rotation?.status?.phase : undefined);
  const detect = async () => {
    await problems.attempt('Linkerd', async () => (known.linkerd = await detectLinkerd(k8s, linkerdNamespace)));
    return known.linkerd;
  };
  const report = async ({ namespace }: Linkerd) => {
    await problems.attempt('The last report', async () => (known.report = await lastReport(k8s, namespace)));
  };
  return {
    phase,
    isRotating,
    overview: () => ({
      ...{ at: clusterNow(k8s).toISOString(), cluster, apiServer: plain(k8s.server), version },
      linkerdNamespace: known.linkerd?.namespace ?? linkerdNamespace ?? '',
      ...present({ rotation: known.rotation, watch: known.watch, schedule: known.schedule, mesh: known.mesh }),
      ...{ timeline: known.timeline, certificates: known.certificates },
      ...present({ probes: known.probes, report: known.report }),
      problems: problems.all(),
    }),
    ask: async () => {
      const linkerd = known.linkerd ?? (await detect());
      const wasRotating = isRotating();
      await asker(linkerd, timeline.owner());
      if (known.rotation && isRotating()) known.underWay = known.rotation;
      if (linkerd && wasRotating && !isRotating()) await report(linkerd); // before anybody is told that it is over
    },
    look: async (signal) => {
      const linkerd = await detect();
      if (!linkerd) return false;
      const rotation = known.underWay && { ...known.underWay, isOver: !isRotating() };
      const [seen] = await Promise.all([mesh({ linkerd, rotation, signal }), report(linkerd)]);
      known.certificates = seen.certificates ?? known.certificates;
      if (!seen.mesh || !seen.sample) return false;
      known.mesh = seen.mesh;
      const intervalMs = restMs(seen.mesh.seconds * 1000, sources.lookIntervalMs);
      known.timeline = await timeline.add(linkerd.namespace, { sample: seen.sample, intervalMs }, rotation);
      return true;
    },
  };
}

/** One without a status is: nobody says that it has ended. */
function isUnderWay(rotation: RotationSeen | undefined): boolean {
  return rotation !== undefined && (rotation.status === undefined || rotation.status.outcome === 'running');
}

/** Asks for the rotation that has the Lease, for the watch, and for the results of probes. */
function rotationAsker({ k8s, temporal, cluster, probeResults }: Sources, known: Known, problems: Problems) {
  const reader = rotationReader(temporal, problems);
  const watch = temporal && watchReader({ client: temporal }, cluster);
  const ofWatch = async () => ({ status: known.watch, schedule: known.schedule } = (await watch?.()) ?? {});
  let last: Holder | undefined;
  const ofLease = async ({ namespace }: Linkerd): Promise<void> => {
    const lease = await readLease(k8s, namespace);
    if (lease) last = holderOf(lease);
    if (!last) return;
    const [holder, isHeld] = [last, lease !== undefined];
    if (isHeld && known.rotation?.runId !== named(holder).runId) known.rotation = named(holder);
    await problems.attempt('The rotation', async () => (known.rotation = await reader.read(holder, isHeld)));
  };
  return async (linkerd: Linkerd | undefined, remembered: Holder | undefined): Promise<void> => {
    last ??= remembered;
    await Promise.all([
      linkerd && problems.attempt('The Lease', async () => await ofLease(linkerd)),
      watch && problems.attempt('The watch', ofWatch),
      probeResults &&
        problems.attempt('The results of the probes', async () => (known.probes = await readProbes(probeResults))),
    ]);
  };
}

async function lastReport(k8s: Kubernetes, namespace: string): Promise<RotationReport | undefined> {
  const found = await readReport(k8s, namespace);
  if (!isReport(found)) return undefined;
  const { finishedAt, phases, approvals, notes } = found as Partial<RotationReport>;
  return typeof finishedAt === 'string' && [phases, approvals, notes].every(Array.isArray) ? found : undefined;
}
