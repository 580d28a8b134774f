import { createHash } from 'node:crypto';
import { listMeshedPods } from '../../src/linkerd/proxies/list-pods.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { readMembers } from '../../src/linkerd/members.js';
import { approvedText } from '../../src/rotation/approved-text.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import type { RotationRequest } from '../../src/rotation/input.js';
import { heldPhases, unseenIn } from '../../src/rotation/members.js';
import type { GivenInput } from '../../src/rotation/payloads.js';
import { cappedPlan, type Plan, type PlannedAnchors, type PlannedMesh, planOf } from '../../src/rotation/plan.js';
import type { Dependencies } from './dependencies.js';
import type { StoredRotation } from './stored-rotation.js';
import { withIdentity } from '../../src/linkerd/proxies/judged-pods.js';
import { givenWaivers } from './waivers.js';

const HASH_LENGTH = 32;

/** The plan with the hash that an approval is bound to: over all names, also those that do not travel with it. */
export function hashedPlan(request: RotationRequest, mesh: PlannedMesh, anchors: PlannedAnchors): Plan {
  const plan = cappedPlan(planOf(request, mesh, anchors, digest), digest);
  return { ...plan, hash: hashOf(plan) };
}

/** What a plan's hash has to be. */
export function hashOf(plan: Omit<Plan, 'hash'>): string {
  return digest(approvedText(plan));
}

/** The plan of a rotation under way, as the cluster is now. */
export async function planNow(
  { k8s }: Pick<Dependencies, 'k8s'>,
  request: RotationRequest & Pick<GivenInput, 'waivers' | 'owners'>,
  { linkerd, target }: Pick<StoredRotation, 'linkerd' | 'target'>,
): Promise<Plan> {
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  const pods = withIdentity(await listMeshedPods(k8s, linkerd.namespace));
  const root = target.root.fingerprint;
  const retire = target.retired.map(({ fingerprint }) => fingerprint);
  const keep = certificates
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => fingerprint !== root && !retire.includes(fingerprint));
  const waivers = givenWaivers(request);
  const course = courseOf(request.course);
  const unseen = heldPhases(course).length > 0 ? unseenIn(course, await readMembers(k8s), waivers) : [];
  return hashedPlan(
    request,
    { ...linkerd, pods, waivers, unseen, owners: request.owners },
    { retire, keep, target: root },
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}
