import { CERT_MANAGER_POLICY, policyShortfall, readAdmissionPolicy } from '../src/kubernetes/admission-policy.js';
import { readClusterUid } from '../src/kubernetes/cluster.js';
import { ROLLOUTS } from '../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { isServed } from '../src/kubernetes/custom.js';
import { isKubernetesError } from '../src/kubernetes/errors.js';
import { formatPermission, missingPermissions, type Permission } from '../src/kubernetes/permissions.js';
import { present } from '../src/ground/present.js';
import { fitting } from '../src/ground/size.js';
import { StateError } from '../src/ground/state-error.js';
import { detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { LAYOUTS } from '../src/linkerd/layouts/index.js';
import { EXTENSION_LABEL } from '../src/linkerd/names.js';
import { memberResources } from '../src/linkerd/members.js';
import { hasRehearsalNamespace } from '../src/linkerd/proxies/injection.js';
import { absentObjects } from '../src/records/absent.js';
import { RecordError } from '../src/records/record-error.js';
import { capped, omittedOf } from '../src/rotation/capped.js';
import { courseOf } from '../src/rotation/courses/index.js';
import { blocking, type Finding, formatFinding } from '../src/rotation/findings.js';
import type { RotationRequest } from '../src/rotation/input.js';
import { heldPhases } from '../src/rotation/members.js';
import { isOwn, type Owners } from '../src/rotation/owners.js';
import type { PreflightResult } from '../src/rotation/payloads.js';
import type { PlannedAnchors } from '../src/rotation/plan.js';
import { ownersToGoBy } from '../src/rotation/preflight/cert-manager.js';
import { preflightFindings } from '../src/rotation/preflight/index.js';
import { type MissingPermission, NOTHING, type PreflightObservation } from '../src/rotation/preflight/observation.js';
import { mayPass, patience } from '../src/rotation/preflight/settling.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { gather, type Mesh, readMesh } from './kit/gather.js';
import { ofIssuerAlone, RENEW_FILE } from './kit/cert-manager-permissions.js';
import { type Circumstances, neededPermissions } from './kit/needed-permissions.js';
import { findOwners } from './kit/owners.js';
import { hashedPlan } from './kit/hashed-plan.js';
import type { Dependencies } from './kit/dependencies.js';

/** Findings that a heartbeat names. */
const SHOWN = 5;

/** Findings that a result names; all are counted. */
const MOST_FINDINGS = 100;

/** Namespaces of extensions that a result names: those beyond are rolled among all others. */
const EXTENSIONS = { most: 500, bytes: 16_000 };

/** Where Linkerd is, where nobody says another one: it cannot be looked for. */
const USUAL_NAMESPACE = 'linkerd';

/** Looks at the worker's permissions before they are called missing, and milliseconds between them. */
const PERMISSION_LOOKS = 3;
const PERMISSION_PAUSE_MS = 2000;

/** The mesh could not be read; the findings say why. */
interface Unread extends Named {
  linkerdNamespace?: undefined;
}

type Named = Pick<PreflightResult, 'findings' | 'findingsOmitted'>;

/** preflight: reads the whole mesh once and names every problem with its cure; changes nothing. */
export async function preflight(
  dependencies: Dependencies,
  request: RotationRequest,
): Promise<PreflightResult | Unread> {
  try {
    return await read(dependencies, request);
  } catch (error) {
    // of an earlier rotation's Secret people are asked: what it left has to be brought to an end
    if (!(error instanceof StateError) || error instanceof RecordError) throw error;
    return unread({ undetected: error });
  }
}

async function read(dependencies: Dependencies, request: RotationRequest): Promise<PreflightResult | Unread> {
  const { k8s } = dependencies;
  const { settings } = request;
  const linkerd = await detectLinkerd(k8s, settings.linkerdNamespace).catch(
    async (error: unknown) => await unlessForbidden(error, dependencies, request),
  );
  if ('hidden' in linkerd) return unread({ missingPermissions: linkerd.hidden });
  const missing = await permissionsMissing(dependencies, linkerd, request);
  if (missing.length > 0) return unread({ missingPermissions: missing });
  const { mesh, observation, findings } = await settledMesh(dependencies, linkerd, request);
  const owners = ownersToGoBy(observation);
  return {
    linkerdNamespace: linkerd.namespace,
    linkerdVersion: linkerd.version,
    layout: linkerd.layout.id,
    leafLifeMs: linkerd.leafLifeMs,
    ...(observation.recovery ? { recovery: observation.recovery } : {}),
    ...(isOwn(owners) ? {} : { owners }),
    apiServer: k8s.server,
    clusterUid: await readClusterUid(k8s),
    ...named(findings),
    plan: hashedPlan(
      request,
      { ...linkerd, pods: mesh.pods, workloads: mesh.workloads, unseen: observation.members, owners },
      anchorsOf(mesh),
    ),
    extensions: await extensionNamespaces(k8s),
  };
}

/**
 * What Linkerd is may not be read: asked for is what would tell, as the newest one has it.
 * @throws the error, where it is another one, or nothing that is known is missing
 */
async function unlessForbidden(
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

/** A mesh as it is when what may be over in a moment is over, or has lasted too long. */
async function settledMesh(dependencies: Dependencies, linkerd: Linkerd, request: RotationRequest) {
  const { planOnly, rollout, timing, approvals } = request.settings;
  const approvalsInCluster = dependencies.approvals === 'inCluster' && approvals !== 'inCluster';
  const since = Date.now();
  for (;;) {
    const mesh = await readMesh(dependencies, linkerd, request.settings);
    const gathered = await gather(dependencies.k8s, mesh, request);
    const shortfall = await shortfallOfPolicies(dependencies.k8s, gathered.owners);
    const observation = { ...gathered, approvalsInCluster, policyShortfall: shortfall };
    const findings = preflightFindings(observation);
    const most = patience({ planOnly, adopts: mesh.left !== undefined, stuckAfterMs: rollout.stuckAfter });
    if (!mayPass(findings) || Date.now() - since >= most) return { mesh, observation, findings };
    reportProgress({ phase: 'preflight', waitingFor: capped(blocking(findings), SHOWN).shown.map(formatFinding) });
    await pause(timing.poll);
  }
}

/** Of the policies that limit what reroot may write; cert-manager's objects have one of their own. */
async function shortfallOfPolicies(k8s: Kubernetes, { issuer }: Owners): Promise<string | undefined> {
  const policy = await readAdmissionPolicy(k8s);
  const found = policy && policyShortfall(policy);
  if (found !== undefined || issuer.kind !== 'certManager') return found;
  const its = await readAdmissionPolicy(k8s, CERT_MANAGER_POLICY);
  return its && policyShortfall(its, CERT_MANAGER_POLICY);
}

/** Nothing more can be read: what is known already is said at once, instead of failing at the first read. */
function unread(known: Partial<PreflightObservation>): Unread {
  return named(preflightFindings({ ...NOTHING, ...known }));
}

/** As many as a person reads, in their order: what blocks before what does not, and some of each reason. */
export function named(findings: readonly Finding[]): Named {
  const warnings = findings.filter(({ severity }) => severity === 'warn');
  const most = capped(findings, MOST_FINDINGS, [...blocking(findings), ...warnings]);
  const omitted = omittedOf(most);
  return {
    findings: most.shown,
    ...(Object.keys(omitted).length > 0 ? { findingsOmitted: omitted } : {}),
  };
}

/** Who owns what decides what has to be written, and can be known only where it may be read. */
async function permissionsMissing(
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
  const { owners, certManager } = found ?? {};
  const driven = courseOf(course).replaces === 'root' ? certManager : certManager && ofIssuerAlone(certManager);
  const asked = new Set(reading.map(formatPermission));
  const others = neededPermissions(linkerd, { ...known, ...present({ owners, certManager: driven }) }).filter(
    (permission) => !asked.has(formatPermission(permission)) && (!settings.planOnly || isReading(permission)),
  );
  return [...hidden, ...(await missingFor(k8s, others))].map(missingOf);
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

/** Which anchors go and which stay; an earlier rotation's choice stands. */
function anchorsOf({ stores, roots, rotation }: Mesh): PlannedAnchors {
  const retire = rotation?.retire ?? roots.map(({ fingerprint }) => fingerprint);
  const target = rotation?.root.fingerprint;
  const keep = stores[0].certificates
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => !retire.includes(fingerprint) && fingerprint !== target);
  return target === undefined ? { retire, keep } : { retire, keep, target };
}

async function extensionNamespaces(k8s: Kubernetes): Promise<string[]> {
  const { items } = await k8s.core.listNamespace({ labelSelector: EXTENSION_LABEL });
  return fitting(
    items.map(({ metadata }) => metadata?.name ?? ''),
    EXTENSIONS,
  );
}
