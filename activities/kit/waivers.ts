import { opening, type Waiver, withoutControlPlane } from '../../src/rotation/findings.js';
import type { RotationRequest } from '../../src/rotation/input.js';
import type { GivenInput, PhaseInput } from '../../src/rotation/payloads.js';

/** Those that people have given so far; a step of an earlier version is told only of those in the input. */
export function givenWaivers({
  waivers,
  settings,
}: Pick<RotationRequest, 'settings'> & Pick<GivenInput, 'waivers'>): Waiver[] {
  return waivers ?? settings.waive;
}

/** The waivers that open the gate which a step is about. The control plane's gates are opened by nobody. */
export function openingWaivers({
  waivers,
  phase,
  course,
  linkerdNamespace,
}: Pick<PhaseInput, 'waivers' | 'phase' | 'course' | 'linkerdNamespace'>): Waiver[] {
  return withoutControlPlane(opening(waivers, { phase, direction: course.direction }), linkerdNamespace);
}
