import type { Member } from '../../src/ground/mesh.js';
import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { readMembers } from '../../src/linkerd/members.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import type { Row } from '../../src/rotation/courses/course.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import type { Finding } from '../../src/rotation/findings.js';
import { heldFor, heldWrite, unconfirmed } from '../../src/rotation/members.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';
import { isPast } from '../../src/rotation/reverted.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';
import { openingWaivers } from './waivers.js';

/** Members without pods of which a person has to say something, before the write that follows the gate of a phase. */
export async function heldMembers(
  { k8s }: Pick<Dependencies, 'k8s'>,
  input: PhaseInput,
  phase: PhaseContext,
): Promise<Finding[]> {
  const write = heldWrite(courseOf(input.course), input.phase);
  if (!write) return [];
  const found: Member[] = unconfirmed(await readMembers(k8s), openingWaivers(input));
  if (found.length === 0 || (await isWritten(k8s, write, phase))) return [];
  return heldFor(found, { phase: input.phase, write });
}

/** An earlier run has written it: to hold now would help nobody. */
async function isWritten(
  k8s: Dependencies['k8s'],
  { writes, issuer }: Row,
  { linkerd, target, secret }: PhaseContext,
): Promise<boolean> {
  if (writes.includes('dropRetired')) {
    const [{ certificates }] = await readAnchors(k8s, linkerd);
    return isPast(
      certificates.map(({ fingerprint }) => fingerprint),
      target,
    );
  }
  return issuerStateOf((await readIssuer(k8s, linkerd)).certificates, secret) === issuer;
}
