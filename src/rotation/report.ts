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
  /** Who has started it, as the Temporal server knows; absent where that could not be asked. */
  startedBy?: Sender;
  /** What every proxy showed at the end; absent in a report of reroot 0.7 and earlier. */
  evidence?: Evidence;
  /**
   * SHA-256 of the report as it stands in ConfigMap `reroot-report`, without this field; `evidence.digest` is in it, so it
   * vouches for both (src/evidence/canonical.ts).
   */
  digest?: string;
}

/** Where the evidence is, or why there is none. */
export type Evidence = EvidenceIndex | { missing: string };

/** What ConfigMaps `reroot-evidence-0` and so on hold together. */
export interface EvidenceIndex {
  /** ISO 8601: when it was collected. */
  at: string;
  /** SHA-256 of the lines before they are compressed, and how many bytes they have. */
  digest: string;
  bytes: number;
  /** Live proxies that were looked at; that were waived; and that could not be looked at. */
  proxies: number;
  waived: number;
  unseen: number;
  /** Of those that could not be looked at: how many were being deleted. */
  leaving: number;
  /** Of those that were looked at: how many did not show what they have to. */
  short: number;
  certificates: number;
  /** In order, one a ConfigMap: digest and bytes of the lines that each holds. */
  chunks: { digest: string; bytes: number }[];
}

/** A report with its evidence, and with a note where that proves less than everything. */
export function withEvidence(report: RotationReport, evidence: Evidence | undefined): RotationReport {
  if (!evidence) return report;
  const note = evidenceNote(evidence);
  return { ...report, ...(note ? { notes: [...report.notes, note] } : {}), evidence };
}

function evidenceNote(evidence: Evidence): string | undefined {
  if ('missing' in evidence) return `There is no evidence of each proxy beside this report: ${evidence.missing}`;
  const { short } = evidence;
  const unseen = evidence.unseen - evidence.leaving;
  if (unseen + short === 0) return undefined;
  const parts = [
    ...(short > 0 ? [`${short} did not show what they have to`] : []),
    ...(unseen > 0 ? [`${unseen} could not be looked at`] : []),
  ];
  return `Of the proxies at the very end ${parts.join(', and ')}: \`reroot verify\` names them.`;
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
