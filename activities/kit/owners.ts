import type { RotationRequest } from '../../src/rotation/input.js';
import type { Owners } from '../../src/rotation/owners.js';

/** Who writes what, as the input says. */
export function ownersSaid({ settings: { owners } }: RotationRequest): Owners | undefined {
  if (!owners) return undefined;
  return { bundle: { kind: owners.bundle ?? 'reroot' }, issuer: { kind: owners.issuer ?? 'reroot' } };
}
