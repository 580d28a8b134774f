import { present } from '../../src/ground/present.js';
import { ROLLOUTS } from '../../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isServed } from '../../src/kubernetes/custom.js';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import { formatPermission, missingPermissions, type Permission } from '../../src/kubernetes/permissions.js';
import { CERTIFICATES } from '../../src/linkerd/cert-manager/certificate.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { LAYOUTS } from '../../src/linkerd/layouts/index.js';
import { memberResources } from '../../src/linkerd/members.js';
import { hasRehearsalNamespace } from '../../src/linkerd/proxies/injection.js';
import { absentObjects } from '../../src/records/absent.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import type { RotationRequest, RotationSettings } from '../../src/rotation/input.js';
import { heldPhases } from '../../src/rotation/members.js';
import { OWN, type Owners } from '../../src/rotation/owners.js';
import type { MissingPermission } from '../../src/rotation/preflight/observation.js';
import { ofIssuerAlone, RENEW_FILE } from './cert-manager-permissions.js';
import type { Dependencies } from './dependencies.js';
import { pause } from './heartbeat.js';
import { type Circumstances, neededPermissions } from './needed-permissions.js';
import { optionalPermissions, writerPermissions } from './optional-permissions.js';
import { findOwners } from './owners.js';

/** Of what a rotation needs, and of what it does without: what it may not do. */

/** Where Linkerd is, where nobody says another one: it cannot be looked for. */
const USUAL_NAMESPACE = 'linkerd';

/** Looks at the worker's permissions before they are called missing, and milliseconds between them. */
const PERMISSION_LOOKS = 3;
const PERMISSION_PAUSE_MS = 2000;

/**
 * What Linkerd is may not be read: asked for is what would tell, as the newest one has it.
 * @throws the error, where it is another one, or nothing that is known is missing
 */
export async function hiddenBy(
  error: unknown,
  { k8s, prober: { reach } }: Dependencies,
  { settings }: RotationRequest,
): Promise<{ hidden: MissingPermission[] }> {
  const layout = LAYOUTS.at(-1);
  if (!isKubernetesError(error, 'Forbidden') || !layout) throw error;
  const newest = { namespace: settings.linkerdNamespace ?? USUAL_NAMESPACE, layout, anchors: layout.anchors };
  const nothing = { reach, deletePods: false, rollouts: false, members: [], absent: [], rehearsal: true };
  const hidden = await missingFor(k8s, neededPermissions(newest, nothing).filter(isReading));
  if (hidden.length === 0) throw error;
  return { hidden: hidden.map(missingOf) };
}

/** Who owns what decides what has to be written, and can be known only where it may be read. */
export async function permissionsMissing(
  dependencies: Dependencies,
  linkerd: Linkerd,
  request: RotationRequest,
): Promise<MissingPermission[]> {
  const { k8s } = dependencies;
  const { settings, course } = request;
  const known = await circumstancesOf(dependencies, linkerd, request);
  const reading = neededPermissions(linkerd, known).filter(isReading);
  const hidden = await missingFor(k8s, reading);
  const found = hidden.length === 0 ? await findOwners(k8s, linkerd, settings) : undefined;
  const { owners = await ownersUnread(k8s), certManager } = found ?? {};
  const driven = courseOf(course).replaces === 'root' ? certManager : certManager && ofIssuerAlone(certManager);
  const asked = new Set(reading.map(formatPermission));
  const others = neededPermissions(linkerd, { ...known, owners, ...present({ certManager: driven }) }).filter(
    (permission) => !asked.has(formatPermission(permission)) && (!settings.planOnly || isReading(permission)),
  );
  return [...hidden, ...(await missingFor(k8s, others))].map(missingOf);
}

/** Where cert-manager may own what is written nobody is asked for the right to write it. */
async function ownersUnread(k8s: Kubernetes): Promise<Owners> {
  return (await isServed(k8s, CERTIFICATES)) ? { bundle: { kind: 'handOff' }, issuer: { kind: 'handOff' } } : OWN;
}

/** What a rotation does without. Whoever only looks needs nothing of it but what tells who else writes. */
export async function optionalMissing(
  k8s: Kubernetes,
  { namespace }: Linkerd,
  { planOnly }: Pick<RotationSettings, 'planOnly'>,
): Promise<MissingPermission[]> {
  const optional = planOnly ? await writerPermissions(k8s) : await optionalPermissions(k8s, namespace);
  return (await missingPermissions(k8s, optional)).map(missingOf);
}

function missingOf(permission: Permission): MissingPermission {
  const { neededFor, file } = permission;
  return { what: formatPermission(permission), neededFor, file };
}

async function circumstancesOf(
  { k8s, prober, approvals: wanted }: Dependencies,
  linkerd: Linkerd,
  { settings: { rollout, approvals }, course }: RotationRequest,
): Promise<Circumstances> {
  return {
    reach: prober.reach,
    deletePods: rollout.deletePods,
    rollouts: await isServed(k8s, ROLLOUTS),
    members: heldPhases(courseOf(course)).length > 0 ? await memberResources(k8s) : [],
    absent: await absentObjects(k8s, linkerd.namespace),
    rehearsal: await hasRehearsalNamespace(k8s),
    inCluster: wanted === 'inCluster' || approvals === 'inCluster',
  };
}

async function missingFor(k8s: Kubernetes, needed: readonly Permission[]): Promise<Permission[]> {
  let missing = [...needed];
  for (let look = 1; ; look += 1) {
    missing = await missingPermissions(k8s, missing);
    if (missing.length === 0 || look >= PERMISSION_LOOKS) return missing;
    await pause(PERMISSION_PAUSE_MS); // an API server that has just started knows no roles yet
  }
}

/** What a plan alone needs. */
function isReading({ verb, subresource, file }: Permission): boolean {
  if (file === RENEW_FILE) return false;
  return verb === 'get' || verb === 'list' || subresource === 'portforward';
}
