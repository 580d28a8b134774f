import type { Waiver } from './findings.js';
import type { RotationStatus } from './status.js';

/**
 * What may be said to a rotation, and when. Each check returns the reason for a refusal, or undefined. They run before
 * anything is recorded, on whatever shape a UI form or an HTTP request delivers.
 */

const HASH_PREFIX = 8;

export function refuseApproval(args: unknown, { waiting, phase }: RotationStatus): string | undefined {
  if (waiting?.kind !== 'approval')
    return `nothing to approve: the rotation is in phase ${phase} and asks for no approval`;
  const planHash = field(args, 'planHash');
  const wanted = `approve needs {"planHash": "${waiting.planHash ?? ''}"}, the plan as it is now`;
  if (typeof planHash !== 'string' || planHash.length < HASH_PREFIX) return wanted;
  if (!waiting.planHash?.startsWith(planHash)) return `the plan has changed, or this is another plan's hash: ${wanted}`;
  return textProblem(args, 'by') ?? textProblem(args, 'reason');
}

export function refusePause(args: unknown, { outcome }: RotationStatus, paused: boolean): string | undefined {
  if (outcome !== 'running') return `the rotation has ${outcome}`;
  if (paused) return 'the rotation is paused already';
  return textProblem(args, 'reason');
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
  return textProblem(args, 'by') ?? textProblem(args, 'reason');
}

export function refuseStrategy(args: unknown, { waiting, phase }: RotationStatus): string | undefined {
  if (waiting?.kind !== 'renewal') return `nothing to change: phase ${phase} is not waiting for proxies`;
  const wanted = field(args, 'leafRenewal') === 'roll' || field(args, 'pace') === 'forced';
  return wanted ? undefined : 'strategy needs {"leafRenewal": "roll"} (or {"pace": "forced"} in an organic rollout)';
}

export function refuseRetry({ waiting, phase }: RotationStatus): string | undefined {
  return waiting?.kind === 'attention' ? undefined : `nothing to retry: phase ${phase} is not stuck`;
}

export function refuseWaiver(args: unknown, { waivers, outcome }: RotationStatus): string | undefined {
  if (outcome !== 'running') return `the rotation has ${outcome}`;
  const subject = field(args, 'subject');
  const reason = field(args, 'reason');
  const example = 'waive needs {"subject": "namespace/Kind/name" or "namespace", "reason": "…"}';
  if (typeof subject !== 'string' || !/^[a-z0-9][-a-z0-9]*(\/[A-Za-z]+\/[^/]+)?$/.test(subject)) return example;
  if (typeof reason !== 'string' || reason.trim() === '') return `${example}: the report shows the reason`;
  if (waivers.some((waiver: Waiver) => waiver.subject === subject)) return `${subject} is waived already`;
  return textProblem(args, 'by');
}

function field(args: unknown, name: string): unknown {
  return typeof args === 'object' && args !== null ? (args as Record<string, unknown>)[name] : undefined;
}

function textProblem(args: unknown, name: string): string | undefined {
  const value = field(args, name);
  return value === undefined || typeof value === 'string' ? undefined : `${name} must be a text`;
}
