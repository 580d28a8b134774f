import { ApplicationFailure } from '@temporalio/activity';
import type { HandOffStep, MayHandOff } from '../src/rotation/hand-off.js';
import type { AwaitHandOffInput } from '../src/rotation/payloads.js';
import { addTarget } from './add-target.js';
import { dropRetired } from './drop-retired.js';
import { keepBridge } from './keep-bridge.js';
import type { Dependencies } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { writeIssuer } from './write-issuer.js';

/** How much slower than the poll interval somebody else's work is looked at, and milliseconds at least. */
const SLOWER = 5;
const LEAST_PAUSE_MS = 1000;
/** Between two proofs that what is shown may still be written: at least this, and many times what one takes. */
const PROOF_MS = 60_000;
const SLOWER_THAN_A_PROOF = 10;

/** @param proves with the proof from every proxy that the step needs before it shows anything; else it only looks */
type Look = (dependencies: Dependencies, input: never, proves: boolean) => Promise<MayHandOff>;

/** The steps that somebody else's work may be waited for in. */
const STEPS: Record<HandOffStep, Look> = { addTarget, dropRetired, writeIssuer, keepBridge };

/**
 * Waits until a step that somebody else has to write for sees something else than it did: what was asked for, or another
 * difference. While it waits it proves again and again that the content which is shown may be written; when it may not any
 * more, the wait ends too, and the step says why. It costs no history however long it takes.
 */
export async function awaitHandOff(dependencies: Dependencies, input: AwaitHandOffInput): Promise<void> {
  const { step, seen } = input.awaits;
  const look = STEPS[step];
  const pauseMs = Math.max(LEAST_PAUSE_MS, input.settings.timing.poll * SLOWER);
  let proofDue = Date.now() + PROOF_MS; // the step itself has just proven it
  for (;;) {
    const begun = Date.now();
    const proves = begun >= proofDue;
    const handOff = await lookedAt(async () => (await look(dependencies, input as never, proves)).handOff);
    if (handOff?.seen !== seen) return;
    if (proves) proofDue = Date.now() + Math.max(PROOF_MS, SLOWER_THAN_A_PROOF * (Date.now() - begun));
    reportProgress({ waitingFor: [handOff.for], difference: handOff.difference.slice(0, 1) });
    await pause(pauseMs);
  }
}

/** A refusal of the step's own is something else than was seen: the step is asked by the workflow, which shows it. */
async function lookedAt<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ApplicationFailure) return undefined;
    throw error;
  }
}
