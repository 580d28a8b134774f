import type { HelmUpgrade } from '../ground/helm.js';
import type { Finding, Waiver } from './findings.js';
import type { RotationRequest } from './input.js';
import type { Fingerprint } from '../ground/mesh.js';
import type { HandOffMemory, HandOffStep, MayHandOff } from './hand-off.js';
import type { Owners } from './owners.js';
import type { GatedPhase } from './phases.js';
import type { Plan } from './plan.js';
import type { RenewalState } from './renewal.js';
import type { Approval } from './report.js';
import type { Told } from './told.js';
import type { UnreadableSince } from './unreadable.js';
import type { IssuerState } from './courses/course.js';
import type { Recovery } from './courses/recovery.js';

/** What goes into activities and comes out: facts, counts and fingerprints; never a certificate's key. */

/** Given to every activity. */
export interface StepInput extends RotationRequest {
  linkerdNamespace: string;
  /** uid of namespace `kube-system`: the cluster that preflight read, and no other. */
  clusterUid?: string;
  /** Run id of the first run: what the Lease has to say before anything is written. */
  firstRunId?: string;
  /** Who writes what is rotated; absent: reroot does (also: a rotation that reroot 0.5 began). */
  owners?: Owners;
  /** What is remembered of what somebody else was asked to write in this step. */
  handOff?: HandOffMemory;
}

/** Which cluster the worker of a task queue works on. */
export interface HelloResult {
  apiServer: string;
  /** uid of namespace `kube-system`; absent when it could not be read at once. */
  clusterUid?: string;
}

export interface LeaseInput {
  linkerdNamespace?: string | undefined;
  /** uid of namespace `kube-system`; absent while nothing has been read. */
  clusterUid?: string;
  /** Run id of the first run: a rotation keeps its Lease when it continues as new. */
  firstRunId: string;
}

export interface PhaseInput extends StepInput {
  phase: GatedPhase;
  waivers: Waiver[];
  /** How often the operator has asked for a `retry` in this phase. */
  retry: number;
}

/** A step that has to know what people have said. */
export interface GivenInput extends StepInput {
  /** Absent: those of the input. */
  waivers?: Waiver[];
}

/** A step that writes what cannot be taken back, or what others may be refused for. It proves by itself that it may. */
export interface GuardedInput extends GivenInput {
  /** The plan that somebody has approved; absent where nobody was asked. */
  approved?: Plan;
}

export interface AwaitHandOffInput extends GuardedInput {
  /** Which step asked, and what it saw. */
  awaits: { step: HandOffStep; seen: string };
}

export interface AwaitApprovalInput extends StepInput {
  planHash: string;
}

/** An approval that was found in the cluster. */
export type FoundApproval = NonNullable<Approval['inCluster']>;

export interface IssuerStateInput extends GuardedInput {
  state: IssuerState;
  /** What the rotation has reached already, beyond this state, stays: what is repaired is the row of an earlier proof. */
  keepLater?: boolean;
}

/** How a wait for the proxies' own renewal (or replacement) ended. */
export interface RenewalResult extends RenewalState {
  /**
   * - `met`: every proxy meets the requirement.
   * - `late`: which proxies are late (or cannot be read) is news, whether there are more of them or fewer, or none.
   * - `reverted`: another writer has put something back. `deadline`: it was waited long enough.
   */
  ended: 'met' | 'late' | 'reverted' | 'deadline';
  /** All that are late, by reason: `late` names some of them. */
  lateByReason: Record<string, number>;
  /** Where workloads can be rolled for the sake of late proxies; as many as fit. */
  lateNamespaces: string[];
  /** What another writer has put back; the wait is over, because nothing would come of it. */
  reverted: Finding[];
  unreadable: UnreadableSince;
}

/** A certificate as status and report show it. */
export interface CertificateFacts {
  fingerprint: Fingerprint;
  commonName: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
}

