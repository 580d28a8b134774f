import { ApplicationFailure } from '@temporalio/activity';
import { plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import { fitting, ROOM_FOR_NAMESPACES } from '../../src/ground/size.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { endOf } from '../../src/pki/issuer-anchors.js';
import { readReport } from '../../src/records/report.js';
import { readRootKey } from '../../src/records/root-secret.js';
import { judgedPods } from '../../src/linkerd/proxies/judged-pods.js';
import { readRotationSecret } from '../../src/records/rotation-secret.js';
import { certificateFacts } from '../../src/rotation/certificate-facts.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { invalidInputMessage, readInput, type RotationInput, type RotationRequest } from '../../src/rotation/input.js';
import { paceOf } from '../../src/rotation/pace.js';
import { deadlineOf } from '../../src/rotation/preflight/deadline.js';
import { staleOf } from '../../src/rotation/stale.js';
import type { Expiry } from '../../src/rotation/watch-expiry.js';
import type { Dependencies } from './dependencies.js';
import { workloadsByName } from './gather.js';
import { findOwners } from './owners.js';
import { anchorsOf } from './proxies.js';
import type { Looked } from './renewal-look.js';

/** Looks at what expires, who writes it, and how long a rotation would last; changes nothing. */
export async function lookAtExpiry(
  dependencies: Dependencies,
  looked: Looked,
  rotation: RotationInput,
): Promise<Expiry> {
  const { k8s } = dependencies;
  const { look, linkerd, issuer, inUse, install } = looked;
  const request = requestOf(rotation);
  const { owners } = await findOwners(k8s, linkerd, request.settings);
  const hasOwnKey = inUse.some(({ fingerprint }) => fingerprint === issuer[0].fingerprint);
  const hasRootKey = hasOwnKey || (await readRootKey(k8s, linkerd.namespace, inUse)) !== undefined;
  const isMoving = look.rotating !== undefined || look.leftBehind === true;
  const bridge = isMoving ? (await readRotationSecret(k8s, linkerd.namespace))?.bridge : undefined;
  const { renewalTime } = install.issuer?.resource.status ?? {};
  return {
    issuer: { ...certificateFacts(issuer[0]), notAfter: endOf(issuer).notAfter.toISOString() },
    owners: { bundle: owners.bundle.kind, issuer: owners.issuer.kind },
    hasRootKey,
    ...(await measured(dependencies, looked, request)),
    ...present({
      issuerRenewalTime: renewalTime === undefined ? undefined : plain(renewalTime),
      bridge: bridge && certificateFacts(bridge),
      aborted: await lastAborted(k8s, linkerd.namespace),
    }),
  };
}

/** @throws ApplicationFailure `InvalidInput`: a workflow of another version knows other fields */
function requestOf(rotation: RotationInput): RotationRequest {
  const read = readInput(rotation);
  if (read.ok) return read;
  throw ApplicationFailure.nonRetryable(invalidInputMessage(read.problems), 'InvalidInput', read.problems);
}

/** Who trusts what, and how long a rotation would need the old certificates. */
async function measured(
  dependencies: Dependencies,
  { look, linkerd, bundle }: Looked,
  { settings, course }: RotationRequest,
): Promise<Pick<Expiry, 'lastsMs' | 'stale'>> {
  const { k8s } = dependencies;
  const pods = await judgedPods(k8s, linkerd.namespace, { anchors: true });
  const { deletePods } = settings.rollout;
  const pace = paceOf(linkerd, pods, { workloads: await workloadsByName(k8s), deletePods });
  const until = { expiries: [], now: clusterNow(k8s) };
  const { lastsMs } = deadlineOf({ settings, course: courseOf(course) }, pace, until);
  if (look.rotating !== undefined || look.leftBehind) return { lastsMs };
  const held = bundle.map(({ fingerprint }) => fingerprint);
  const stale = staleOf(await anchorsOf(dependencies, linkerd, pods), held);
  return { lastsMs, stale: fitting(stale, ROOM_FOR_NAMESPACES) };
}

/** The report of the last rotation, where that was of the root and was aborted: it lasts when Temporal has forgotten it. */
async function lastAborted(k8s: Kubernetes, namespace: string): Promise<Expiry['aborted']> {
  const { outcome, strategy, oldRoots, finishedAt } = await readReport(k8s, namespace);
  const [old] = Array.isArray(oldRoots) ? (oldRoots as { fingerprint?: unknown }[]) : [];
  const root = old?.fingerprint;
  if (outcome !== 'aborted' || strategy === 'issuer' || typeof root !== 'string' || typeof finishedAt !== 'string')
    return undefined;
  return { root: plain(root), at: plain(finishedAt) };
}
