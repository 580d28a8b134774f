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
