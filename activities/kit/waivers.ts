import { opening, type Waiver } from '../../src/rotation/findings.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';

/** The waivers that open the gate which a step is about. */
export function openingWaivers({ waivers, phase, course }: PhaseInput): Waiver[] {
  return opening(waivers, { phase, direction: course.direction });
}
