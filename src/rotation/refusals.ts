import { plain } from '../ground/plain.js';
import { jsonBytes } from '../ground/size.js';
import { type Finding, isOfControlPlane, LONGEST_WAIVABLE, WAIVABLE, type Waiver } from './findings.js';
import type { Plan } from './plan.js';
import { textProblem } from './said-text.js';
import type { RotationStatus, Waiting } from './status.js';
import { waitsOf } from './waits.js';

/**
 * What may be said to a rotation, and when. Each check returns the reason for a refusal, or undefined. They run before
 * anything is recorded, on whatever shape a UI form or an HTTP request delivers.
 */

const HASH_PREFIX = 8;

/** Waivers are in status and report, and in what is given to each step: how many, and bytes of all. */
const MOST_WAIVERS = 300;
const MOST_WAIVER_BYTES = 48_000;
/** Names that an answer lists. */
const NAMED = 20;

/** The question that stands, if one does. */
export function asked(status: RotationStatus): Waiting | undefined {
  return waitsOf(status).find(({ kind }) => kind === 'approval');
}

export function refuseApproval(args: unknown, status: RotationStatus): string | undefined {
  const waiting = asked(status);
  if (!waiting) return `nothing to approve: the rotation is in phase ${status.phase} and asks for no approval`;
  if (waiting.inCluster) return `a message does not approve this rotation. ${waiting.todo}`;
  const planHash = field(args, 'planHash');
  const wanted = `approve needs {"planHash": "${waiting.planHash ?? ''}"}, the plan as it is now`;
  if (typeof planHash !== 'string' || planHash.length < HASH_PREFIX) return wanted;
  if (!waiting.planHash?.startsWith(planHash)) return `the plan has changed, or this is another plan's hash: ${wanted}`;
  return said(args, 'by') ?? said(args, 'reason');
}

export function refusePause(args: unknown, { outcome }: RotationStatus, paused: boolean): string | undefined {
  if (outcome !== 'running') return `the rotation has ${outcome}`;
  if (paused) return 'the rotation is paused already';
  return said(args, 'reason');
}

export function refuseResume(paused: boolean): string | undefined {
  return paused ? undefined : 'the rotation is not paused';
}

export function refuseAbort(args: unknown, status: RotationStatus, aborting: boolean): string | undefined {
  if (status.outcome !== 'running') return `the rotation has ${status.outcome}`;
  if (aborting) return 'the rotation is being aborted already';
  if (status.recovery) {
    return `there is nothing to go back to: the ${status.recovery} of the start has expired. \`pause\` and \`waive\` work as ever`;
  }
  if (status.pastPointOfNoReturn) {
    return (
      'the old root is on its way out of the bundle: this cannot be taken back. Let the rotation end (`pause` and `waive` ' +
      'work as before); to get away from the new root, rotate again afterwards'
    );
  }
  return said(args, 'by') ?? said(args, 'reason');
}

export function refuseStrategy(args: unknown, status: RotationStatus): string | undefined {
  if (!isWaitingFor(status, 'renewal') && !isWaitingFor(status, 'window'))
    return `nothing to change: phase ${status.phase} is waiting neither for proxies nor for a window`;
  const wanted = field(args, 'leafRenewal') === 'roll' || field(args, 'pace') === 'forced';
  return wanted
    ? undefined
    : 'strategy needs {"leafRenewal": "roll"} (or {"pace": "forced"} in an organic rollout, or before a window)';
}

export function refuseRetry(status: RotationStatus): string | undefined {
  return isWaitingFor(status, 'attention') || isWaitingFor(status, 'handOff')
    ? undefined
    : `nothing to retry: phase ${status.phase} is not stuck`;
}

function isWaitingFor(status: RotationStatus, wanted: Waiting['kind']): boolean {
  return waitsOf(status).some(({ kind }) => kind === wanted);
}

/** Until preflight has found it. */
const DEFAULT_NAMESPACE = 'linkerd';

const CONTROL_PLANE_STAYS =
  'the control plane cannot be waived: every leaf and the anchors of every new pod come from it. Repair it instead';

export function refuseWaiver(args: unknown, status: RotationStatus, goingBack = false): string | undefined {
  if (status.outcome !== 'running') return `the rotation has ${status.outcome}`;
  const read = readWaiver(args, gatesOf(status));
  if (typeof read === 'string') return read;
  const { subject, gate } = read;
  if (isOfControlPlane(subject, status.linkerdNamespace ?? DEFAULT_NAMESPACE)) return CONTROL_PLANE_STAYS;
  if (isWaivedAlready(read, status.waivers, goingBack)) return `${subject} is waived already (${gate})`;
  return tooMany(status) ?? unknownSubject(subject, status) ?? said(args, 'by') ?? said(args, 'reason');
}

