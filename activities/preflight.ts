import { ROLLOUTS } from '../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { isServed } from '../src/kubernetes/custom.js';
import { formatPermission, missingPermissions, type Permission } from '../src/kubernetes/permissions.js';
import { listWorkloads } from '../src/kubernetes/workloads.js';
import { DetectionError, detectLinkerd, type Linkerd } from '../src/linkerd/detect.js';
import { rehearseInjection } from '../src/linkerd/proxies/injection.js';
import { readIssuer, type StoredIssuer } from '../src/linkerd/identity/issuer.js';
import { MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../src/kubernetes/own-names.js';
import {
  COMPONENT_LABEL,
  EXTENSION_LABEL,
  IDENTITY_DEPLOYMENT,
  INJECTOR_DEPLOYMENT,
  INJECTOR_WEBHOOK,
} from '../src/linkerd/names.js';
import { observeProxies } from '../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../src/linkerd/proxies/pods.js';
import { neededPermissions } from './kit/permissions.js';
import { readRotationSecret, type RotationSecret } from '../src/records/rotation-secret.js';
import { readAnchors, type StoredAnchors } from '../src/linkerd/layouts/stores.js';
import { readSuppliedCertificates, SuppliedError } from '../src/records/supplied.js';
import { competingWriters } from '../src/linkerd/writers/writers.js';
import { checkAuthority, type Problem } from '../src/pki/authority.js';
import { readBundle } from '../src/pki/bundle.js';
import type { Certificate } from '../src/pki/certificate.js';
import { parseKey } from '../src/pki/key.js';
import type { Finding } from '../src/rotation/findings.js';
import type { RotationSettings } from '../src/rotation/input.js';
import {
  NOTHING,
  type PreflightObservation,
  preflightFindings,
  type StoreFacts,
} from '../src/rotation/preflight/index.js';
import { workloadName } from '../src/ground/mesh.js';
import { planPhases, untilRetired } from '../src/rotation/plan.js';
import { unrollableBecause } from '../src/rotation/rollout.js';
import { type CourseRef, courseOf, waysToReplaceRoot } from '../src/rotation/courses/index.js';
import type { Course } from '../src/rotation/courses/course.js';
import type { Recovery } from '../src/rotation/courses/recovery.js';
import { paceOf } from '../src/rotation/pace.js';
import { rehearsalNamespaces } from '../src/rotation/injection.js';
import { anchorsOfIssuer } from '../src/pki/issuer-anchors.js';
import { issuerStateOf } from '../src/records/issuer-states.js';
import type { PreflightResult } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/rotation.js';
import { livePods } from './kit/proxies.js';
import { hashedPlan } from './kit/plan.js';

export interface PreflightInput {
  settings: RotationSettings;
  course: CourseRef;
}

/** preflight: reads the whole mesh once and names every problem with its cure; changes nothing. */
export async function preflight(
  dependencies: Dependencies,
  { settings, course: ref }: PreflightInput,
): Promise<PreflightResult | { findings: Finding[]; linkerdNamespace?: undefined }> {
  const { k8s, prober } = dependencies;
  const course = courseOf(ref);
  const { strategy } = course;
  let linkerd: Linkerd;
  try {
    linkerd = await detectLinkerd(k8s, settings.linkerdNamespace);
  } catch (error) {
    if (!(error instanceof DetectionError)) throw error;
    const { reason, message, hint } = error;
    return { findings: [{ reason, severity: 'block', message, subject: { kind: 'cluster', name: 'cluster' }, hint }] };
  }
  const circumstances = {
    reach: prober.reach,
    deletePods: settings.rollout.deletePods,
    rollouts: await isServed(k8s, ROLLOUTS),
  };
  const needed = neededPermissions(linkerd, circumstances);
  const missing = await missingPermissions(k8s, settings.planOnly ? needed.filter(isReading) : needed);
  if (missing.length > 0) {
    // Without them the rest cannot be read; say so at once instead of failing at the first.
    const observation = {
      ...NOTHING,
      missingPermissions: missing.map((item) => ({ what: formatPermission(item), neededFor: item.neededFor })),
    };
    return { findings: preflightFindings(observation) };
  }
  const stores = await readAnchors(k8s, linkerd);
  const anchors = stores[0].certificates;
  const pods = await livePods(k8s, linkerd.namespace);
  const proxies = await observeProxies(k8s, prober, pods, { anchors: true, leaf: true, roots: anchors, linkerd });
  const rotation = await readRotationSecret(k8s, linkerd.namespace);
  const issuer = await issuerFacts(k8s, linkerd, anchors);
  const observation: PreflightObservation = {
    linkerdNamespace: linkerd.namespace,
    now: new Date(),
    stores: stores.map(storeFacts),
    issuer: { problems: issuer.problems },
    deployments: await controlPlane(k8s, linkerd),
    rehearsal: settings.planOnly
      ? { namespace: '' }
      : await rehearseInjection(k8s, rehearsalNamespaces(pods, linkerd.namespace)),
    missingPermissions: [],
    proxies,
    anchors: anchors.map(({ fingerprint }) => fingerprint),
    unrollable: course.replaces === 'issuer' ? [] : await unrollable(k8s, settings.rollout.deletePods, proxies),
    writers: await competingWriters(k8s, linkerd),
    supplied: rotation ? [] : await suppliedProblems(k8s, linkerd, { settings, course: ref }, anchors),
    deadline: deadlineOf(settings, ref, linkerd, pods, issuer.expiries),
    ...(issuer.recovery ? { recovery: { what: issuer.recovery, strategy } } : {}),
    ...(rotation ? { leftBehind: leftBehind(rotation, issuer.stored) } : {}),
    waivers: settings.waive,
    ...(linkerd.installedBy === 'helm' ? { helmValue: linkerd.layout.helmValue } : {}),
    ...(await webhookFailurePolicy(k8s)),
  };
  const retire = rotation?.retire ?? issuer.retire;
  const keep = observation.anchors.filter(
    (fingerprint) => !retire.includes(fingerprint) && fingerprint !== rotation?.root.fingerprint,
  );
  const target = rotation ? { target: rotation.root.fingerprint } : {};
  return {
    linkerdNamespace: linkerd.namespace,
    linkerdVersion: linkerd.version,
    layout: linkerd.layout.id,
    leafLifeMs: linkerd.leafLifeMs,
    ...(issuer.recovery ? { recovery: issuer.recovery } : {}),
    apiServer: k8s.server,
    findings: preflightFindings(observation),
    plan: hashedPlan({ settings, course: ref }, { ...linkerd, pods }, { retire, keep, ...target }),
    extensions: await extensionNamespaces(k8s),
  };
}

function storeFacts({ store, pem, certificates }: StoredAnchors): StoreFacts {
  const { problems, identityReads } = readBundle(pem);
  return {
    store,
    problems,
    ...(Array.isArray(identityReads) ? {} : { fatal: identityReads.message }),
    anchors: certificates.map(({ fingerprint, commonName, notAfter }) => ({
      fingerprint,
      commonName,
      notAfter: notAfter.toISOString(),
    })),
  };
}

/** Everything that reads: what a plan alone needs. */
function isReading({ verb, subresource }: Permission): boolean {
  return verb === 'get' || verb === 'list' || subresource === 'portforward';
}

/** How long each way lasts, and what must not expire meanwhile. */
function deadlineOf(
  settings: RotationSettings,
  ref: CourseRef,
  linkerd: Linkerd,
  pods: readonly MeshedPod[],
  expiries: { what: string; notAfter: string }[],
): PreflightObservation['deadline'] {
  const pace = paceOf(linkerd, pods);
  const course = courseOf(ref);
  const lasts = (way: Course) => untilRetired(planPhases(settings, way, pace));
  const ways = waysToReplaceRoot().map((way) => ({ name: way.name, ms: lasts(way.course) }));
  return { strategy: course.strategy, ms: course.replaces === 'issuer' ? 0 : lasts(course), ways, expiries };
}

async function issuerFacts(k8s: Kubernetes, linkerd: Linkerd, anchors: readonly Certificate[]) {
  const stored = await readIssuer(k8s, linkerd);
  const roots = anchorsOfIssuer(stored.certificates, anchors);
  const [issuer] = stored.certificates;
  const now = new Date();
  const problems: Problem[] = roots[0]
    ? checkAuthority({ root: roots[0], issuer, issuerKey: parseKey(stored.keyPem), at: now, oldAnchors: [] })
    : [
        {
          reason: 'IssuerUnderNoAnchor',
          severity: 'error',
          message: 'it verifies with none of the anchors in the bundle',
          hint: 'repair the bundle or the issuer first',
        },
      ];
  const expiries = [
    { what: 'the issuer in use', notAfter: issuer.notAfter.toISOString() },
    ...roots.map((root) => ({ what: 'its root', notAfter: root.notAfter.toISOString() })),
  ];
  const expired = roots.length > 0 && roots.every((root) => root.notAfter <= now);
  const recovery: Recovery | undefined = issuer.notAfter <= now ? 'issuer' : expired ? 'root' : undefined;
  return { stored, problems, retire: roots.map(({ fingerprint }) => fingerprint), expiries, recovery };
}

function leftBehind(rotation: RotationSecret, stored: StoredIssuer): PreflightObservation['leftBehind'] {
  const of = rotation.retire.length > 0 ? 'root' : 'issuer';
  const state = issuerStateOf(stored.certificates, rotation);
  if (state !== 'bridge' && state !== 'crossover') return { of };
  const ends = stored.certificates.map(({ notAfter }) => notAfter.getTime());
  return { of, bridgeNotAfter: new Date(Math.min(...ends)).toISOString() };
}

async function controlPlane(k8s: Kubernetes, linkerd: Linkerd): Promise<PreflightObservation['deployments']> {
  const { items } = await k8s.apps.listNamespacedDeployment({
    namespace: linkerd.namespace,
    labelSelector: COMPONENT_LABEL,
  });
  const found = items.map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? '',
    ready: status?.readyReplicas ?? 0,
    wanted: spec?.replicas ?? 1,
  }));
  const absent = [IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT].filter((name) => !found.some((item) => item.name === name));
  return [...found, ...absent.map((name) => ({ name, ready: 0, wanted: 1 }))];
}

