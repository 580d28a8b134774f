import { expect, it } from 'vitest';
import type { Cluster, InCluster } from '../../../../activities/kit/cluster-state.js';
import { confirmation } from '../../../../activities/kit/confirmation.js';
import type { RolloutDecision } from '../../../../src/rotation/rollout-waits.js';

const ROLL: RolloutDecision = { do: 'roll', mark: 'abc-trust' };
const STUCK: RolloutDecision = { do: 'straggle', reason: 'RolloutStuck', message: 'stuck', hint: '' };
const WAIT: RolloutDecision = { do: 'wait', why: 'its rollout is under way' };
const DONE: RolloutDecision = { do: 'nothing' };

function cluster(...all: [string, RolloutDecision, boolean?][]): Cluster {
  const line = all.map(([name, decision, begun = false]) => ({ name, decision, begun }) as InCluster);
  return { all: line, byNamespace: new Map(), held: new Map(), canaries: new Set(), proxies: 0 };
}
const decided = ({ all }: Cluster) => all.map(({ decision }) => decision.do);

it.each<[string, Cluster, boolean]>([
  ['what is rolled first', cluster(['a', ROLL], ['b', WAIT, true]), false],
  ['what is waited for', cluster(['a', WAIT, true], ['b', DONE]), false],
  ['what is stuck', cluster(['a', STUCK, true], ['b', WAIT, true]), true],
  ['what would be rolled once more', cluster(['a', ROLL, true]), true],
  ['that nothing is left to do', cluster(['a', DONE]), true],
])('a watch is believed about %s: %#', async (_what, seen, looksAgain) => {
  let looks = 0;
  const fresh = cluster(['a', DONE]);
  const result = await confirmation()(seen, async () => {
    looks += 1;
    return await Promise.resolve(fresh);
  });
  expect(looks).toBe(looksAgain ? 1 : 0);
  expect(result).toBe(looksAgain ? fresh : seen);
});

it('what a fresh look has said of a straggler is believed for a while', async () => {
  let now = 0;
  let looks = 0;
  const certainly = confirmation(() => now);
  const seen = cluster(['a', STUCK, true], ['b', WAIT, true]);
  const look = async () => {
    looks += 1;
    return await Promise.resolve(seen);
  };
  for (now of [0, 1000, 20_000]) await certainly(seen, look);
  expect(looks).toBe(1);
  now = 40_000;
  await certainly(seen, look);
  expect(looks).toBe(2);
});

it('a fresh look rests ten times as long as it took; until then what is not confirmed waits', async () => {
  let now = 0;
  let looks = 0;
  const certainly = confirmation(() => now);
  const look = (seen: Cluster) => async () => {
    looks += 1;
    now += 2000;
    return await Promise.resolve(seen);
  };
  const one = cluster(['a', STUCK, true], ['b', WAIT, true]);
  await certainly(one, look(one));
  const two = cluster(['a', STUCK, true], ['b', STUCK, true], ['c', WAIT, true]);
  now = 10_000;
  expect(decided(await certainly(two, look(two)))).toEqual(['straggle', 'wait', 'wait']);
  now = 23_000;
  expect(decided(await certainly(two, look(two)))).toEqual(['straggle', 'straggle', 'wait']);
  expect(looks).toBe(2);
});
