import { type Sample, withSample } from '../rotation/census.js';

/** The points of one rotation, as ConfigMap reroot-timeline keeps them. */
export interface Timeline {
  workflowId: string;
  /** Of its first run. */
  runId: string;
  samples: Sample[];
}

export type Owner = Pick<Timeline, 'workflowId' | 'runId'>;

/** Parts of a rotation's length between two points: fewer than fit, so that phases have room. */
const PARTS = 200;

/**
 * A timeline with one more point; undefined: there is nothing to write, because another replica has just done so, or no
 * rotation is under way. Each begins its own; the first point after its end is its last.
 * @param owner the rotation under way
 * @param intervalMs between two points at the least
 */
export function nextTimeline(
  stored: Timeline | undefined,
  { owner, sample, intervalMs }: { owner: Owner | undefined; sample: Sample; intervalMs: number },
): Timeline | undefined {
  if (owner && !isOf(stored, owner)) return { ...owner, samples: [sample] };
  const newest = stored?.samples.at(-1);
  if (!stored || !newest || (!owner && newest.phase === undefined)) return undefined;
  if (newest.phase === sample.phase && isYoung(stored, sample, intervalMs)) return undefined;
  return { ...stored, samples: withSample(stored.samples, sample) };
}

export function isOf(stored: Timeline | undefined, { workflowId, runId }: Owner): stored is Timeline {
  return stored?.workflowId === workflowId && stored.runId === runId;
}

function isYoung({ samples }: Timeline, { at }: Sample, intervalMs: number): boolean {
  const [first, last] = [samples[0], samples.at(-1)].map((one) => Date.parse(one?.at ?? ''));
  const now = Date.parse(at);
  return now - (last ?? now) < Math.max(intervalMs, ((last ?? now) - (first ?? now)) / PARTS);
}
