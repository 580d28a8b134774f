import { plain } from '../src/ground/plain.js';
import type { AwaitChangeInput } from '../src/rotation/payloads.js';
import { changeOf, stragglers } from '../src/rotation/stragglers.js';
import type { Dependencies } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { heldMembers } from './kit/held-members.js';
import { gatedPods, waivedBy } from './kit/proxies.js';
import { proxyCache } from './kit/proxy-cache.js';
import { occasionalReversions } from './kit/reversions.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';
import { openingWaivers } from './kit/waivers.js';
import { checkGate } from './check-gate.js';

/** How much slower than the poll interval a stuck phase is looked at: a person is asked already. */
const SLOWER = 5;
const SHOWN = 5;
/** Characters of what keeps it. */
const LONGEST_WAIT = 400;

/**
 * Waits while the same workloads fall short, and returns when that changes: somebody repaired something, or put something
 * back. Pods that come and go beside them are no change, so it costs no history however long it takes; `retry`, `waive`
 * and `pause` cancel it.
 */
export async function awaitChange(dependencies: Dependencies, input: AwaitChangeInput): Promise<void> {
  const pollMs = input.settings.timing.poll * SLOWER;
  const look = await looker(dependencies, input);
  const reversions = occasionalReversions(dependencies, input);
  const isChanged = changeOf();
  for (;;) {
    const { passed, waitingFor } = await look();
    if (passed || isChanged(waitingFor) || (await reversions()).length > 0) return;
    reportProgress({
      phase: input.phase,
      waitingFor: [...waitingFor].slice(0, SHOWN).map((name) => plain(name, LONGEST_WAIT)),
    });
    await pause(pollMs);
  }
}

interface Standing {
  passed: boolean;
  waitingFor: Set<string>;
}

/** Asks the proxies that fall short; when none does, the gate, which knows what else may be missing. */
async function looker(dependencies: Dependencies, input: AwaitChangeInput): Promise<() => Promise<Standing>> {
  const phase = await readPhase(dependencies, input);
  if (input.of === 'members') return async () => await standingOfMembers(dependencies, input, phase);
  const asking = { isDue: () => true, isWaived: waivedBy(openingWaivers(input)) };
  let proxies = proxyCache(dependencies, phase, asking);
  const wanted = wantedOf(phase, input);
  return async () => {
    const waitingFor = stragglers(await proxies(await gatedPods(dependencies.k8s, phase)), wanted, new Date());
    if (waitingFor.size > 0) return { passed: false, waitingFor };
    const { passed, findings } = await checkGate(dependencies, input);
    proxies = proxyCache(dependencies, phase, asking); // one that met the requirement may not do so any more
    const others = findings.filter(({ subject }) => subject.kind !== 'pod'); // pods are starting
    return { passed, waitingFor: new Set(others.map(({ subject, reason }) => `${subject.name} ${reason}`)) };
  };
}

async function standingOfMembers(
  dependencies: Dependencies,
  input: AwaitChangeInput,
  phase: PhaseContext,
): Promise<Standing> {
  const held = await heldMembers(dependencies, input, phase);
  return { passed: held.length === 0, waitingFor: new Set(held.map(({ subject }) => subject.name)) };
}

function wantedOf({ target, requirement }: PhaseContext, input: AwaitChangeInput) {
  return {
    target,
    requirement,
    waivers: openingWaivers(input),
    stuckAfterMs: input.settings.rollout.stuckAfter,
  };
}
