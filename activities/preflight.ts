import { CERT_MANAGER_POLICY, policyShortfall, readAdmissionPolicy } from '../src/kubernetes/admission-policy.js';
import { readClusterUid } from '../src/kubernetes/cluster.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { fitting } from '../src/ground/size.js';
import { StateError } from '../src/ground/state-error.js';
import { detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { EXTENSION_LABEL } from '../src/linkerd/names.js';
import { RecordError } from '../src/records/record-error.js';
import { capped, omittedOf } from '../src/rotation/capped.js';
import { blocking, type Finding, formatFinding } from '../src/rotation/findings.js';
import type { RotationRequest } from '../src/rotation/input.js';
import { isOwn, type Owners } from '../src/rotation/owners.js';
import type { PreflightResult } from '../src/rotation/payloads.js';
import type { PlannedAnchors } from '../src/rotation/plan.js';
import { ownersToGoBy } from '../src/rotation/preflight/cert-manager.js';
import { preflightFindings } from '../src/rotation/preflight/index.js';
import { type MissingPermission, NOTHING, type PreflightObservation } from '../src/rotation/preflight/observation.js';
import { mayPass, patience } from '../src/rotation/preflight/settling.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { gather, type Mesh, readMesh } from './kit/gather.js';
import { hiddenBy, optionalMissing, permissionsMissing } from './kit/missing-permissions.js';
import { hashedPlan } from './kit/hashed-plan.js';
import type { Dependencies } from './kit/dependencies.js';

/** Findings that a heartbeat names. */
const SHOWN = 5;

/** Findings that a result names; all are counted. */
const MOST_FINDINGS = 100;

/** Namespaces of extensions that a result names: those beyond are rolled among all others. */
const EXTENSIONS = { most: 500, bytes: 16_000 };

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
    async (error: unknown) => await hiddenBy(error, dependencies, request),
  );
  if ('hidden' in linkerd) return unread({ missingPermissions: linkerd.hidden });
  const missing = await permissionsMissing(dependencies, linkerd, request);
  if (missing.length > 0) return unread({ missingPermissions: missing });
  const lacking = await optionalMissing(k8s, linkerd, settings);
  const { mesh, observation, findings } = await settledMesh(dependencies, linkerd, { request, lacking });
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

/** A mesh as it is when what may be over in a moment is over, or has lasted too long. */
async function settledMesh(
  dependencies: Dependencies,
  linkerd: Linkerd,
  { request, lacking }: { request: RotationRequest; lacking: MissingPermission[] },
) {
  const { planOnly, rollout, timing, approvals } = request.settings;
  const approvalsInCluster = dependencies.approvals === 'inCluster' && approvals !== 'inCluster';
  const since = Date.now();
  for (;;) {
    const mesh = await readMesh(dependencies, linkerd, request.settings);
    const gathered = await gather(dependencies.k8s, mesh, request);
    const shortfall = await shortfallOfPolicies(dependencies.k8s, gathered.owners);
    const observation = {
      ...gathered,
      ...{ optionalMissing: lacking, approvalsInCluster, policyShortfall: shortfall },
    };
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
