import { blocking, type Finding } from '../findings.js';

/** What a mesh may be over in a moment: a pod that starts, a control plane that an earlier run has left in the middle of its rollout. */
const PASSING: readonly string[] = [
  'CertificateNotReady',
  'ControlPlaneNotReady',
  'InjectionBroken',
  'ProxyUnreadable',
];

/** Where nothing was left behind, somebody waits for the answer. */
const PATIENCE_MS = 30_000;

/** Milliseconds that preflight waits for such a mesh before it refuses it. */
export function patience({
  planOnly,
  adopts,
  stuckAfterMs,
}: {
  planOnly: boolean;
  /** An earlier run has left its certificates behind. */
  adopts: boolean;
  stuckAfterMs: number;
}): number {
  if (planOnly) return 0;
  return adopts ? stuckAfterMs : Math.min(stuckAfterMs, PATIENCE_MS);
}

/** Whether all that blocks may be over in a moment. */
export function mayPass(findings: readonly Finding[]): boolean {
  const found = blocking(findings);
  return found.length > 0 && found.every(({ reason }) => PASSING.includes(reason));
}
