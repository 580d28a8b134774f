import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { HandOff, HandOffMemory, MayHandOff } from '../../../src/rotation/hand-off.js';
import type { StepInput } from '../../../src/rotation/payloads.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import { untilHandedOver } from '../../../workflows/hand-off.js';
import type { Said } from '../../../workflows/operator/index.js';
import type { Rotation } from '../../../workflows/rotation.js';
import { dropRetired } from '../../../workflows/writes.js';

const awaited = vi.hoisted(() => ({ inputs: [] as object[] }));

vi.mock('@temporalio/workflow', () => ({}));
vi.mock('../../../workflows/in-phase.js', () => ({ now: () => '2026-01-01T00:00:00Z' }));
vi.mock('../../../workflows/steps.js', () => ({
  stepsOn: () => ({ watch: { awaitHandOff: async (input: object) => void awaited.inputs.push(input) } }),
  unlessItFails: async (work: () => Promise<unknown>) => await work(),
}));

const handOff = (value: string, seen: string): HandOff => ({
  ...{ for: 'the bundle', difference: ['it lacks it'], todo: 'Write it.', seen },
  places: [{ kind: 'ConfigMap', namespace: 'linkerd', name: 'roots', key: 'ca', value }],
});
const THEIRS = { bundle: { kind: 'handOff' }, issuer: { kind: 'reroot' } } as const;

interface World {
  rotation: Rotation;
  said: Said;
  status: RotationStatus;
  /** What the step was given each time. */
  given: (HandOffMemory | undefined)[];
  shown: { seen: string; since: string }[];
}

function world(owners?: StepInput['owners'], onShown: (said: Said) => void = () => undefined): World {
  const said: Said = { retries: 0, heard: 0, goingBack: false, rollNow: [] };
  const status = { cluster: 'prod', pastPointOfNoReturn: false, waivers: [] } as unknown as RotationStatus;
  const shown: World['shown'] = [];
  const operator = {
    said: () => said,
    retries: () => said.retries,
    handOff: async ({ seen }: HandOff, since: string, watch: () => Promise<unknown>) => {
      shown.push({ seen, since });
      onShown(said);
      await watch();
    },
  };
  const input = { course: { direction: 'forward' }, ...(owners ? { owners } : {}) };
  const rotation = { input, operator, status, steps: {} } as unknown as Rotation;
  return { rotation, said, status, given: [], shown };
}

async function ask({ rotation, given }: World, answers: (HandOff | undefined)[]): Promise<MayHandOff> {
  return await untilHandedOver(rotation, {
    step: 'addTarget',
    input: () => rotation.input,
    call: async (input) => {
      given.push(input.handOff);
      const next = answers[given.length - 1];
      return await Promise.resolve(next ? { handOff: next } : {});
    },
  });
}

beforeEach(() => void (awaited.inputs = []));

describe('a step that somebody else has to write for', () => {
  it('is shown until it is there; what was asked for first stays what is asked for', async () => {
    const seen = world(THEIRS);
    const result = await ask(seen, [handOff('A', 'one'), handOff('B', 'two'), undefined]);
    expect(result).toEqual({ waited: true });
    expect(seen.given).toEqual([{}, ...Array.from({ length: 2 }, () => ({ wanted: { 'ConfigMap roots ca': 'A' } }))]);
    expect(seen.shown.map((each) => each.seen)).toEqual(['one', 'two']);
    expect(new Set(seen.shown.map(({ since }) => since)).size).toBe(1);
    expect(awaited.inputs).toMatchObject([
      { awaits: { step: 'addTarget', seen: 'one' }, handOff: { wanted: { 'ConfigMap roots ca': 'A' } } },
      { awaits: { step: 'addTarget', seen: 'two' } },
    ]);
    expect(seen.said.handOffs).toEqual({});
  });
  it('begins with what is there now after `retry`', async () => {
    const seen = world(THEIRS, (said) => (said.retries += 1));
    await ask(seen, [handOff('A', 'one'), undefined]);
    expect(seen.given).toEqual([{}, {}]);
  });
  it('knows that the point of no return is past', async () => {
    const seen = world(THEIRS);
    seen.status.pastPointOfNoReturn = true;
    await ask(seen, [undefined]);
    expect(seen.given).toEqual([{ past: true }]);
  });
  it('is given what it always was where everything is reroot’s own', async () => {
    const seen = world();
    expect(await ask(seen, [undefined])).toEqual({});
    expect(seen.given).toEqual([undefined]);
    expect(seen.said).not.toHaveProperty('handOffs');
  });
});

describe('the point of no return of a hand-off', () => {
  it('is past when the cluster shows that the old root is gone, not while it is asked for', async () => {
    const seen = world(THEIRS);
    const events: string[] = [];
    const answers = [{ handOff: handOff('A', 'one') }, { written: [] }];
    const dropped = async (_: object, { proof }: { proof: { prove(): Promise<void>; proven(): void } }) => {
      await proof.prove();
      proof.proven();
      events.push('asked');
      return await Promise.resolve(answers.shift());
    };
    Object.assign(seen.rotation.steps, { dropRetired: dropped });
    const proof = {
      prove: async () => void (await Promise.resolve(events.push('proof'))),
      proven: () => void events.push('past'),
    };
    await dropRetired(seen.rotation, { proof });
    expect(events).toEqual(['proof', 'asked', 'proof', 'asked', 'past']);
  });
});
