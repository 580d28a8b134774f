import { z } from 'zod';
import type { Kubernetes } from '../kubernetes/client.js';
import { readTimeline, writeTimeline } from '../records/timeline.js';
import { HOLDINGS, MOST_SAMPLES, type Sample } from '../rotation/census.js';
import type { RotationReport } from '../rotation/report.js';
import type { LookedFor } from './mesh-seen.js';
import type { Problems } from './problems.js';
import { nextTimeline, type Timeline } from './timeline.js';
import type { Holder } from './rotation-seen.js';

/** What a look has seen, and the milliseconds until the next: of several replicas one writes in that time. */
export interface Seen {
  sample: Omit<Sample, 'phase'>;
  intervalMs: number;
}

/** The timeline in the cluster, which every replica reads and writes. */
export interface TimelineKeeper {
  /** Adds a point, if it is time for one; returns all there are. */
  add(namespace: string, seen: Seen, rotation: LookedFor | undefined): Promise<Sample[]>;
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

export function timelineKeeper(k8s: Kubernetes, problems: Problems): TimelineKeeper {
  /** Where it cannot be kept in the cluster it is kept here. */
  let known: Timeline | undefined;
  const exchange = async (namespace: string, next: (stored: Timeline | undefined) => Timeline | undefined) => {
    const before = known;
    known = next(before) ?? before; // also where nothing can be read
    const read = await readTimeline(k8s, namespace);
    const stored = timelineOf(read.value);
    const wanted = next(stored ?? before);
    known = wanted ?? stored ?? before;
    if (!wanted || (await writeTimeline(k8s, namespace, read, wanted))) return;
    known = timelineOf((await readTimeline(k8s, namespace)).value) ?? known; // another replica was quicker
  };
  return {
    owner: () => known && { ...known, temporalNamespace: '' },
    add: async (namespace, { sample: seen, intervalMs }, rotation) => {
      const sample = sampleOf(seen, rotation);
      const next = (stored: Timeline | undefined) =>
        rotation && sample && nextTimeline(stored, { owner: rotation, isOver: rotation.isOver, sample, intervalMs });
      await problems.attempt(PART, async () => await exchange(namespace, next));
      return known?.samples ?? [];
    },
  };
}

/** The points of a rotation that has ended, as the cluster keeps them; none, where they are another's or cannot be read. */
export async function keptSamples(
  k8s: Kubernetes,
  { linkerdNamespace, workflowId, startedAt }: Pick<RotationReport, 'linkerdNamespace' | 'workflowId' | 'startedAt'>,
): Promise<Sample[]> {
  const read = await readTimeline(k8s, linkerdNamespace).catch(() => ({ value: undefined }));
  const kept = timelineOf(read.value);
  return kept?.workflowId === workflowId && (kept.samples[0]?.at ?? '') >= startedAt ? kept.samples : [];
}

/** @returns undefined when nobody says in which phase this is */
function sampleOf(seen: Omit<Sample, 'phase'>, rotation: LookedFor | undefined): Sample | undefined {
  if (rotation?.isOver) return seen;
  const phase = rotation?.status?.phase;
  return phase === undefined ? undefined : { ...seen, phase };
}

function timelineOf(value: unknown): Timeline | undefined {
  const result = schema.safeParse(value);
  return result.success ? (result.data as Timeline) : undefined;
}
