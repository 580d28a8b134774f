import type { RotationSettings } from './input.js';
import type { GatedPhase, Phase } from './phases.js';

/**
 * What the strategies differ in, as data (docs/strategies.md). `issuer` is the rotation of the issuer alone, under the
 * root in use: no strategy that an input can name, but the same machine.
 */
export type Strategy = RotationSettings['strategy'] | 'issuer';

/** What decides about a rotation's course: the strategy, how leaves get renewed, and whether it is on its way back. */
export interface Course {
  strategy: Strategy;
  leafRenewal: 'wait' | 'roll';
  /** Back to the certificates of the start: the same machine with the old root as target. */
  direction: 'forward' | 'back';
  /** What of the start has expired: identity issues nothing any more, so it is seen to first. */
  recovery?: Recovery;
}

/**
 * `root`: proxies ignore the expiry of anchors and still talk to each other; a bridge gives identity an issuer that it
 * accepts, and breaks nothing. `issuer`: every leaf ended with it; nothing is left to be gentle with.
 */
export type Recovery = 'root' | 'issuer';

/** The strategy that an expired certificate leaves. */
export const RECOVERY_STRATEGY: Record<Recovery, Strategy> = { root: 'bridge', issuer: 'standard' };

/** What proxies must show before a phase may be left; see gates.ts. */
export type Goal =
  | 'trustsNewRoot'
  | 'identityTrustsNewRoot'
  | 'presentsNewLeaf'
  | 'presentsNewAndTrusts'
  | 'presentsBothChains'
  | 'presentsBothAndTrusts'
  | 'forgotOldRoot'
  | 'forgotOldRootAndIssuer'
  | 'leftOldIssuer';

/** What the issuer Secret holds: the issuer of the start; that with its bridge certificate behind or before it; the new one. */
export type IssuerState = 'previous' | 'bridge' | 'crossover' | 'new';

/** A bridge whose leaves are renewed by a rollout trusts both roots afterwards: the issuer can be swapped before `retire`. */
export function phasesOf({ strategy, leafRenewal }: Omit<Course, 'direction'>): readonly Phase[] {
  if (strategy === 'issuer') return ['preflight', 'generate', 'issue', 'refresh', 'finish'];
  const begin = ['preflight', 'generate', 'trust'] as const;
  if (strategy !== 'bridge') return [...begin, 'issue', 'renew', 'approve', 'retire', 'finish'];
  return leafRenewal === 'roll'
    ? [...begin, 'bridge', 'renew', 'issue', 'approve', 'retire', 'finish']
    : [...begin, 'bridge', 'renew', 'approve', 'retire', 'issue', 'refresh', 'finish'];
}

/** Rollouts of the data plane that the strategy forces. */
export function forcedRollouts({ strategy, leafRenewal }: Omit<Course, 'direction'>): number {
  if (strategy === 'issuer') return leafRenewal === 'roll' ? 1 : 0;
  if (strategy === 'standard') return 3;
  if (strategy === 'patient') return 2;
  return leafRenewal === 'roll' ? 2 : 1;
}

/** Whether leaves are renewed by waiting for the proxies in this phase, and not by a rollout. */
export function waitsForRenewal({ strategy, leafRenewal, direction }: Course, phase: GatedPhase): boolean {
  if (direction === 'back' || leafRenewal === 'roll') return false;
  return phase === 'refresh' || ((phase === 'renew' || phase === 'approve') && strategy !== 'standard');
}

export function goalOf({ strategy, leafRenewal, direction }: Course, phase: GatedPhase): Goal {
  const bridge = strategy === 'bridge' && direction === 'forward';
  const rolled = leafRenewal === 'roll';
  switch (phase) {
    case 'trust':
      return bridge ? 'identityTrustsNewRoot' : 'trustsNewRoot';
    case 'bridge':
      return 'presentsBothChains';
    case 'issue':
      return bridge || strategy === 'issuer' ? 'leftOldIssuer' : 'presentsNewLeaf';
    case 'renew':
      if (!bridge) return 'presentsNewLeaf';
      return rolled ? 'presentsBothAndTrusts' : 'presentsBothChains';
    case 'approve':
      if (!bridge) return 'presentsNewLeaf';
      return rolled ? 'presentsNewAndTrusts' : 'presentsBothChains';
    case 'retire':
      return bridge && rolled ? 'forgotOldRootAndIssuer' : 'forgotOldRoot';
    case 'refresh':
      return 'leftOldIssuer';
  }
}

/** Goals that every replica of identity must meet, and nobody else. */
export function concernsIdentityAlone(phase: GatedPhase, goal: Goal): boolean {
  return phase === 'issue' || phase === 'bridge' || goal === 'identityTrustsNewRoot';
}

/**
 * Which anchors that are written out in pod templates a phase brings in step. A bridge changes them once, in `retire`;
 * before it only the identity process's own (Linkerd 2.9, 2.10), which is to take an issuer under the new root.
 */
export function templateScope(
  { strategy, leafRenewal, direction }: Course,
  phase: GatedPhase,
): 'all' | 'identity' | 'none' {
  if (strategy === 'issuer') return 'none';
  if (strategy !== 'bridge' || direction === 'back') return 'all';
  if (phase === 'trust') return 'identity';
  if (phase === 'bridge') return 'none';
  return (phase === 'renew' || phase === 'approve') && leafRenewal === 'wait' ? 'none' : 'all';
}

/** What the issuer Secret has to hold during a phase; absent: what it held before the rotation, or does not matter yet. */
export function issuerDuring(
  { strategy, leafRenewal, direction, recovery }: Course,
  phase: GatedPhase,
): IssuerState | undefined {
  if (direction === 'back') return phase === 'trust' ? undefined : 'previous';
  if (phase === 'trust') return undefined;
  if (strategy !== 'bridge') return 'new';
  // under an expired root, what identity verifies has to be the certificate under the new one
  const before = phase === 'bridge' || phase === 'renew' || (phase === 'approve' && leafRenewal === 'wait');
  if (before) return recovery === 'root' ? 'crossover' : 'bridge';
  return phase === 'retire' && leafRenewal === 'wait' ? 'crossover' : 'new';
}

/** Whether the old root has left the bundle while a phase waits for its gate. */
export function isRetired({ strategy, leafRenewal, direction }: Course, phase: GatedPhase): boolean {
  if (phase === 'retire' || direction === 'back') return phase === 'retire';
  return strategy === 'bridge' && leafRenewal === 'wait' && (phase === 'issue' || phase === 'refresh');
}