async function unrollable(
  k8s: Kubernetes,
  deletePods: boolean,
  proxies: PreflightObservation['proxies'],
): Promise<PreflightObservation['unrollable']> {
  const found: PreflightObservation['unrollable'] = [];
  const reading = { mark: MARK_ANNOTATION, markedAt: MARKED_AT_ANNOTATION };
  const workloads = await listWorkloads(k8s, undefined, reading);
  const known = new Map(workloads.map((item) => [`${item.namespace}/${item.kind}/${item.name}`, item]));
  const names = new Map(
    proxies.filter(({ terminating }) => !terminating).map(({ workload }) => [workloadName(workload), workload.kind]),
  );
  for (const [workload, kind] of names) {
    const problem = unrollableBecause(known.get(workload), kind, deletePods);
    if (problem) found.push({ workload, ...problem });
  }
  return found;
}

async function suppliedProblems(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { settings, course: ref }: PreflightInput,
  anchors: readonly Certificate[],
): Promise<PreflightObservation['supplied']> {
  if (!settings.certificates) return [];
  const course = courseOf(ref);
  const oldAnchors = course.replaces === 'issuer' ? [] : anchors;
  try {
    const supplied = await readSuppliedCertificates(k8s, linkerd.namespace, settings.certificates.secret);
    const [issuer] = readBundle(supplied.issuerPem ?? '').certificates;
    const authority = {
      root: supplied.root,
      at: new Date(),
      oldAnchors,
      ...(issuer ? { issuer } : {}),
      ...(supplied.issuerKeyPem ? { issuerKey: parseKey(supplied.issuerKeyPem) } : {}),
      ...(supplied.rootKeyPem ? { rootKey: parseKey(supplied.rootKeyPem) } : {}),
    };
    return [
      ...checkAuthority(authority),
      ...versionProblems(linkerd, supplied.root, issuer),
      ...(course.bridge && !supplied.rootKeyPem ? [BRIDGE_NEEDS_KEY] : []),
    ];
  } catch (error) {
    if (!(error instanceof SuppliedError)) throw error;
    return [{ reason: 'SuppliedSecretUnfit', severity: 'error', message: error.message }];
  }
}