export interface PreflightResult {
  linkerdNamespace: string;
  linkerdVersion: string;
  layout: string;
  /** Milliseconds that leaves are valid. */
  leafLifeMs: number;
  /** What of the start has expired. */
  recovery?: Recovery;
  /** Who writes what is rotated; absent: reroot does. */
  owners?: Owners;
  apiServer: string;
  /** uid of namespace `kube-system`. */
  clusterUid: string;
  /** Some of each reason. */
  findings: Finding[];
  /** How many more there are, by reason. */
  findingsOmitted?: Record<string, number>;
  plan: Plan;
  /** Namespaces of Linkerd extensions: rolled before others. */
  extensions: string[];
}

/** The result of a rotation that was asked for its plan only. */
export interface PlanResult {
  plan: Plan;
  findings: Finding[];
  /** How many more there are, by reason. */
  findingsOmitted?: Record<string, number>;
}

export interface GenerateResult {
  root: CertificateFacts;
  /** Absent: cert-manager makes it, when its time has come. */
  issuer?: CertificateFacts;
  /** The issuer in use at the start: until the new one is in place, no leaf outlives it. */
  issuerOfStart?: CertificateFacts;
  /** The roots to take out. */
  retire: CertificateFacts[];
  /** Another run made the rotation's Secret, and left it. */
  adopted: boolean;
  /** The root of the start has left the bundle, or a process trusts the new root alone: seen in the cluster. */
  pastPointOfNoReturn: boolean;
}

/** What became of certificates that no step of this run has used. */
export interface DiscardResult {
  /** Nothing is left of them. */
  discarded: boolean;
  /** The mesh uses them, by another run or an earlier life of this one: nothing was deleted, and the way back is by these. */
  left?: GenerateResult;
}

/** The gate of a phase, looked at now. */
export interface GateResult {
  passed: boolean;
  /** Live proxies looked at, and how many of them meet the requirement. */
  proxies: number;
  proven: number;
  /** Proxies gone on without, by waiver. */
  waived: number;
  /** Namespaces with proxies that fall short. */
  namespaces: { name: string; outdated: number }[];
  /** How many more there are: the next look lists them. */
  namespacesOmitted?: number;
  /** What somebody else has put back, by object: nothing is rolled while that is so. */
  reverted: Finding[];
  /** The first few findings, for people. */
  findings: Finding[];
  /** All that is missing: a person's word for members of the mesh that reroot cannot see; the first few. */
  unconfirmed?: Finding[];
}

/** A part of the pods of a mesh, which one worker proves while others prove the other parts. */
export interface Share {
  /** From 0. */
  index: number;
  of: number;
}

/** The proxies of one share of the mesh, and nothing that is beside them. */
export interface ShareInput extends PhaseInput {
  share: Share;
}

export interface CheckGateInput extends PhaseInput {
  /** What the shares of the mesh have found together: no proxy is asked once more. */
  shares?: GateResult;
}

export interface AwaitChangeInput extends PhaseInput {
  /** `members`: only those that reroot cannot see are waited for, and no proxy is asked. */
  of?: 'members';
}

export interface AwaitIssuerInput extends PhaseInput {
  /** ISO 8601: when the issuer Secret was written. */
  swappedAt: string;
}

export interface AwaitProxiesInput extends PhaseInput, Omit<ProxiesWait, 'phase'> {
  /** ISO 8601: wait no longer than this. */
  deadline?: string;
}

/** What a wait for proxies is given again when it is begun anew: for a waiver, a pause, or a new run of the workflow. */
export interface ProxiesWait {
  phase: GatedPhase;
  /** ISO 8601: when the wait began, after the last write. */
  since: string;
  /** What people have been told of last. */
  told?: Told;
  unreadable?: UnreadableSince;
}

export interface BundleWritten extends MayHandOff {
  /** Stores that had to be written. */
  written: string[];
  /** Helm installs: what the release has to be given from now on. */
  helm?: HelmUpgrade;
}

export interface SwapResult extends MayHandOff {
  /** ISO 8601: when the issuer Secret got the new issuer, as the API server recorded it. */
  swappedAt: string;
  written: string[];
  /** Helm installs: what the release has to be given from now on. */
  helm?: HelmUpgrade;
}

export interface AwaitIssuerResult {
  outcome: 'updated' | 'skipped' | 'silent' | 'alreadyIssuing';
  message: string;
}
