import { clockSkew, clusterNow } from '../../src/kubernetes/clock.js';
import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../../src/kubernetes/own-names.js';
import type { Workload } from '../../src/kubernetes/workload.js';
import { listWorkloads } from '../../src/kubernetes/workloads.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { helmNames } from '../../src/linkerd/helm.js';
import { findIssuer, type StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import { findKeyCopies } from '../../src/linkerd/identity/key-copies.js';
import { readAnchors, type StoredAnchors } from '../../src/linkerd/layouts/stores.js';
import { COMPONENT_LABEL, IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT } from '../../src/linkerd/names.js';
import { rehearseInjection } from '../../src/linkerd/proxies/injection.js';
import { readMembers } from '../../src/linkerd/members.js';
import { injectorWebhook } from '../../src/linkerd/proxies/injector-webhook.js';
import { observeProxies, unasked } from '../../src/linkerd/proxies/observe.js';
import { listMeshedPods } from '../../src/linkerd/proxies/list-pods.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { type Bundle, readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer, endOf } from '../../src/pki/issuer-anchors.js';
import { type IssuerInUse, issuerInUseProblems } from '../../src/pki/issuer-in-use.js';
import { readRotationSecret, type RotationSecret } from '../../src/records/rotation-secret.js';
import { type ProxyObservation, workloadName } from '../../src/ground/mesh.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { rehearsalNamespaces } from '../../src/rotation/injection.js';
import type { Course, IssuerState } from '../../src/rotation/courses/course.js';
import { keepsRootKey, type RotationRequest, type RotationSettings } from '../../src/rotation/input.js';
import { heldPhases, unseenIn } from '../../src/rotation/members.js';
import { type Use, useOf } from '../../src/rotation/untouched.js';
import { paceOf } from '../../src/rotation/pace.js';
import { deadlineOf } from '../../src/rotation/preflight/deadline.js';
import { expiredOf, expiriesOf } from '../../src/rotation/preflight/expiry.js';
import { isNamed, leftBehindOf } from '../../src/rotation/preflight/left-behind.js';
import type { DeploymentFacts, PreflightObservation, StoreFacts } from '../../src/rotation/preflight/observation.js';
import { unrollableAmong } from '../../src/rotation/preflight/workloads.js';
import { rootsOf, tracesOf } from './look.js';
import { findOwners } from './owners.js';
import { withIdentity } from '../../src/linkerd/proxies/judged-pods.js';
import type { Dependencies } from './dependencies.js';
import { suppliedFacts } from './supplied-certificates.js';

/** A mesh as preflight finds it. */
export interface Mesh {
  linkerd: Linkerd;
  /** Every copy of the trust anchors; the first is the one that the control plane reads. */
  stores: [StoredAnchors, ...StoredAnchors[]];
  /** Those of the first, with the root of a rotation that was left behind. */
  anchors: Certificate[];
  pods: MeshedPod[];
  /** Those without an address, which are not asked. */
  unstarted: MeshedPod[];
  /** Workloads with proxies that have no identity, by name. */
  identityOff: string[];
  /** By name. */
  workloads: ReadonlyMap<string, Workload>;
  proxies: ProxyObservation[];
  issuer: StoredIssuer;
  /** The anchors that the issuer in use is under. */
  roots: Certificate[];
  /** What an earlier rotation has left, where this one goes on with it. */
  rotation?: RotationSecret | undefined;
  /** What is in the rotation's Secret, whoever wrote it. */
  left?: { rotation: RotationSecret; state: IssuerState | undefined; use: Use } | undefined;
}

/** Reads what the checks and the plan are about. */
export async function readMesh(
  { k8s, prober }: Dependencies,
  linkerd: Linkerd,
  { adopt }: Pick<RotationSettings, 'adopt'>,
): Promise<Mesh> {
  const stores = await readAnchors(k8s, linkerd);
  const found = await readRotationSecret(k8s, linkerd.namespace);
  const all = await listMeshedPods(k8s, linkerd.namespace);
  const [pods, unstarted] = byAddress(withIdentity(all));
  const workloads = await workloadsByName(k8s);
  const tried = withRootOf(found, stores[0].certificates);
  const proxies = await observeProxies(k8s, prober, pods, { anchors: true, leaf: true, roots: tried, linkerd });
  const issuer = await findIssuer(k8s, linkerd);
  const left = found && leftIn(found, { stores, proxies, issuer });
  const isGoneOnWith = left && (left.use !== 'unused' || isNamed(left.rotation, adopt));
  const rotation = isGoneOnWith ? left.rotation : undefined;
  const anchors = withRootOf(rotation, stores[0].certificates);
  const roots = anchorsOfIssuer(issuer.certificates, anchors);
  const listed = { pods, unstarted, identityOff: identityOff(all), workloads };
  return { linkerd, stores, anchors, ...listed, proxies, issuer, roots, rotation, left };
}

/** Those that have an address, and those that have none yet. */
function byAddress(all: readonly MeshedPod[]): [MeshedPod[], MeshedPod[]] {
  const isStarted = ({ address }: MeshedPod) => address !== undefined;
  return [all.filter(isStarted), all.filter((pod) => !isStarted(pod))];
}

function identityOff(pods: readonly MeshedPod[]): string[] {
  return [...new Set(pods.filter((pod) => pod.identityOff).map(({ workload }) => workloadName(workload)))].toSorted();
}

/** What is in the rotation's Secret, and whether anything refers to it. */
function leftIn(
  rotation: RotationSecret,
  { stores, proxies, issuer }: Pick<Mesh, 'stores' | 'proxies' | 'issuer'>,
): NonNullable<Mesh['left']> {
  const traces = tracesOf(rotation, { stores, proxies, certificates: issuer.certificates });
  return { rotation, state: traces.issuer, use: useOf(rootsOf(rotation), traces) };
}

/** The root of a rotation that another run has left comes back into the bundle first of all, should somebody have taken it out. */
function withRootOf(rotation: RotationSecret | undefined, anchors: Certificate[]): Certificate[] {
  if (!rotation || anchors.some(({ fingerprint }) => fingerprint === rotation.root.fingerprint)) return anchors;
  return [...anchors, rotation.root];
}

/** What the checks judge: the mesh, and what only they ask for. Changes nothing; the rehearsal is a dry run. */
export async function gather(
  k8s: Kubernetes,
  mesh: Mesh,
  { settings, course: ref }: RotationRequest,
): Promise<PreflightObservation> {
  const { linkerd, stores, pods, workloads, proxies, issuer, roots, rotation, left } = mesh;
  const { deletePods } = settings.rollout;
  const course = courseOf(ref);
  const replacesRoot = course.replaces === 'root';
  const oldAnchors = replacesRoot ? stores[0].certificates : []; // an issuer alone keeps its root
  const current = endOf(issuer.certificates);
  const now = clusterNow(k8s);
  const whose = await owned(k8s, mesh, { settings, course });
  const isRootEnough = whose.owners.issuer.kind === 'certManager';
  return {
    course,
    waivers: settings.waive,
    now,
    ...present({ skewMs: clockSkew(k8s) }),
    stuckAfterMs: settings.rollout.stuckAfter,
    linkerdNamespace: linkerd.namespace,
    unverified: k8s.unverified,
    missingPermissions: [],
    deployments: await controlPlane(k8s, linkerd),
    stores: stores.map(storeFacts),
    issuer: issuerInUseProblems(inUse(mesh), now),
    // what was made once stands: another Secret is not asked for again
    supplied: rotation ? undefined : await suppliedFacts(k8s, linkerd, { ...settings, isRootEnough }, oldAnchors),
    givesCertificates: settings.certificates !== undefined,
    issuerRoots: roots.map(({ fingerprint }) => fingerprint),
    recovery: expiredOf(current, roots, now),
    leftBehind: left && leftBehindOf({ ...left, adopt: settings.adopt }, issuer.certificates),
    keyCopies: await findKeyCopies(k8s, linkerd),
    ...whose,
    ...(await membersOf(k8s, course, settings)),
    helmValues: await helmNames(k8s, linkerd),
    rehearsal: settings.planOnly
      ? undefined
      : await rehearseInjection(k8s, rehearsalNamespaces(pods, linkerd.namespace)),
    webhookFailurePolicy: await webhookFailurePolicy(k8s),
    identityOff: mesh.identityOff,
    proxies,
    unstarted: mesh.unstarted.map(unasked),
    anchors: mesh.anchors.map(({ fingerprint }) => fingerprint),
    unrollable: replacesRoot ? unrollableAmong(proxies, workloads, deletePods) : [],
  };
}

/** Who writes what, and what depends on it. */
async function owned(
  k8s: Kubernetes,
  { linkerd, pods, workloads, issuer, roots, rotation }: Mesh,
  { settings, course }: { settings: RotationSettings; course: Course },
) {
  const found = await findOwners(k8s, linkerd, settings);
  const isRenewed = found.owners.issuer.kind === 'certManager';
  const madeHere = course.replaces === 'root' && !isRenewed;
  return {
    ...found,
    deadline: deadlineOf(
      { settings, course },
      paceOf(linkerd, pods, { workloads, deletePods: settings.rollout.deletePods }),
      // what is renewed by itself does not end
      { expiries: expiriesOf(isRenewed ? undefined : endOf(issuer.certificates), roots), now: new Date() },
    ),
    // of a rotation that goes on it was decided when its root was made
    keepsRootKey: madeHere && !rotation && settings.root.key === undefined && keepsRootKey(settings),
  };
}

function inUse({ issuer, roots, anchors }: Mesh): IssuerInUse {
  const { certificates: chain, certificatePem, keyPem } = issuer;
  return { chain, keyPem, roots, anchors, fatal: fatalOf(readBundle(certificatePem)) };
}

/** Why identity would not read a text. */
function fatalOf({ identityReads }: Pick<Bundle, 'identityReads'>): string | undefined {
  return Array.isArray(identityReads) ? undefined : identityReads.message;
}

/** What is in the mesh and is no pod, where the course waits for it: as far as nobody has said anything of it. */
async function membersOf(
  k8s: Kubernetes,
  course: Course,
  { waive }: RotationSettings,
): Promise<Pick<PreflightObservation, 'members' | 'held'>> {
  const held = heldPhases(course);
  return { held, members: held.length > 0 ? unseenIn(course, await readMembers(k8s), waive) : [] };
}

async function controlPlane(k8s: Kubernetes, { namespace }: Linkerd): Promise<DeploymentFacts[]> {
  const { items } = await k8s.apps.listNamespacedDeployment({ namespace, labelSelector: COMPONENT_LABEL });
  const found = items.map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? '',
    ready: status?.readyReplicas ?? 0,
    wanted: spec?.replicas ?? 1,
  }));
  const absent = [IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT].filter((name) => !found.some((item) => item.name === name));
  return [...found, ...absent.map((name) => ({ name, ready: 0, wanted: 1 }))];
}

function storeFacts({ store, pem, certificates }: StoredAnchors): StoreFacts {
  const { problems, identityReads } = readBundle(pem);
  return {
    store,
    problems,
    fatal: fatalOf({ identityReads }),
    anchors: certificates.map(({ fingerprint, commonName, notAfter }) => ({
      fingerprint,
      commonName,
      notAfter: notAfter.toISOString(),
    })),
  };
}

async function webhookFailurePolicy(k8s: Kubernetes): Promise<string | undefined> {
  return (await injectorWebhook(k8s))?.failurePolicy;
}

/** The workloads of the cluster, by name. */
export async function workloadsByName(k8s: Kubernetes): Promise<Map<string, Workload>> {
  const reading = { mark: MARK_ANNOTATION, markedAt: MARKED_AT_ANNOTATION };
  const workloads = await listWorkloads(k8s, undefined, reading);
  return new Map(workloads.map((item) => [workloadName(item), item]));
}
