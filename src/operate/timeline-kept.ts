import { z } from 'zod';
import type { Kubernetes } from '../kubernetes/client.js';
import { readTimeline, writeTimeline } from '../records/timeline.js';
import { HOLDINGS, MOST_SAMPLES, type Sample, totalOf } from '../rotation/census.js';
import type { MeshSeen, RotationSeen } from '../rotation/overview.js';
import type { Problems } from './problems.js';
import { nextTimeline, type Timeline } from './timeline.js';
import type { Holder } from './rotation-seen.js';

/** The timeline in the cluster, which every replica reads and writes. */
export interface TimelineKeeper {
  /** Adds a point, if it is time for one; returns all there are. */
  add(namespace: string, mesh: MeshSeen, rotation: RotationSeen | undefined): Promise<Sample[]>;
  /** Whose it is, once it has been read. */
  owner(): Holder | undefined;
}

const counts = z.object(Object.fromEntries(HOLDINGS.map((holding) => [holding, z.number()])));
/** Whoever may write the ConfigMap may have written anything. */
const schema = z.object({
  workflowId: z.string().max(1000),
  runId: z.string().max(100),
  samples: z
    .array(z.object({ at: z.iso.datetime(), phase: z.string().max(100).optional(), trusts: counts, presents: counts }))
    .max(2 * MOST_SAMPLES),
});

const PART = 'The timeline';

export function timelineKeeper(k8s: Kubernetes, intervalMs: number, problems: Problems): TimelineKeeper {
  /** Where it cannot be kept in the cluster it is kept here. */
  let known: Timeline | undefined;
  const exchange = async (namespace: string, next: (stored: Timeline | undefined) => Timeline | undefined) => {
    const read = await readTimeline(k8s, namespace);
    const stored = timelineOf(read.value);
    known = stored ?? known;
    const wanted = next(known);
    if (!wanted) return;
    known = wanted;
    if (await writeTimeline(k8s, namespace, read, wanted)) return;
    known = timelineOf((await readTimeline(k8s, namespace)).value) ?? known; // another replica was quicker
  };
  return {
    owner: () => known && { ...known, temporalNamespace: '' },
    add: async (namespace, { at, namespaces }, rotation) => {
      if (rotation && !rotation.status) return known?.samples ?? []; // nobody says in which phase this is
      const phase = rotation?.status?.phase;
      const totals = { trusts: totalOf(namespaces, 'trusts'), presents: totalOf(namespaces, 'presents') };
      const sample: Sample = { at, ...(phase === undefined ? {} : { phase }), ...totals };
      const next = (stored: Timeline | undefined) => nextTimeline(stored, { owner: rotation, sample, intervalMs });
      await problems.attempt(PART, async () => await exchange(namespace, next));
      return known?.samples ?? [];
    },
  };
}

function timelineOf(value: unknown): Timeline | undefined {
  const result = schema.safeParse(value);
  return result.success ? (result.data as Timeline) : undefined;
}
