import type { LeafObservation, ProxyObservation, Target } from '../../../src/ground/mesh.js';
import { readInput, type RotationInput, type RotationSettings } from '../../../src/rotation/input.js';

export const HOUR_MS = 3_600_000;

/** A rotation from the root `old` to the root `new`; the old issuer key has the certificates `A` and `A2`. */
export function target(change: Partial<Target> = {}): Target {
  return { rotation: 'abc', root: 'new', retire: ['old'], oldIssuers: ['A', 'A2'], ...change };
}

/** A leaf of a day under the new root alone. */
export function leaf(change: Partial<LeafObservation> = {}): LeafObservation {
  return {
    chain: ['leaf', 'N'],
    verifiesWith: ['new'],
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2026-01-02T00:00:40Z',
    ...change,
  };
}

/** A proxy of the workload `shop/Deployment/web` that trusts both roots and has its leaf under the new one. */
export function proxy(change: Partial<ProxyObservation> = {}): ProxyObservation {
  return {
    namespace: 'shop',
    pod: 'web-1',
    uid: 'u1',
    workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
    ready: true,
    terminating: false,
    anchors: ['old', 'new'],
    leaf: leaf(),
    ...change,
  };
}

/** Without a field: what could not be read is absent. */
export function without<T, K extends keyof T>(whole: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = whole;
  return rest;
}

/** The settings that an input gives. */
export function settings(input: RotationInput = {}): RotationSettings {
  const result = readInput(input);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.settings;
}
