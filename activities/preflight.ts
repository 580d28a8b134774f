import { readClusterUid } from '../src/kubernetes/cluster.js';
import { ROLLOUTS } from '../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { isServed } from '../src/kubernetes/custom.js';
import { formatPermission, missingPermissions, type Permission } from '../src/kubernetes/permissions.js';
import { DetectionError, detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { EXTENSION_LABEL } from '../src/linkerd/names.js';
import { blocking, type Finding, formatFinding } from '../src/rotation/findings.js';
import type { RotationRequest, RotationSettings } from '../src/rotation/input.js';
import type { PreflightResult } from '../src/rotation/payloads.js';
import type { PlannedAnchors } from '../src/rotation/plan.js';
import { preflightFindings } from '../src/rotation/preflight/index.js';
import { type MissingPermission, NOTHING, type PreflightObservation } from '../src/rotation/preflight/observation.js';
import { mayPass, patience } from '../src/rotation/preflight/settling.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { gather, type Mesh, readMesh } from './kit/gather.js';
import { neededPermissions } from './kit/needed-permissions.js';
import { hashedPlan } from './kit/hashed-plan.js';
import type { Dependencies } from './kit/dependencies.js';

/** Findings that a heartbeat names. */
const SHOWN = 5;

/** The mesh could not be read; the findings say why. */
interface Unread {
  findings: Finding[];
  linkerdNamespace?: undefined;
}

/** preflight: reads the whole mesh once and names every problem with its cure; changes nothing. */
export async function preflight(
  dependencies: Dependencies,
  request: RotationRequest,
): Promise<PreflightResult | Unread> {
  const { k8s } = dependencies;
  const { settings } = request;
  const linkerd = await detected(k8s, settings.linkerdNamespace);
  if (linkerd instanceof DetectionError) return unread({ undetected: linkerd });
  const missing = await permissionsMissing(dependencies, linkerd, settings);
  if (missing.length > 0) return unread({ missingPermissions: missing });
  const { mesh, observation, findings } = await settledMesh(dependencies, linkerd, request);
  return {
    linkerdNamespace: linkerd.namespace,
    linkerdVersion: linkerd.version,
    layout: linkerd.layout.id,
    leafLifeMs: linkerd.leafLifeMs,
    ...(observation.recovery ? { recovery: observation.recovery } : {}),
    apiServer: k8s.server,
    clusterUid: await readClusterUid(k8s),
    findings,
    plan: hashedPlan(request, { ...linkerd, pods: mesh.pods }, anchorsOf(mesh)),
    extensions: await extensionNamespaces(k8s),
  };
}

/** A mesh as it is when what may be over in a moment is over, or has lasted too long. */
async function settledMesh(dependencies: Dependencies, linkerd: Linkerd, request: RotationRequest) {
  const { planOnly, rollout, timing } = request.settings;
  const since = Date.now();
  for (;;) {
    const mesh = await readMesh(dependencies, linkerd);
    const observation = await gather(dependencies.k8s, mesh, request);
    const findings = preflightFindings(observation);
    const most = patience({ planOnly, adopts: mesh.rotation !== undefined, stuckAfterMs: rollout.stuckAfter });
    if (!mayPass(findings) || Date.now() - since >= most) return { mesh, observation, findings };
    reportProgress({ phase: 'preflight', waitingFor: blocking(findings).slice(0, SHOWN).map(formatFinding) });
    await pause(timing.poll);
  }
}

/** Nothing more can be read: what is known already is said at once, instead of failing at the first read. */
function unread(known: Partial<PreflightObservation>): Unread {
  return { findings: preflightFindings({ ...NOTHING, ...known }) };
}

async function detected(k8s: Kubernetes, namespace: string | undefined): Promise<Linkerd | DetectionError> {
  try {
    return await detectLinkerd(k8s, namespace);
  } catch (error) {
    if (error instanceof DetectionError) return error;
    throw error;
  }
}

async function permissionsMissing(
  { k8s, prober }: Dependencies,
  linkerd: Linkerd,
  { rollout, planOnly }: RotationSettings,
): Promise<MissingPermission[]> {
  const needed = neededPermissions(linkerd, {
    reach: prober.reach,
    deletePods: rollout.deletePods,
    rollouts: await isServed(k8s, ROLLOUTS),
  });
  const missing = await missingPermissions(k8s, planOnly ? needed.filter(isReading) : needed);
  return missing.map((permission) => ({ what: formatPermission(permission), neededFor: permission.neededFor }));
}

/** What a plan alone needs. */
function isReading({ verb, subresource }: Permission): boolean {
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
  return items.map(({ metadata }) => metadata?.name ?? '');
}
