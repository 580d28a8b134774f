import type { Waiting } from './status.js';
import { type Due, type RenewalLook, seenText } from './watch.js';
import type { WatchedRotation } from './watch-status.js';
import { WAITS } from './waits.js';

const WAIT_OF = { ask: 'renewedRoot', tell: 'watchedRotation' } as const;

/** What a watch waits for, by what is due; undefined: for nobody. */
export function waitingOf(
  due: Exclude<Due, 'start'>,
  look: RenewalLook,
  rotation: WatchedRotation | undefined,
): Omit<Waiting, 'since'> | undefined {
  if (due === 'nothing') return undefined;
  const { kind, for: what, todo } = WAITS[WAIT_OF[due]];
  const why = due === 'tell' && rotation?.message !== undefined ? [rotation.message] : [];
  const root = look.root?.fingerprint.slice(0, 12) ?? '';
  return { kind, for: what, on: [seenText(look), ...why], todo: todo.replaceAll('<root>', root) };
}
