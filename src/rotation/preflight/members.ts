import type { Finding } from '../findings.js';
import { membersFound } from '../members.js';
import type { PreflightObservation } from './observation.js';

/** Nothing is wrong with them: a person should know that they count, and may say now that they are taken care of. */
export function membersUnseen({ members, held }: PreflightObservation): Finding[] {
  return held.length > 0 ? membersFound(members, held) : [];
}
