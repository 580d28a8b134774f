/**
 * What was observed of the mesh: plain data, so that gates are pure. Certificates appear as SHA-256 fingerprints of
 * their DER (64 lower-case hex digits), never as PEM.
 */

export type Fingerprint = string;

/** A workload as the user knows it: the top controller of a pod. */
export interface WorkloadRef {
  namespace: string;
  kind: string;
  name: string;
  /** API group of a kind that is not Kubernetes' own. */
  group?: string;
  /** Of its object, where a pod names it: what tells it from another of the same name. */
  uid?: string;
}

/** One live proxy: a running pod with a `linkerd-proxy` container. */
export interface ProxyObservation {
  namespace: string;
  pod: string;
  uid: string;
  workload: WorkloadRef;
  /** Component of the control plane (`identity`, `destination`, `proxy-injector`), if it is one of its pods. */
  component?: string;
  ready: boolean;
  /** The pod has been deleted and is on its way out. */
  terminating: boolean;
  /** Rotation and phase that the pod was created for, if it was rolled by one. */
  mark?: string;
  /** Anchors of the running process; absent when they could not be read. */
  anchors?: Fingerprint[];
  /**
   * The process cannot be asked for its anchors, and it was started before the bundle's last change, or too close to it
   * to tell: nobody knows which it has, and a restart is the way to know (Linkerd 2.11's control plane).
   */
  startedBeforeBundle?: boolean;
  /** Anchors of the identity process in the same pod, where its own specification shows them (Linkerd 2.9 and 2.10). */
  identityAnchors?: Fingerprint[];
  /** The leaf as presented in a handshake; absent when not asked for. */
  leaf?: LeafObservation;
  /** It has no address yet: nothing runs, so nothing is presented; what it will be started with is judged. */
  unstarted?: boolean;
  /** Why the scheduler or kubelet cannot start it, in their words. */
  pendingBecause?: string;
  /** ISO 8601: when it should have been gone, with the grace that it was given. */
  deletedAt?: string;
  /** ISO 8601. */
  createdAt?: string;
  /** All its own containers have ended for good: only the proxy runs on. */
  onlyProxy?: true;
  /** Why something is missing above. */
  problem?: string;
}

export interface LeafObservation {
  /** Fingerprints as presented, leaf first. */
  chain: Fingerprint[];
  /** The anchors with which alone the chain verifies, of those asked about. */
  verifiesWith: Fingerprint[];
  /** It verifies with none any more, because it has expired: with one of them it did until then. */
  lapsed?: true;
  /** ISO 8601; of a leaf that is not `isSigned` only what it says of itself. */
  notBefore: string;
  notAfter: string;
}

/** Whether an issuer under one of the anchors asked about has signed it. What any other says of its times, anybody may have written. */
export function isSigned({ verifiesWith, lapsed }: LeafObservation): boolean {
  return verifiesWith.length > 0 || lapsed === true;
}

export function workloadName({ namespace, kind, name }: WorkloadRef): string {
  return `${namespace}/${kind}/${name}`;
}

/** Whether an object is the one that a pod belongs to. Anybody who creates a pod may write another's name on it. */
export function isSameWorkload(claimed: Pick<WorkloadRef, 'uid'>, found: Pick<WorkloadRef, 'uid'>): boolean {
  return claimed.uid === undefined || found.uid === undefined || claimed.uid === found.uid;
}

/** A root as messages name it. */
export interface NamedRoot {
  fingerprint: Fingerprint;
  commonName: string;
  /** Whether it was in use at the start, or was made by the rotation. */
  from: 'start' | 'rotation';
}

/** `the new root 9f8e40df12ab (root.linkerd.cluster.local)`: the same words whichever way the rotation goes. */
export function rootName({ fingerprint, commonName, from }: NamedRoot): string {
  return `the ${from === 'start' ? 'root of the start' : 'new root'} ${fingerprint.slice(0, 12)} (${commonName})`;
}

/**
 * What a rotation converges on, and what it takes out. Forward the target is the new root, and the roots of the start are
 * retired; on the way back it is the other way round.
 */
export interface Target {
  /** Short name of the rotation, derived from its new root; with `-back` on the way back. */
  id: string;
  root: NamedRoot;
  /** The roots to take out; foreign anchors are not among them. */
  retired: NamedRoot[];
  /** The issuer to take out of use, with every certificate of its key: the bridge certificate is one. */
  retiredIssuer: { name: string; certificates: Fingerprint[] };
}

/** What is in the mesh and is no pod of this cluster: a VM, or other clusters behind a Link or before a gateway's Service. */
export interface Member {
  kind: 'ExternalWorkload' | 'Link' | 'Service';
  namespace: string;
  name: string;
  /** Of a Link: what it calls the other cluster. */
  cluster?: string;
}

/** As findings and waivers name it: `namespace/Kind/name`. */
export function memberName({ namespace, kind, name }: Pick<Member, 'namespace' | 'kind' | 'name'>): string {
  return `${namespace}/${kind}/${name}`;
}
