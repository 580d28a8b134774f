import type { Fingerprint, Member, ProxyObservation } from '../../ground/mesh.js';
import type { Problem } from '../../pki/problem.js';
import type { Course } from '../courses/course.js';
import type { Recovery } from '../courses/recovery.js';
import type { Finding, Waiver } from '../findings.js';
import { OWN, type Owned, type Owners, type SaidOwners } from '../owners.js';
import type { GatedPhase } from '../phases.js';
import type { Use } from '../untouched.js';

/** What preflight looked at, as plain data: the checks in this folder decide, and read nothing else. */
export interface PreflightObservation {
  /** The course that was asked for. */
  course: Pick<Course, 'strategy' | 'replaces' | 'bridge'>;
  waivers: Waiver[];
  /** By the cluster's clock. */
  now: Date;
  /** Milliseconds that the clock of whoever looks is ahead of the cluster's; absent where that is not known. */
  skewMs?: number;
  /** `rollout.stuckAfter`: a pod that is younger is starting. */
  stuckAfterMs: number;
  linkerdNamespace: string;
  /** Why whoever answers as API server is believed. */
  unverified?: string | undefined;
  /** Why Linkerd was not found or is not understood; nothing else is known then. */
  undetected?: Undetected | undefined;
  missingPermissions: MissingPermission[];
  /** What a rotation does without. */
  optionalMissing?: MissingPermission[];
  /** This worker takes approvals in the cluster alone, and the input asks for others. */
  approvalsInCluster?: boolean;
  /** Why no admission policy limits what reroot's user may write; absent: one does, or it is a person's own rights. */
  policyShortfall?: string | undefined;
  deployments: DeploymentFacts[];
  /** Every copy of the trust anchors; the first is the one that the control plane reads. */
  stores: StoreFacts[];
  /** Problems of the issuer in use and of its root. */
  issuer: Problem[];
  /** Who writes the bundle and the issuer. */
  owners: Owners;
  /** What the input says of it. */
  saidOwners: SaidOwners;
  /** The input brings a root, or an issuer, of its own (`certificates`). */
  givesCertificates: boolean;
  /** Fingerprints of the roots that the issuer in use is under. */
  issuerRoots: Fingerprint[];
  /** Absent: cert-manager has nothing to do with the mesh, or may not be asked. */
  certManager?: CertManagerFacts | undefined;
  /** The certificates that the input brings, if it does. */
  supplied?: SuppliedFacts | undefined;
  /** What has expired already, if anything. */
  recovery?: Recovery | undefined;
  /** An earlier rotation has left its Secret. */
  leftBehind?: LeftBehind | undefined;
  deadline: Deadline;
  /** Copies of the issuer's key beside the fields in which Linkerd keeps it. */
  keyCopies: KeyCopiesFacts;
  /** The new root is made here, and the input does not say what becomes of its key. */
  keepsRootKey: boolean;
  writers: WriterFacts[];
  /** The values from which Helm renders the certificates: none where it does not own the installation, or others make them. */
  helmValues?: readonly string[];
  /** A dry run of a new meshed pod; absent where none was made. */
  rehearsal?: RehearsalFacts | undefined;
  webhookFailurePolicy?: string | undefined;
  /** Workloads with proxies that have no identity, by name. */
  identityOff: string[];
  proxies: ProxyObservation[];
  /** Pods without an address: nothing of them runs. */
  unstarted: ProxyObservation[];
  /** Every anchor in the bundle; each presented chain must verify with one of them. */
  anchors: Fingerprint[];
  unrollable: UnrollableFacts[];
  /** What is in the mesh and is no pod of it, as far as nobody has said that it is taken care of. */
  members: Member[];
  /** The gates at which the course waits for their sake. */
  held: GatedPhase[];
}

/** What a `DetectionError` says. */
export interface Undetected {
  reason: string;
  message: string;
  hint: string;
}

export interface MissingPermission {
  /** As people write it: `list pods in all namespaces`. */
  what: string;
  neededFor: string;
  /** What grants it, or makes it unnecessary. */
  file: string;
}

/** A Deployment of the control plane; one that is missing has no replica ready. */
export interface DeploymentFacts {
  name: string;
  ready: number;
  wanted: number;
}

export interface StoreFacts {
  store: string;
  /** What a person should know about its text. */
  problems: { reason: string; message: string }[];
  /** The error with which the identity process would end. */
  fatal?: string | undefined;
  anchors: AnchorFacts[];
}

export interface AnchorFacts {
  fingerprint: Fingerprint;
  commonName: string;
  /** ISO 8601. */
  notAfter: string;
}

export interface SuppliedFacts {
  problems: Problem[];
  /** Whether the key of the new root is among them; absent where they could not be read. */
  hasRootKey?: boolean;
}

export interface LeftBehind {
  /** What that rotation was to replace. */
  of: 'root' | 'issuer';
  /** Short name of its root. */
  id: string;
  use: Use;
  /** The input names it: it is gone on with, whatever refers to it. */
  named?: true;
  /** ISO 8601: until when its bridge certificate lasts, where that is in the issuer Secret. */
  bridgeNotAfter?: string;
}

