import { beforeEach, describe, expect, it } from 'vitest';
import { problemList } from '../../../src/operate/problems.js';
import { nextTimeline, type Timeline } from '../../../src/operate/timeline.js';
import { timelineKeeper } from '../../../src/operate/timeline-kept.js';
import { readTimeline, writeTimeline } from '../../../src/records/timeline.js';
import { noCounts, type Sample } from '../../../src/rotation/census.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import { FakeCluster } from '../activities/cluster.js';

const START = Date.parse('2026-01-01T00:00:00Z');
const point = (seconds: number): Omit<Sample, 'phase'> => ({
  at: new Date(START + seconds * 1000).toISOString(),
  ...{ trusts: noCounts(), presents: noCounts() },
});
const sample = (seconds: number, phase?: string): Sample => ({ ...point(seconds), ...(phase ? { phase } : {}) });
const OWNER = { workflowId: 'w', runId: 'r' };

describe('the next point of a timeline', () => {
  const of = (...samples: Sample[]): Timeline => ({ ...OWNER, samples });
  const next = (stored: Timeline | undefined, one: Sample, change = {}) =>
    nextTimeline(stored, { owner: OWNER, isOver: false, sample: one, intervalMs: 15_000, ...change });

  it('is the first of a rotation that has none', () => {
    expect(next(undefined, sample(0, 'trust'))).toEqual(of(sample(0, 'trust')));
    expect(next({ ...of(sample(0)), runId: 'earlier' }, sample(9, 'trust'))).toEqual(of(sample(9, 'trust')));
  });
  it('is not written when another replica has written one within the interval', () => {
    expect(next(of(sample(0, 'trust')), sample(14.9, 'trust'))).toBeUndefined();
    expect(next(of(sample(0, 'trust')), sample(15, 'trust'))?.samples).toHaveLength(2);
  });
  it('is not written when the newest is of a clock that is ahead', () => {
    expect(next(of(sample(60, 'trust')), sample(30, 'trust'))).toBeUndefined();
  });
  it('is written at once when the phase is another', () => {
    expect(next(of(sample(0, 'trust')), sample(1, 'renew'))?.samples).toHaveLength(2);
  });
  it('comes more seldom the longer a rotation lasts', () => {
    const day = 86_400;
    const long = of(sample(0, 'renew'), sample(day, 'renew'));
    expect(next(long, sample(day + 400, 'renew'))).toBeUndefined();
    expect(next(long, sample(day + 432, 'renew'))?.samples).toHaveLength(3);
  });
  it('is the last of a rotation that is over, and once', () => {
    const isOver = true;
    const closed = next(of(sample(0, 'finish')), sample(1), { isOver });
    expect(closed).toEqual(of(sample(0, 'finish'), sample(1)));
    expect(next(closed, sample(500), { isOver })).toBeUndefined();
    expect(next(undefined, sample(1), { isOver })).toBeUndefined();
    expect(next({ ...of(sample(0, 'trust')), runId: 'another' }, sample(1), { isOver })).toBeUndefined();
  });
});

describe('the timeline in the cluster', () => {
  let cluster: FakeCluster;
  beforeEach(() => {
    cluster = new FakeCluster();
    cluster.put('ConfigMap/reroot-timeline', {});
  });
  const seen = (seconds: number) => ({ sample: point(seconds), intervalMs: 15_000 });
  const rotation = (phase: string, isOver = false) => ({ ...OWNER, isOver, status: { phase } as RotationStatus });
  const stored = async () => (await readTimeline(cluster.k8s, 'linkerd')).value as Timeline;

  it('is the same for two replicas, and goes on in a third', async () => {
    const [one, other] = [0, 1].map(() => timelineKeeper(cluster.k8s, problemList()));
    await one?.add('linkerd', seen(0), rotation('trust'));
    const shown = await other?.add('linkerd', seen(1), rotation('trust'));
    expect(shown).toEqual([sample(0, 'trust')]);
    expect(cluster.writes).toEqual(['patch ConfigMap/reroot-timeline']);
    const third = timelineKeeper(cluster.k8s, problemList());
    expect(await third.add('linkerd', seen(20), rotation('trust'))).toEqual([sample(0, 'trust'), sample(20, 'trust')]);
    expect(third.owner()).toMatchObject(OWNER);
    await third.add('linkerd', seen(21), rotation('finish', true));
    expect((await stored()).samples.map(({ phase }) => phase)).toEqual(['trust', 'trust', undefined]);
  });
  it('is that of whoever was quicker', async () => {
    const read = await readTimeline(cluster.k8s, 'linkerd');
    expect(await writeTimeline(cluster.k8s, 'linkerd', read, { first: true })).toBe(true);
    expect(await writeTimeline(cluster.k8s, 'linkerd', read, { second: true })).toBe(false);
    expect(await stored()).toEqual({ first: true });
  });
  it('is begun anew where somebody has written something else', async () => {
    cluster.put('ConfigMap/reroot-timeline', {
      data: { 'timeline.json': '{"workflowId":"w","runId":"r","samples":"x"}' },
    });
    const keeper = timelineKeeper(cluster.k8s, problemList());
    expect(await keeper.add('linkerd', seen(0), rotation('trust'))).toHaveLength(1);
    expect((await stored()).samples).toHaveLength(1);
  });
  it('is kept by the process alone where it may not be made, and says so', async () => {
    cluster.objects.delete('ConfigMap/reroot-timeline');
    cluster.mayCreate = false;
    const problems = problemList();
    const keeper = timelineKeeper(cluster.k8s, problems);
    await keeper.add('linkerd', seen(0), rotation('trust'));
    expect(await keeper.add('linkerd', seen(1), rotation('renew'))).toHaveLength(2);
    expect(problems.all()).toEqual([
      expect.stringMatching(/^The timeline cannot be read: ConfigMap linkerd\/reroot-timeline is not there/),
    ]);
    cluster.mayCreate = true;
    await keeper.add('linkerd', seen(2), rotation('retire'));
    expect(problems.all()).toEqual([]);
    expect((await stored()).samples).toHaveLength(3);
  });
  it('has no point while nobody says which phase it is', async () => {
    const keeper = timelineKeeper(cluster.k8s, problemList());
    expect(await keeper.add('linkerd', seen(0), { ...OWNER, isOver: false })).toEqual([]);
    expect(await keeper.add('linkerd', seen(0), undefined)).toEqual([]);
    expect(cluster.writes).toEqual([]);
  });
});
