import type { Waiver } from './findings.js';
import type { PhaseProgress } from './phases.js';
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
  newIssuer: CertificateFacts;
  oldRoots: CertificateFacts[];
  /** Live proxies whose process and presented chain were proven at the end. */
  proxiesProven: number;
  phases: PhaseProgress[];
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
  aborted?: { by?: string; reason?: string; at: string; phase: string };
}

export interface Approval {
  phase: string;
  planHash: string;
  by?: string;
  reason?: string;
  at: string;
}
