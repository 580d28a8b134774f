import type { LeafObservation, ProxyObservation, Target } from '../../../src/ground/mesh.js';
import { readInput, type RotationInput, type RotationRequest } from '../../../src/rotation/input.js';

export const HOUR_MS = 3_600_000;

/** A rotation from the root `old` to the root `new`; the issuer key of the start has the certificates `A` and `A2`. */
export function target(): Target {
  return {
    id: 'abc',
    root: { fingerprint: 'new', commonName: 'root.new', from: 'rotation' },
    retired: [{ fingerprint: 'old', commonName: 'root.old', from: 'start' }],
    retiredIssuer: { name: 'the issuer of the start', certificates: ['A', 'A2'] },
  };
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

/** What an input asks for. */
export function request(input: RotationInput = {}): RotationRequest {
  const result = readInput(input);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result;
}