function tooMany({ waivers }: RotationStatus): string | undefined {
  if (waivers.length < MOST_WAIVERS && jsonBytes(waivers) <= MOST_WAIVER_BYTES) return undefined;
  return `${waivers.length} waivers are given already: waive a whole namespace, or take some back (\`unwaive\`)`;
}

/** @returns what is wrong with it, as a text */
function readWaiver(args: unknown, gates: readonly string[]): { subject: string; gate: string } | string {
  const [subject, reason, gate = 'rollout'] = ['subject', 'reason', 'gate'].map((name) => field(args, name));
  const example = 'waive needs {"subject": "namespace/Kind/name" or "namespace", "reason": "…"}';
  if (typeof subject !== 'string' || subject.length > LONGEST_WAIVABLE || !WAIVABLE.test(subject)) return example;
  if (typeof reason !== 'string' || reason.trim() === '') return `${example}: the report shows the reason`;
  if (typeof gate !== 'string' || !gates.includes(gate))
    return `gate: ${plain(String(gate))} is none of ${gates.join(', ')}`;
  return { subject, gate };
}

function isWaivedAlready(
  { subject, gate }: { subject: string; gate: string },
  waivers: readonly Waiver[],
  goingBack: boolean,
): boolean {
  const given = waivers.filter((waiver) => waiver.subject === subject);
  return given.some(
    (waiver) => waiver.gate === undefined || (waiver.gate === gate && (waiver.direction === 'back') === goingBack),
  );
}

/** What `gate` can name. On the way back the phases are those of the way forward, and of the proof before it. */
function gatesOf({ phases }: RotationStatus): string[] {
  const ungated = ['preflight', 'generate', 'finish', 'abort'];
  const gated = phases.map(({ phase }) => phase).filter((phase) => !ungated.includes(phase));
  return [...new Set(['rollout', 'trust', 'issue', 'renew', 'retire', ...gated])];
}

/** A typing error would be found out about when it is too late. */
function unknownSubject(subject: string, { plan, stragglers, gate }: RotationStatus): string | undefined {
  if (!plan) return undefined;
  const [namespace = ''] = subject.split('/');
  const names = namesSeen(plan, [...stragglers, ...(gate?.findings ?? [])]);
  if (names.includes(subject) || mayBeOmitted(plan, names.includes(namespace))) return undefined;
  const near = names.filter((name) => name.startsWith(`${namespace}/`)).slice(0, 5);
  const instead = near.length > 0 ? `; known there: ${near.join(', ')}` : '';
  return `${subject} is nothing that this rotation has seen${instead}`;
}

/** The plan of a large mesh does not name all. */
function mayBeOmitted({ workloadsOmitted = 0, namespacesOmitted = 0 }: Plan, isNamespaceListed: boolean): boolean {
  return namespacesOmitted > 0 || (workloadsOmitted > 0 && isNamespaceListed);
}

/** As the plan and the subjects of findings have them; what a message quotes may be of anybody's making. */
function namesSeen({ namespaces, workloadNames, unseen = [] }: Plan, findings: readonly Finding[]): string[] {
  return [
    ...namespaces.map(({ name }) => name),
    ...workloadNames,
    ...unseen,
    ...findings.flatMap(({ subject: { name, workload } }) => (workload === undefined ? [name] : [name, workload])),
  ];
}

export function refuseUnwaiver(args: unknown, { waivers, outcome }: RotationStatus): string | undefined {
  if (outcome !== 'running') return `the rotation has ${outcome}`;
  const subject = field(args, 'subject');
  if (typeof subject !== 'string') return 'unwaive needs {"subject": "namespace/Kind/name" or "namespace"}';
  if (waivers.some((waiver) => waiver.subject === subject)) return said(args, 'by');
  const known = waivers.map((waiver) => waiver.subject);
  const more = known.length > NAMED ? `, and ${known.length - NAMED} more` : '';
  const list = known.length > 0 ? `; waived: ${known.slice(0, NAMED).join(', ')}${more}` : '';
  return `${plain(subject)} is not waived${list}`;
}

function field(args: unknown, name: string): unknown {
  return typeof args === 'object' && args !== null ? (args as Record<string, unknown>)[name] : undefined;
}

function said(args: unknown, name: string): string | undefined {
  const value = field(args, name);
  const problem = value === undefined ? undefined : textProblem(value);
  return problem && `${name} ${problem}`;
}
