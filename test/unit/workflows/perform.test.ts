import { describe, expect, it } from 'vitest';
import { remainingRows } from '../../../src/rotation/courses/course.js';
import { courseOf, type CourseRef } from '../../../src/rotation/courses/index.js';
import { type Effects, perform, type Proof } from '../../../workflows/perform.js';

/** What was done, in its order: `trust: addTarget` and so on; `=` for a gate that is brought about. */
async function sequence(
  ref: Partial<CourseRef>,
  { identityTakesIt = true, pastPointOfNoReturn = false, windows = false } = {},
): Promise<string[]> {
  const course = courseOf({ strategy: 'bridge', leafRenewal: 'wait', direction: 'forward', ...ref });
  const done: string[] = [];
  let phase = '';
  const note = async (what: string): Promise<void> => void done.push(`${phase}: ${what}`);
  const proven = async (proof: Proof | undefined): Promise<void> => {
    await proof?.prove();
    proof?.proven();
  };
  const effects: Effects = {
    inPhase: async (name, work) => {
      phase = name;
      await work();
    },
    ask: async () => await note('ask'),
    approve: async () => await note('approve'),
    ...(windows ? { beforeNoReturn: async () => await note('window') } : {}),
    converge: async (row) => await note(`=${row.phase} ${row.gate}`),
    addTarget: async () => await note('addTarget'),
    dropRetired: async (proof) => {
      await proven(proof);
      await note('dropRetired');
    },
    writeIssuer: async (state) => await note(`issuer ${state}`),
    swapIssuer: async (_, state, proof) => {
      await proven(proof);
      await note(`swap ${state}`);
      return identityTakesIt;
    },
    passPointOfNoReturn: () => void done.push(`${phase}: no return`),
  };
  await perform(course, effects, remainingRows(course, pastPointOfNoReturn));
  return done;
}

const BRIDGE = {
  before: [
    'trust: ask',
    'trust: addTarget',
    'trust: =trust identityTrustsTarget',
    'bridge: ask',
    'bridge: swap bridge',
    'renew: =renew presentsBothChains',
    'approve: approve',
  ],
  after: [
    'retire: issuer crossover',
    'retire: =approve presentsBothChains',
    'retire: no return',
    'retire: dropRetired',
    'retire: =retire forgotRetired',
    'issue: ask',
    'issue: =retire forgotRetired', // right before the swap
    'issue: swap new',
    'refresh: =refresh leftRetiredIssuer',
  ],
};
const STANDARD = [
  'trust: ask',
  'trust: addTarget',
  'trust: =trust trustsTarget',
  'issue: ask',
  'issue: =trust trustsTarget',
  'issue: swap new',
  'issue: =issue presentsTarget',
  'renew: ask',
  'renew: =renew presentsTarget',
  'approve: approve',
  'retire: =approve presentsTarget',
  'retire: no return',
  'retire: dropRetired',
  'retire: =retire forgotRetired',
];

describe('a course, performed', () => {
  it('standard: proves trust right before the swap, and every leaf right before the prune', async () => {
    expect(await sequence({ strategy: 'standard' })).toEqual(STANDARD);
  });
  it('patient: does in the same order what standard does', async () => {
    expect(await sequence({ strategy: 'patient' })).toEqual(STANDARD);
  });
  it('bridge: swaps nothing but certificates of the old key until every leaf carries both chains', async () => {
    expect(await sequence({})).toEqual([...BRIDGE.before, ...BRIDGE.after]);
  });
  it('bridge with windows: waits for one as long as there is a way back', async () => {
    expect(await sequence({}, { windows: true })).toEqual([...BRIDGE.before, 'retire: window', ...BRIDGE.after]);
  });
  it('bridge with rolled leaves: swaps the issuer before the point of no return', async () => {
    expect(await sequence({ leafRenewal: 'roll' })).toEqual([
      'trust: ask',
      'trust: addTarget',
      'trust: =trust identityTrustsTarget',
      'bridge: ask',
      'bridge: swap bridge',
      'renew: =renew presentsAndTrustsTarget',
      'issue: ask',
      'issue: =renew presentsAndTrustsTarget', // right before the swap
      'issue: swap new',
      'approve: approve',
      'retire: issuer new',
      'retire: =approve presentsAndTrustsTarget',
      'retire: no return',
      'retire: dropRetired',
      'retire: =retire forgotRetiredRootAndIssuer',
    ]);
  });
  it.each(['wait', 'roll'] as const)('the issuer alone (%s): touches no bundle', async (leafRenewal) => {
    expect(await sequence({ strategy: 'issuer', leafRenewal })).toEqual([
      'issue: swap new',
      'refresh: =refresh leftRetiredIssuer',
    ]);
  });
  it.each(['standard', 'patient', 'bridge'] as const)(
    'the way back of %s: everybody presents a leaf under the root of the start before the new one goes',
    async (strategy) => {
      expect(await sequence({ strategy, direction: 'back' })).toEqual([
        'trust: addTarget',
        'trust: =trust trustsTarget',
        'issue: =trust trustsTarget', // right before the write
        'issue: swap previous',
        'issue: =issue presentsTarget',
        'renew: =renew presentsTarget',
        'retire: dropRetired',
        'retire: =retire forgotRetired',
      ]);
    },
  );
  it('the way back of an issuer alone: identity has to leave the new issuer', async () => {
    expect(await sequence({ strategy: 'issuer', direction: 'back' })).toContain('issue: =issue leftRetiredIssuer');
  });
});

describe('a course, performed when something is different', () => {
  it('restarts identity where it did not say that it took the issuer', async () => {
    const taken = await sequence({});
    const silent = await sequence({}, { identityTakesIt: false });
    expect(silent.filter((step) => !taken.includes(step))).toEqual([
      'bridge: =bridge presentsBothChains',
      'issue: =issue leftRetiredIssuer',
    ]);
  });
  it('goes on with retire where another bridge has passed the point of no return, and proves nothing that is over', async () => {
    expect(await sequence({}, { pastPointOfNoReturn: true })).toEqual(BRIDGE.after);
  });
  it('goes through all phases of standard there, because the issuer may be of a bridge still', async () => {
    expect(await sequence({ strategy: 'standard' }, { pastPointOfNoReturn: true })).toEqual(STANDARD);
  });
  it('brings identity back to life first under an expired root: the certificate under the target stands first', async () => {
    const steps = await sequence({ recovery: 'root' });
    expect(steps.slice(0, 7)).toEqual([
      'trust: ask',
      'trust: addTarget',
      'trust: issuer crossover',
      'trust: =bridge presentsBothChains',
      'trust: =trust identityTrustsTarget',
      'bridge: ask',
      'bridge: swap crossover',
    ]);
    expect(steps.slice(7)).toEqual([...BRIDGE.before.slice(5), ...BRIDGE.after]);
  });
  it('brings identity back to life first under an expired issuer: it gets the new one', async () => {
    const steps = await sequence({ strategy: 'standard', recovery: 'issuer' });
    expect(steps.slice(0, 5)).toEqual([
      'trust: ask',
      'trust: addTarget',
      'trust: issuer new',
      'trust: =issue presentsTarget',
      'trust: =trust trustsTarget',
    ]);
    expect(steps.slice(5)).toEqual(STANDARD.slice(3));
  });
});
