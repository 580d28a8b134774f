import { createHash } from 'node:crypto';
import type { RotationRequest } from '../../src/rotation/input.js';
import {
  approvedText,
  cappedPlan,
  type Plan,
  type PlannedAnchors,
  type PlannedMesh,
  planOf,
} from '../../src/rotation/plan.js';

const HASH_LENGTH = 16;

/** The plan with the hash that an approval is bound to: over all names, also those that do not travel with it. */
export function hashedPlan(request: RotationRequest, mesh: PlannedMesh, anchors: PlannedAnchors): Plan {
  const plan = planOf(request, mesh, anchors);
  return { ...cappedPlan(plan, digest), hash: digest(approvedText(plan)) };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}
