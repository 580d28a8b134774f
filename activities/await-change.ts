import type { GateResult, PhaseInput } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { checkGate } from './check-gate.js';

/** How much slower than the poll interval a stuck phase is looked at: a person is asked already. */
const SLOWER = 5;

/**
 * Waits while the gate shows the same proxies falling short, and returns when that changes: somebody repaired
 * something. It costs no history however long it takes; `retry`, `waive` and `pause` cancel it.
 */
export async function awaitChange(dependencies: Dependencies, input: PhaseInput): Promise<GateResult> {
  const pollMs = input.settings.timing.poll * SLOWER;
  const first = shape(await checkGate(dependencies, input));
  for (;;) {
    await pause(pollMs);
    const now = await checkGate(dependencies, input);
    reportProgress({
      phase: input.phase,
      waitingFor: now.findings.slice(0, 5).map(({ subject, message }) => `${subject.name}: ${message}`),
    });
    if (now.passed || shape(now) !== first) return now;
  }
}

function shape({ proven, proxies, findings }: GateResult): string {
  return JSON.stringify([proxies - proven, findings.map(({ subject, reason }) => [subject.name, reason])]);
}
