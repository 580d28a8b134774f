import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPUS } from '../hostile/corpus.js';
import { type Cost, gatesMetBy, holds, targetOf } from '../hostile/hold.js';
import { type HostilePods, startHostilePods } from '../hostile/pods.js';

const MB = 2 ** 20;
const MOST_CPU_MS = 50;
const MOST_MEMORY = 20 * MB;

describe('a worker that looks at hostile pods', () => {
  let pods: HostilePods;
  const costs: Cost[] = [];
  let before: ReturnType<typeof performance.eventLoopUtilization>;
  beforeAll(async () => {
    pods = await startHostilePods('127.98.0');
    for (let count = 0; count < 20; count += 1) await pods.lookAtHonest(); // whatever is loaded and compiled once
    before = performance.eventLoopUtilization();
  });
  afterAll(() => pods.stop());

  it('knows an honest one', async () => {
    const seen = await pods.lookAtHonest();
    expect(gatesMetBy(seen, targetOf(pods))).toEqual([
      'trustsTarget',
      'presentsTarget',
      'presentsBothChains',
      'forgotRetired',
    ]);
  });

  it.each(CORPUS.map((pod) => [pod.name, pod] as const))('has one finding of one that %s', async (_name, pod) => {
    const cost = await holds(pods, pod);
    costs.push(cost);
    expect(cost.memory).toBeLessThan(MOST_MEMORY);
  });

  it('pays less than 50 ms for each', () => {
    expect(costs.length).toBeGreaterThanOrEqual(40);
    const sum = costs.reduce((total, { cpuMs }) => total + cpuMs, 0);
    const busiest = costs.toSorted((a, b) => b.cpuMs - a.cpuMs).slice(0, 5);
    const heaviest = costs.toSorted((a, b) => b.memory - a.memory).slice(0, 5);
    const { active } = performance.eventLoopUtilization(before);
    const told = {
      pods: costs.length,
      cpuMsEach: sum / costs.length,
      loopMsEach: active / costs.length,
      busiest,
      heaviest,
    };
    console.info(JSON.stringify(told, undefined, 1));
    expect(sum / costs.length).toBeLessThan(MOST_CPU_MS);
    expect(active / costs.length).toBeLessThan(MOST_CPU_MS);
  });
});
