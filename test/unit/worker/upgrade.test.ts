import { describe, expect, it } from 'vitest';
import { deservesLook, type RunFacts } from '../../../worker/upgrade.js';

describe('a running rotation is looked at', () => {
  const mine = { buildId: 'mine', checkedLength: undefined };
  const run: RunFacts = { runId: 'run', historyLength: 40, attempt: 0, buildId: 'mine' };

  it.each([
    ['when another version has gone on with it last', { ...run, buildId: 'other' }, mine, true],
    ['when the server does not say who has', { ...run, buildId: undefined }, mine, true],
    [
      'when this worker cannot say which version it is',
      { ...run, buildId: undefined },
      { ...mine, buildId: undefined },
      true,
    ],
    ['when its workflow task fails', { ...run, attempt: 2 }, mine, true],
    [
      'when its workflow task fails, although it replayed before',
      { ...run, attempt: 2 },
      { ...mine, checkedLength: 40 },
      true,
    ],
    ['when the other version has gone on since', { ...run, buildId: 'other' }, { ...mine, checkedLength: 39 }, true],
    ['not when this version has gone on with it', run, mine, false],
    ['not while its first try is under way', { ...run, attempt: 1 }, mine, false],
    ['not twice at the same length', { ...run, buildId: 'other' }, { ...mine, checkedLength: 40 }, false],
  ])('%s', (_name, facts, known, expected) => {
    expect(deservesLook(facts, known)).toBe(expected);
  });
});
