import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import type * as Input from '../../../../src/rotation/input.js';
import type * as Planning from '../../../../src/rotation/plan.js';
import type * as Phases from '../../../../src/rotation/planned-phases.js';
import { toy } from './toy.js';

/** The row of the index; everything else is loaded after it, as it is when the row stands there. */
Object.assign(COURSES, { toy: { course: toy } });

describe('a new strategy is one file and one row', () => {
  const pace = {
    leafLifeMs: 100_000,
    proxies: 0,
    controlPlane: [],
    namespaces: [[{ lasts: { fromMs: 3000, toMs: 5000 }, atOnce: 1 }]],
  };
  let input: typeof Input;
  let plan: typeof Planning;
  let phases: typeof Phases;
  beforeAll(async () => {
    input = await import('../../../../src/rotation/input.js');
    plan = await import('../../../../src/rotation/plan.js');
    phases = await import('../../../../src/rotation/planned-phases.js');
  });
  const request = () => {
    const read = input.readInput({ strategy: 'toy' });
    if (!read.ok) throw new Error(read.problems.join());
    return read;
  };

  it('the input takes it, and lists it where another is misspelt', () => {
    expect(request().course).toMatchObject({ strategy: 'toy', direction: 'forward' });
    expect(input.readInput({ strategy: 'toi' })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('toy')],
    });
    expect(input.readInput({ strategy: 'toy', leafRenewal: 'roll' })).toMatchObject({ ok: false });
  });
  it('the plan has its phases, its rollouts, and what they last', () => {
    const mesh = { namespace: 'linkerd', leafLifeMs: 100_000, pods: [] };
    const made = plan.planOf(request(), mesh, { retire: [], keep: [] }, (text) => text);
    expect(made).toMatchObject({ strategy: 'toy', rollouts: 1 });
    expect(made.phases.map(({ phase }) => phase)).toEqual(['preflight', 'generate', 'trust', 'retire', 'finish']);
    const { settings } = request();
    const WRITES_MS = 3 * 3000; // preflight, generate, and the look at the end
    expect(phases.untilRetired(phases.planPhases(settings, toy, pace))).toBe(35_000 + 4000 + WRITES_MS);
  });
  it('the CLI offers it', async () => {
    const { withInputOptions } = await import('../../../../src/cli/options/input.js');
    const option = withInputOptions(new Command()).options.find(({ long }) => long === '--strategy');
    expect(option?.argChoices).toContain('toy');
  });
  it('preflight compares how long it lasts with the others', async () => {
    const { waysToReplaceRoot } = await import('../../../../src/rotation/courses/index.js');
    expect(waysToReplaceRoot().map(({ name }) => name)).toContain('toy');
  });
  it('the benchmark races it', { timeout: 60_000 }, async () => {
    const { CONTENDERS } = await import('../../../../sandbox/bench/contenders.js');
    expect(CONTENDERS.separate.map(({ name }) => name)).toContain('toy');
  });
  it('the workflow performs it', async () => {
    const { perform } = await import('../../../../workflows/perform.js');
    const { courseOf } = await import('../../../../src/rotation/courses/index.js');
    const done: string[] = [];
    const note = async (what: string): Promise<void> => void done.push(what);
    await perform(courseOf(request().course), {
      inPhase: async (_, work) => await work(),
      ask: async () => await note('ask'),
      approve: async () => await note('approve'),
      converge: async ({ phase }) => await note(`=${phase}`),
      addTarget: async () => await note('addTarget'),
      dropRetired: async () => await note('dropRetired'),
      writeIssuer: async (state) => await note(state),
      swapIssuer: async () => true,
      passPointOfNoReturn: () => undefined,
    });
    expect(done).toEqual(['addTarget', '=trust', 'dropRetired', '=retire']);
  });
});
