import {
  type HandOff,
  type HandOffMemory,
  type HandOffStep,
  type MayHandOff,
  wantedOf,
} from '../src/rotation/hand-off.js';
import type { StepInput } from '../src/rotation/payloads.js';
import { now } from './in-phase.js';
import type { Said } from './operator/index.js';
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
  const memory = memoryOf(rotation.operator.said, `${step} ${rotation.input.course.direction}`);
  const given = (): I => withMemory(input(), memory.recall(), rotation.status.pastPointOfNoReturn);
  for (let waited = false; ; waited = true) {
    const result = await call(given());
    const { handOff } = result;
    if (!handOff) {
      memory.forget();
      return waited ? { ...result, waited: true } : result;
    }
    const since = memory.remember(handOff);
    await waitFor(rotation, { step, input: given() }, { handOff, since, memory });
  }
}

interface Shown {
  handOff: HandOff;
  since: string;
  memory: Memory;
}

async function waitFor(
  { operator, status }: Rotation,
  { step, input }: { step: HandOffStep; input: StepInput },
  { handOff, since, memory }: Shown,
): Promise<void> {
  const { awaitHandOff } = stepsOn(status.cluster).watch;
  const awaits = { step, seen: handOff.seen };
  const retries = operator.retries();
  await operator.handOff(handOff, since, async () => {
    await unlessItFails(async () => await awaitHandOff({ ...input, awaits }));
  });
  if (operator.retries() > retries) memory.beginAnew(since); // what is there now is what people want
}

interface Memory {
  recall(): HandOffMemory | undefined;
  /** @returns since when it has been asked for */
  remember(handOff: HandOff): string;
  beginAnew(since: string): void;
  forget(): void;
}

/** What was asked for first stays what is asked for, also in a new run of the rotation. */
function memoryOf(saidBy: () => Said, key: string): Memory {
  const known = () => saidBy().handOffs?.[key];
  const keep = (what: HandOffMemory & { since: string }) => {
    const said = saidBy();
    said.handOffs = { ...said.handOffs, [key]: what };
  };
  return {
    recall: known,
    remember: (handOff) => {
      const since = known()?.since ?? now();
      const wanted = known()?.wanted ?? (handOff.places ? wantedOf(handOff) : undefined);
      keep({ since, ...(wanted ? { wanted } : {}) });
      return since;
    },
    beginAnew: (since) => keep({ since }),
    forget: () => {
      if (known()) delete saidBy().handOffs?.[key];
    },
  };
}

/** Where everything is reroot's own, steps are given what they always were. */
function withMemory<I extends StepInput>(input: I, memory: HandOffMemory | undefined, past: boolean): I {
  const isOthers = input.owners && Object.values(input.owners).some(({ kind }) => kind !== 'reroot');
  if (!isOthers) return input;
  const { wanted } = memory ?? {};
  return { ...input, handOff: { ...(wanted ? { wanted } : {}), ...(past ? { past } : {}) } };
}
