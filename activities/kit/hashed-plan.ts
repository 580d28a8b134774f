import { createHash } from 'node:crypto';
import type { RotationRequest } from '../../src/rotation/input.js';
import { approvedText, type Plan, type PlannedAnchors, type PlannedMesh, planOf } from '../../src/rotation/plan.js';

const HASH_LENGTH = 16;

/** The plan with the hash that an approval is bound to. */
export function hashedPlan(request: RotationRequest, mesh: PlannedMesh, anchors: PlannedAnchors): Plan {
  const plan = planOf(request, mesh, anchors);
  return { ...plan, hash: createHash('sha256').update(approvedText(plan)).digest('hex').slice(0, HASH_LENGTH) };
}
