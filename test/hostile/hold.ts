import { expect } from 'vitest';
import type { ProxyObservation, Target } from '../../src/ground/mesh.js';
import { forgotRetired, presentsBothChains, presentsTarget, trustsTarget } from '../../src/rotation/gates.js';
import type { HostilePod } from './corpus.js';
import type { HostilePods } from './pods.js';

/** What one look at a pod cost the process that looked. */
export interface Cost {
  name: string;
  /** Milliseconds of its processors. */
  cpuMs: number;
  /** Bytes by which its memory grew, at most. */
  memory: number;
}

const LONGEST_PROBLEM = 300;

/** Looks at a pod as a gate does, and asserts that it ends as it must: one problem, or evidence that meets no gate. */
export async function holds(pods: HostilePods, pod: HostilePod): Promise<Cost> {
  globalThis.gc?.();
  const [cpu, peak] = [process.cpuUsage(), process.resourceUsage().maxRSS];
  const seen = await pods.look(pod);
  const { user, system } = process.cpuUsage(cpu);
  const cost = {
    name: pod.name,
    cpuMs: (user + system) / 1000,
    memory: (process.resourceUsage().maxRSS - peak) * 1024,
  };
  if (typeof pod.ends === 'string') expect(seen.problem, pod.name).toBeUndefined();
  else expect(seen.problem, pod.name).toMatch(pod.ends);
  expect(seen.problem?.length ?? 0).toBeLessThanOrEqual(LONGEST_PROBLEM);
  expect(seen.problem ?? '').not.toMatch(/\p{Cc}/u);
  if (pod.ends !== 'believed') expect(gatesMetBy(seen, targetOf(pods)), pod.name).toEqual([]);
  return cost;
}

/** The gates that ask for what the pod was asked for. */
export function gatesMetBy(seen: ProxyObservation, target: Target): string[] {
  const gates = Object.entries({ trustsTarget, presentsTarget, presentsBothChains, forgotRetired });
  return gates.filter(([, requirement]) => requirement(seen, target) === undefined).map(([name]) => name);
}

export function targetOf({ root }: HostilePods): Target {
  const { fingerprint, commonName } = root;
  return {
    ...{ id: fingerprint.slice(0, 12), root: { fingerprint, commonName, from: 'rotation' }, retired: [] },
    retiredIssuer: { name: 'old', certificates: [] },
  };
}
