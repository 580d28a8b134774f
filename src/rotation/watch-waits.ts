import type { Waiting } from './status.js';
import type { Decision } from './watch-expiry.js';
import type { WatchedRotation } from './watch-status.js';
import { WAITS } from './waits.js';

const WAIT_OF = { ask: 'renewedRoot', tell: 'watchedRotation', trustFirst: 'issuerAhead' } as const;

/** What a watch waits for, by what is due; undefined: for nobody. */
export function waitingOf(
  decision: Decision,
  rotation: WatchedRotation | undefined,
): Omit<Waiting, 'since'> | undefined {
  if (decision.due === 'nothing' || decision.due === 'start') return undefined;
  const { due, job } = decision;
  const { kind, for: what, todo } = WAITS[job.what === 'renewed' ? WAIT_OF[due] : 'expiring'];
  const why = due === 'tell' && rotation?.message !== undefined ? [rotation.message] : [];
  return { kind, for: what, on: [job.why, ...why], todo: todo.replaceAll('<root>', job.fingerprint.slice(0, 12)) };
}