export interface KeyCopiesFacts {
  /** Secrets whose annotation of `kubectl apply` holds a private key. */
  applied: string[];
  /** Helm's own Secrets of the release, by the pattern of their names. */
  helm?: string;
}

/** How long a rotation needs the certificates in use, and how long those last. */
export interface Deadline {
  /** Milliseconds with the course that was asked for; 0: it does not matter. */
  lastsMs: number;
  /** Every way to replace a root. */
  ways: Way[];
  expiries: Expiry[];
  /** Milliseconds for which none of `rollout.windows` is open, at the longest; absent where that is never so. */
  closedMs?: number;
}

export interface Way {
  name: string;
  lastsMs: number;
}

export interface Expiry {
  what: string;
  /** ISO 8601. */
  notAfter: string;
}

/** Somebody else who writes an object that the rotation changes. */
export interface WriterFacts {
  /** `Kind namespace/name`. */
  object: string;
  manager: string;
  /** What of the rotation the object holds. */
  of: Owned;
  /** It puts the old content back by itself; else at its next run, or nobody knows. */
  reverts: boolean;
  /** It copies the content from other objects of the cluster. */
  copies?: true;
  /** What it is going to do, one sentence each. */
  will: string[];
  /** Its own resources say that it writes; else only a mark on the object does, which stays when it has been stopped. */
  certain: boolean;
  /** It begins a rotation of its own when the root's Certificate is renewed. */
  drives?: true;
  cure: string;
}

/** What cert-manager, and whoever makes the bundle of its Secrets, have to do with a mesh. */
export interface CertManagerFacts {
  /** The Certificate that writes the issuer Secret. */
  issuer?: RenewedFacts;
  /** What signs that, for people: `ClusterIssuer linkerd-identity-issuer`. */
  signer?: string;
  /** The Secret with the CA that signs it, `namespace/name`; absent: the Issuer is of another kind (Vault, AWS PCA). */
  ca?: string;
  /** The Certificate that writes the root. */
  root?: RenewedFacts;
  bundle?: MadeBundleFacts;
}

/** A Certificate of cert-manager. */
export interface RenewedFacts {
  /** `Certificate namespace/name`. */
  name: string;
  /** `namespace/name` of the Secret that it writes. */
  secret: string;
  /** What its condition Ready says, where that is not True. */
  notReady?: string;
  /** ISO 8601: it has ended then, and nobody has tried to renew it. */
  abandoned?: string;
  /** ISO 8601: when cert-manager renews it next. */
  renewalTime?: string;
  /** Milliseconds from each issue to the next. */
  renewedAfterMs: number;
  /** Of the certificate in it, of the root's alone and where it may be read. */
  fingerprint?: Fingerprint;
  /**
   * A renewal makes a certificate of the same key (`rotationPolicy: Never`). `unsaid`: cert-manager before 1.18 does so, later
   * ones make a new key (cert-manager, release notes of 1.18).
   */
  keepsKey: boolean | 'unsaid';
}

/** A bundle that somebody makes of Secrets. */
export interface MadeBundleFacts {
  /** Who, for people: `Bundle linkerd-identity-trust-roots`, or a field manager's name. */
  by: string;
  /** Source Secrets, `namespace/name`. */
  sources: string[];
  /** Those that do not exist. */
  missing: string[];
  /** The source that holds the previous root, `namespace/name`; absent: there is none. */
  previous?: string;
  /** Key of the sources. */
  key: string;
  /** It takes whatever has certain labels: there may be more that reroot may not see. */
  byLabels?: true;
  /** Nobody says that it is made of them: it is where the input says so (`owners.bundle`). */
  unsure?: true;
}

export interface RehearsalFacts {
  namespace: string;
  problem?: string;
  /** Why no namespace takes it, whatever the injector does. */
  refused?: string;
}

/** A workload whose pods a rotation could not replace. */
export interface UnrollableFacts {
  workload: string;
  reason: string;
  message: string;
  hint: string;
}

/** What is known before anything was looked at: no check finds fault with it. */
export const NOTHING: PreflightObservation = {
  course: { strategy: 'none', replaces: 'root' },
  waivers: [],
  now: new Date(0),
  stuckAfterMs: 0,
  linkerdNamespace: '',
  missingPermissions: [],
  deployments: [],
  stores: [],
  issuer: [],
  owners: OWN,
  saidOwners: {},
  issuerRoots: [],
  givesCertificates: false,
  deadline: { lastsMs: 0, ways: [], expiries: [] },
  keyCopies: { applied: [] },
  keepsRootKey: false,
  writers: [],
  identityOff: [],
  proxies: [],
  unstarted: [],
  anchors: [],
  unrollable: [],
  members: [],
  held: [],
};

/** Whether something that does not work blocks: in a recovery it is what the rotation is there to repair. */
export function blockUnlessRecovering({ recovery }: PreflightObservation): Finding['severity'] {
  return recovery ? 'warn' : 'block';
}