const BRIDGE_NEEDS_KEY: Problem = {
  reason: 'BridgeNeedsRootKey',
  severity: 'error',
  message: 'strategy bridge certifies the issuer key in use under the new root, and its key (ca.key) is not there',
  hint: 'add ca.key, or choose strategy patient or standard',
};

/** What only some versions ask of a root and an issuer (reference.md sections 3.4 and 6). */
function versionProblems({ rules, namespace, trustDomain, version }: Linkerd, root: Certificate, issuer?: Certificate) {
  const name = `identity.${namespace}.${trustDomain}`;
  const problems: Problem[] = [];
  if (rules.issuerNameChecked && issuer && !issuer.dnsNames.includes(name) && issuer.commonName !== name) {
    const message = `Linkerd ${version} takes only an issuer that is valid for the name ${name}`;
    problems.push({ reason: 'IssuerName', severity: 'error', message, hint: 'issue it with that DNS name' });
  }
  if (!rules.rsaRoots && root.key.type === 'rsa') {
    const message = `Linkerd ${version} takes no RSA root (from 2.12.0)`;
    problems.push({ reason: 'RootAlgorithm', severity: 'error', message, hint: 'make an ECDSA P-256 root' });
  }
  return problems;
}

async function webhookFailurePolicy(k8s: Kubernetes): Promise<{ webhookFailurePolicy?: string }> {
  const { items } = await k8s.admission.listMutatingWebhookConfiguration({
    fieldSelector: `metadata.name=${INJECTOR_WEBHOOK}`,
  });
  const policy = items[0]?.webhooks?.[0]?.failurePolicy;
  return policy ? { webhookFailurePolicy: policy } : {};
}

async function extensionNamespaces(k8s: Kubernetes): Promise<string[]> {
  const { items } = await k8s.core.listNamespace({ labelSelector: EXTENSION_LABEL });
  return items.map(({ metadata }) => metadata?.name ?? '');
}
