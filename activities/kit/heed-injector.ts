import { withoutInjector } from '../../src/rotation/rollout.js';
import { needsInjector } from './act.js';
import type { Assessment } from './assess.js';
import type { NamespaceMemory } from './namespace-memory.js';

/** While no injector is ready, what it would have to inject is not rolled. */
export function withInjectorDown(
  seen: readonly Assessment[],
  { memory, stuckAfterMs }: { memory: NamespaceMemory; stuckAfterMs: number },
): Assessment[] {
  memory.hold('no injector');
  const down = { downSince: memory.heldSince('no injector'), stuckAfterMs, now: new Date() };
  return seen.map((one) => (needsInjector(one) ? { ...one, decision: withoutInjector(one.decision, down) } : one));
}
