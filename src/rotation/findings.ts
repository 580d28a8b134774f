import type { GatedPhase } from './phases.js';
import type { Word } from './report.js';

/** What a finding is about. Names are written as people write them: `payments`, `payments/Deployment/api`. */
export interface Subject {
  kind: 'cluster' | 'namespace' | 'workload' | 'pod' | 'object';
  name: string;
  /** Of a pod: the workload that it belongs to, as a waiver names it. */
  workload?: string;
}

/**
 * Something observed that is not as it must be. Gates, preflight, status and the report all speak in findings.
 * - `block`: the rotation cannot pass this point while it is so.
 * - `warn`: a person should know; nothing waits for it.
 */
export interface Finding {
  /** Stable CamelCase word to search and alert by. */
  reason: string;
  severity: 'block' | 'warn';
  /** One sentence: what happened, to what. */
  message: string;
  subject: Subject;
  /** What to do about it. */
  hint?: string;
}

/** An operator's decision to go on without a subject, with the reason that the report will show. */
export interface Waiver extends Word {
  /** `namespace`, `namespace/Kind/name`, or `namespace/Pod/name`. */
  subject: string;
  reason: string;
  /**
   * The gate that it opens. `rollout`: none, its rollout alone is not waited for, and its proxies still have to pass.
   * Absent where the input waives it: every gate.
   */
  gate?: GatedPhase | 'rollout' | undefined;
  /** `back`: given on the way back, so it opens that way's gate. */
  direction?: 'back' | undefined;
}

/** What can be waived: a namespace, or one object in it. */
export const WAIVABLE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\/[A-Za-z][A-Za-z0-9]*\/[a-z0-9][-a-z0-9.]*)?$/;
/** Characters: a namespace, a kind and a name. */
export const LONGEST_WAIVABLE = 63 + 63 + 253 + 2;

/** The waivers that open the gate of a phase; for rollouts every waiver counts. */
export function opening(
  waivers: readonly Waiver[],
  { phase, direction }: { phase: GatedPhase; direction: 'forward' | 'back' },
): Waiver[] {
  return waivers.filter(
    ({ gate, direction: given = 'forward' }) => gate === undefined || (gate === phase && given === direction),
  );
}

/**
 * What a waiver of a writer's mark names: the object that it is on (src/rotation/preflight/writers.ts). And what is no pod of the
 * namespace that its object is in (src/rotation/members.ts).
 */
const OBJECT_KINDS = ['Secret', 'ConfigMap', 'Link', 'Service', 'ExternalWorkload'];

/**
 * Whether a subject is the control plane's namespace, or what runs in it: nobody goes on without that. Every leaf of the mesh
 * comes from there, and every new pod's anchors.
 */
export function isOfControlPlane(subject: string, linkerdNamespace: string): boolean {
  const [namespace, kind = ''] = subject.split('/');
  return namespace === linkerdNamespace && !OBJECT_KINDS.includes(kind);
}

/** The waivers that count. */
export function withoutControlPlane(waivers: readonly Waiver[], linkerdNamespace: string): Waiver[] {
  return waivers.filter(({ subject }) => !isOfControlPlane(subject, linkerdNamespace));
}

/** A waiver as somebody gives it while the rotation runs. Without a gate it opens none. */
export function waiverOf(
  { subject, reason, gate, ...word }: Pick<Waiver, 'subject' | 'reason' | 'gate'> & Word,
  goingBack: boolean,
): Waiver {
  return {
    subject,
    reason,
    gate: gate ?? 'rollout',
    ...word,
    ...(goingBack ? { direction: 'back' } : {}),
  };
}

/** What a waiver means, for the person who gave it. */
export function waivedText({ subject, gate }: Waiver): string {
  if (gate === 'rollout') {
    return `the rollout of ${subject} is not waited for; its proxies still have to pass the gates. The report will say so`;
  }
  return `the gate of ${gate} is open for ${subject}: its proxies may be refused by others from then on. The report will say so`;
}

/** Whether somebody has said of an object, `ConfigMap linkerd/name`, that its writer is stopped. */
export function isWaivedObject(object: string, waivers: readonly Waiver[]): boolean {
  const name = waivableObject(object);
  return waivers.some(({ subject }) => subject === name);
}

/** `ConfigMap linkerd/name` as waivers name things: `linkerd/ConfigMap/name`. */
export function waivableObject(object: string): string {
  return object.replace(/^(\S+) ([^/]+)\//, '$2/$1/');
}

export function blocking(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.severity === 'block');
}

/** Whether a waiver covers a subject: the subject itself, or the namespace it is in. */
export function isWaived(subject: Subject, waivers: readonly Waiver[]): boolean {
  if (subject.kind === 'cluster' || subject.kind === 'object') return false;
  return waivers.some(({ subject: waived }) => subject.name === waived || isIn(subject, waived));
}

/** Only a namespace covers what is in it: a workload has nothing under its name. */
function isIn({ name }: Subject, waived: string): boolean {
  return !waived.includes('/') && name.startsWith(`${waived}/`);
}

export function formatFinding(finding: Finding): string {
  const where = finding.subject.kind === 'cluster' ? '' : `${finding.subject.name}: `;
  return `${finding.reason}: ${where}${finding.message}${finding.hint ? ` (${finding.hint})` : ''}`;
}
