import { describe, expect, it } from 'vitest';
import { hashedPlan } from '../../../activities/kit/hashed-plan.js';
import { named } from '../../../activities/preflight.js';
import { capped } from '../../../src/rotation/capped.js';
import { planDifference } from '../../../src/rotation/plan.js';
import { shownNamespaces } from '../../../src/rotation/shown-namespaces.js';
import { type RotationStatus, statusMarkdown } from '../../../src/rotation/status.js';
import { showWaits, waitsOf } from '../../../src/rotation/waits.js';
import { addNote } from '../../../src/rotation/notes.js';
import { finding, statusWith } from '../hostile-rotation.js';
import { HOUR_MS, request } from './support.js';

/** Temporal refuses payloads of 2 MB; whatever a cluster's texts are, none comes near. */
const LIMIT = 256 * 1024;
const HUGE = '\u001B€'.repeat(500_000);
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const huge = () => finding(() => HUGE);

describe('of a mesh with names and messages of 1.5 MB', () => {
  it('findings travel in bounded size, and are counted', () => {
    const many = Array.from({ length: 200 }, huge);
    const { shown, total } = capped(many, 100);
    expect(bytes(shown)).toBeLessThan(LIMIT);
    expect(shown).toHaveLength(4); // what fits beside the rest of a payload of 64 kB
    expect(total).toBe(200);
    expect(bytes(named(many).findings)).toBeLessThan(LIMIT);
  });
  it('each finding keeps its reason, its subject and the beginning of what it says', () => {
    const [short] = capped([{ ...huge(), reason: 'BarePod', message: `stuck\n${HUGE}` }], 1).shown;
    expect(short).toMatchObject({ reason: 'BarePod', subject: { kind: 'pod' } });
    expect(short?.message.startsWith('stuck ')).toBe(true);
  });
  it('a plan travels in bounded size', () => {
    const pods = Array.from({ length: 20 }, (_, index) => {
      const namespace = `ns-${index}`;
      return { namespace, workload: { namespace, kind: 'Deployment', name: HUGE } };
    });
    const anchors = { retire: ['old'], keep: [] };
    const plan = hashedPlan(request(), { namespace: 'linkerd', leafLifeMs: HOUR_MS, pods }, anchors);
    expect(bytes(plan)).toBeLessThan(LIMIT);
    expect(plan).toMatchObject({ workloads: 20, workloadsOmitted: 20 });
  });
  it('what is waited for is shown in bounded size', () => {
    const status = statusWith(() => 'x');
    const wait = (kind: 'attention' | 'approval') => ({
      ...{ kind, for: HUGE, since: '2026-01-01T00:00:00Z', on: Array.from({ length: 100 }, () => HUGE), todo: 't' },
    });
    showWaits(status, [...Array.from({ length: 60 }, () => wait('attention')), wait('approval')]);
    expect(bytes(waitsOf(status))).toBeLessThan(LIMIT);
    expect(status.waiting?.on.length).toBeGreaterThan(0);
  });
});

describe('of a cluster with 100,000 namespaces', () => {
  const pod = (namespace: string, name = 'web') => ({ namespace, workload: { namespace, kind: 'Deployment', name } });
  const pods = Array.from({ length: 100_000 }, (_, index) => pod(`namespace-${index}-${'x'.repeat(40)}`));
  const of = (all: typeof pods) =>
    hashedPlan(request(), { namespace: 'linkerd', leafLifeMs: HOUR_MS, pods: all }, { retire: ['old'], keep: [] });
  const plan = of(pods);

  it('the plan names some, counts all, and is compared as a whole all the same', { timeout: 60_000 }, () => {
    expect(bytes(plan)).toBeLessThan(LIMIT);
    expect(plan.namespaces.length + (plan.namespacesOmitted ?? 0)).toBe(100_000);
    expect(plan).toMatchObject({ proxies: 100_000, workloads: 100_000 });
    expect(planDifference(plan, plan)).toEqual([]);
    const [last] = pods.slice(-1);
    const changed = of([...pods, pod(last?.namespace ?? '', 'more')]);
    expect(planDifference(plan, changed)).toEqual([expect.stringContaining('other workloads than approved')]);
  });
  it('a difference of plans names some, and counts the others', () => {
    const few = of(pods.slice(0, 1));
    const difference = planDifference(few, of(pods.slice(0, 900)));
    expect(bytes(difference)).toBeLessThan(LIMIT / 8);
    expect(difference.at(-1)).toMatch(/^and \d+ more differences$/);
  });
  it('the status names those that people should see', () => {
    const progress = (namespace: string, state: RotationStatus['namespaces'][number]['state']) => ({
      ...{ namespace, phase: 'trust' as const, workloads: 1, workloadsDone: 0, proxies: 1, proven: 0, rolled: 0 },
      ...{ waitingFor: [], state },
    });
    const all = pods.map(({ namespace }) => progress(namespace, 'waiting'));
    const shown = shownNamespaces([...all, progress('stuck', 'stuck'), progress('running', 'running')]);
    expect(bytes(shown)).toBeLessThan(LIMIT);
    expect(shown.map(({ namespace }) => namespace)).toEqual(expect.arrayContaining(['running', 'stuck']));
    const few = [progress('b', 'done'), progress('a', 'running')];
    expect(shownNamespaces(few).map(({ namespace }) => namespace)).toEqual(['a', 'b']);
  });
});

describe('a status with all that fits', () => {
  it('is far from what Temporal refuses, and so are its details', () => {
    const many = Array.from({ length: 1000 }, huge);
    const notes: string[] = [];
    for (let index = 0; index < 300; index += 1) addNote(notes, HUGE.slice(0, 5000));
    const status = { ...statusWith(() => 'x'), stragglers: capped(many, 100).shown, notes };
    showWaits(status, [
      { kind: 'attention', for: HUGE, since: '', on: Array.from({ length: 99 }, () => HUGE), todo: '' },
    ]);
    expect(bytes(status)).toBeLessThan(2 * LIMIT);
    expect(bytes(statusMarkdown(status))).toBeLessThan(2 * LIMIT);
  });
});
