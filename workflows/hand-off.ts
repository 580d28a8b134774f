import type { HandOffMemory, HandOffStep, MayHandOff } from '../src/rotation/hand-off.js';
import { wantedOf } from '../src/rotation/hand-off.js';
import type { StepInput } from '../src/rotation/payloads.js';
import type { Rotation } from './rotation.js';
import { stepsOn, unlessItFails } from './steps.js';

interface Asked<I, R> {
  step: HandOffStep;
  /** Made anew each time: people may have said something meanwhile. */
  input(): I;
  call(input: I): Promise<R>;
}

/**
 * Calls a step until it has nothing more for somebody else to write. What it answers with is shown, and waited for: until the
 * cluster shows it, whoever wrote it, or shows something else. A step of which everything is reroot's own is called once.
 * @returns with `waited`: somebody else has written it
 */
export async function untilHandedOver<I extends StepInput, R extends MayHandOff>(
  rotation: Rotation,
  { step, input, call }: Asked<I, R>,
): Promise<R & { waited?: true }> {
  const {
    operator,
    status,
    input: { course },
  } = rotation;
  const key = `${step} ${course.direction ?? 'forward'}`;
  const remembered = () => (operator.said().handOffs ??= {});
  let waited = false;
  for (;;) {
    const memory: HandOffMemory | undefined = operator.said().handOffs?.[key];
    const given = withMemory(input(), memory, status.pastPointOfNoReturn);
    const result = await call(given);
    const { handOff } = result;
    if (!handOff) {
      if (memory) delete remembered()[key];
      return waited ? { ...result, waited: true } : result;
    }
    waited = true;
    const since = operator.said().handOffs?.[key]?.since ?? new Date().toISOString();
    const wanted = memory?.wanted ?? (handOff.places ? wantedOf(handOff) : undefined);
    remembered()[key] = { since, ...(wanted ? { wanted } : {}) };
    const retries = operator.retries();
    const { awaitHandOff } = stepsOn(status.cluster).watch;
    const watched = withMemory(input(), remembered()[key], status.pastPointOfNoReturn);
    const watch = async () =>
      await unlessItFails(async () => await awaitHandOff({ ...watched, awaits: { step, seen: handOff.seen } }));
    await operator.handOff(handOff, since, watch);
    if (operator.retries() !== retries) remembered()[key] = { since }; // what is there now is what people want
  }
}

/** Where everything is reroot's own, steps are given what they always were. */
function withMemory<I extends StepInput>(input: I, memory: HandOffMemory | undefined, past: boolean): I {
  const owned = input.owners && Object.values(input.owners).some(({ kind }) => kind !== 'reroot');
  if (!owned) return input;
  const { wanted } = memory ?? {};
  return { ...input, handOff: { ...(wanted ? { wanted } : {}), ...(past ? { past } : {}) } };
}
