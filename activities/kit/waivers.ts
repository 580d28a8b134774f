import { opening, type Waiver, withoutControlPlane } from '../../src/rotation/findings.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';

/** The waivers that open the gate which a step is about. The control plane's gates are opened by nobody. */
export function openingWaivers({
  waivers,
  phase,
  course,
  linkerdNamespace,
}: Pick<PhaseInput, 'waivers' | 'phase' | 'course' | 'linkerdNamespace'>): Waiver[] {
  return withoutControlPlane(opening(waivers, { phase, direction: course.direction }), linkerdNamespace);
}
