import { KEY_DISCARDED, type KeyMissing } from './bridge-life.js';
import type { Course } from './courses/course.js';
import type { Alert, RotationStatus } from './status.js';

/** What is said, while there is time, of certificates that end before the rotation may have done without them. */
type Raised = Omit<Alert, 'since'>;

/** A leaf never outlives what has signed it: below this many leaf lives there is no time to lose. */
const SOON_LEAVES = 2;

/** The bridge certificate could not be looked after. */
export function bridgeNotKept({ type, message }: { type: string; message: string }, notAfter?: string): Raised {
  return {
    reason: 'BridgeNotKept',
    message: `The bridge certificate could not be looked after: ${message} (${type}). It is tried again.`,
    ...(notAfter ? { deadline: notAfter } : {}),
  };
}

/** The key that would make the bridge certificate anew is its owner's, and is not where it was. */
export function bridgeKeyMissing({ why }: KeyMissing, notAfter: string): Raised {
  return {
    reason: 'BridgeKeyMissing',
    message: bridgeEnds(notAfter, { why }),
    deadline: notAfter,
  };
}

/** The bridge certificate ends soon, past the point of no return, and cannot be made anew. */
export function bridgeEnding(notAfter: string, missing?: KeyMissing): Raised {
  return {
    reason: 'BridgeEnding',
    message:
      `${bridgeEnds(notAfter, missing)} Let the rotation reach phase issue before that: \`resume\` it, and repair or \`waive\` what ` +
      'it waits for.',
    deadline: notAfter,
  };
}

export function bridgeEnds(notAfter: string, { why }: Pick<KeyMissing, 'why'> = { why: KEY_DISCARDED }): string {
  return `The bridge certificate ends at ${notAfter}, and ${why}.`;
}

/** The issuer of the start ends soon; undefined: there is time. */
export function issuerEnding(
  { commonName, notAfter }: { commonName: string; notAfter: string },
  leafLifeMs: number,
  now: Date,
): Raised | undefined {
  if (Date.parse(notAfter) - now.getTime() > SOON_LEAVES * leafLifeMs) return undefined;
  return {
    reason: 'IssuerEnding',
    message:
      `The issuer of the start (${commonName}) ends at ${notAfter}, and every leaf with it, until this rotation has put ` +
      'another in its place: approve, `resume` or repair what the rotation waits for.',
    deadline: notAfter,
  };
}

/** Whether the new issuer is in place; on the way back that of the start counts again. */
export function isIssuerReplaced(
  { rows }: Pick<Course, 'rows'>,
  { phases, aborted }: Pick<RotationStatus, 'phases' | 'aborted'>,
): boolean {
  const done = phases.filter(({ state }) => state === 'done').map(({ phase }) => phase);
  return !aborted && rows.some(({ issuer, phase }) => issuer === 'new' && done.includes(phase));
}
