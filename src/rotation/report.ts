import type { Waiver } from './findings.js';
import type { ReportedPhase } from './planned-phases.js';
import type { CertificateFacts } from './payloads.js';

/** What an auditor reads afterwards: the workflow's result, and ConfigMap reroot-report. */
export interface RotationReport {
  outcome: 'completed' | 'aborted';
  cluster: string;
  linkerdNamespace: string;
  linkerdVersion: string;
  layout: string;
  strategy: string;
  workflowId: string;
  runId: string;
  startedAt: string;
  finishedAt: string;
  /** With `aborted`: what was made and taken back. With `rotateIssuer` the root stays. */
  newRoot: CertificateFacts;
  /** Absent after an abort before cert-manager has made one. */
  newIssuer?: CertificateFacts;
  oldRoots: CertificateFacts[];
  /** Where cert-manager makes the certificates: when it renews them next, in a sentence. */
  renews?: string;
  /** Live proxies whose process and presented chain were proven at the end. */
  proxiesProven: number;
  phases: ReportedPhase[];
  /** Who writes the bundle and the issuer, one line each; absent where reroot does. */
  owners?: string[];
  /** Gone on without, by decision of a person. */
  waivers: Waiver[];
  approvals: Approval[];
  /** Things worth knowing that happened on the way. */
  notes: string[];
  adopted: boolean;
  /**
   * ISO 8601: until when a copy of the issuer key of the start could sign what proxies trust (a bridge certificate carries it
   * into the new root's trust). Absent after an abort, and where it is the key of a root that stays.
   */
  oldKeyUsableUntil?: string;
  /** Copies of that key that were not deleted, by name: whose they are is not for reroot to say. Absent after an abort. */
  oldKeyCopies?: string[];
  /** Who aborted it, and why. */
  aborted?: Word & { reason?: string; at: string; phase: string };
}

/** As far as it is shown: whoever may write the ConfigMap may have written anything. */
export function isReport(found: object): found is RotationReport {
  const { outcome, workflowId, oldRoots, waivers, newRoot, newIssuer } = found as Partial<
    Record<keyof RotationReport, unknown>
  >;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  return (
    (outcome === 'completed' || outcome === 'aborted') &&
    typeof workflowId === 'string' &&
    [oldRoots, waivers].every(Array.isArray) &&
    isObject(newRoot) &&
    (newIssuer === undefined || isObject(newIssuer))
  );
}

/** Something that a person has said, and what is known of who said it. */
export interface Word {
  /** As the message says: nothing proves it. */
  claimedBy?: string;
  /** The update that carried it; absent where the input did, or the cluster. */
  update?: UpdateRef;
  /** What the Temporal server knows of its sender; read at the end of the rotation. */
  sender?: Sender;
}

/** Who the Temporal server says has sent each update, by its id. */
export type Senders = Record<string, Sender>;

/** A report with what the server knows of who has said what. */
export function withSenders(report: RotationReport, senders: Senders | undefined): RotationReport {
  const named = <T extends Word>(word: T): T => {
    const sender = word.update && senders?.[word.update.id];
    return sender ? { ...word, sender } : word;
  };
  const { approvals, waivers, aborted } = report;
  return {
    ...report,
    approvals: approvals.map(named),
    waivers: waivers.map(named),
    ...(aborted ? { aborted: named(aborted) } : {}),
  };
}

export interface UpdateRef {
  id: string;
  runId: string;
}

export interface Sender {
  /** As the client names itself. */
  identity?: string;
  /** Whom the server has authenticated, where it records that: `type/name`. */
  principal?: string;
}

export interface Approval extends Word {
  phase: string;
  planHash: string;
  reason?: string;
  at: string;
  /** Given on an object in the cluster (`approvals: inCluster`): the API server's audit log says by whom. */
  inCluster?: { manager?: string; at?: string };
}
