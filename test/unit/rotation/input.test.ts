import { describe, expect, it } from 'vitest';
import {
  type InputResult,
  invalidInputMessage,
  keepsRootKey,
  readInput,
  readIssuerInput,
} from '../../../src/rotation/input.js';

const problems = (result: InputResult) => (result.ok ? [] : result.problems);

describe('readInput', () => {
  it.each([[undefined], [null], [{}]])('fills in every default of %j', (input) => {
    expect(readInput(input)).toMatchObject({
      ok: true,
      settings: { cluster: 'default', approvals: 'beforeRetire', root: { validity: 3650 * 86_400_000 } },
      course: { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' },
    });
  });

  it('reads durations as milliseconds', () => {
    expect(readInput({ timing: { poll: '1m30s' } })).toMatchObject({ settings: { timing: { poll: 90_000 } } });
  });

  it('names every problem at once, with the fields that there are', () => {
    const found = problems(readInput({ aproval: 1, root: { validity: 'soon', size: 3 }, timing: { poll: 5 } }));
    const message = invalidInputMessage(found);
    expect(message).toContain('The input has 4 problems');
    for (const part of [
      'aproval: no such field (known here: cluster',
      'root.size: no such field (known here: commonName',
      'root.validity: "soon"',
      'timing.poll:',
    ])
      expect(message).toContain(part);
  });

  it('chooses standard when the issuer key may be compromised', () => {
    expect(readInput({ issuerKeyCompromised: true })).toMatchObject({ ok: true, course: { strategy: 'standard' } });
  });

  it.each([
    ['a bridge for a compromised key', { issuerKeyCompromised: true, strategy: 'bridge' }, 'must not be'],
    [
      'an organic pace without a bridge',
      { strategy: 'standard', rollout: { pace: 'organic' } },
      'is for strategy bridge',
    ],
    [
      'an organic pace where the default is not a bridge',
      { issuerKeyCompromised: true, rollout: { pace: 'organic' } },
      'is for strategy bridge',
    ],
    [
      'patient that rolls, which is standard',
      { strategy: 'patient', leafRenewal: 'roll' },
      'patient with roll is standard',
    ],
    ['hurry and patience together', { leafRenewal: 'roll', rollout: { pace: 'organic' } }, 'choose one of them'],
    [
      'an issuer that outlives its root',
      { root: { validity: '10d' }, issuer: { validity: '11d' } },
      'is longer than root.validity',
    ],
    ['an issuer that may not outlive the rotation', { issuer: { validity: '47h' } }, 'at least 2d'],
    ['a namespace that is both first and last', { rollout: { first: ['shop'], last: ['shop'] } }, 'shop is in both'],
  ])('refuses %s', (_what, input, problem) => {
    expect(problems(readInput(input))).toEqual([expect.stringContaining(problem)]);
  });
});

describe('readIssuerInput', () => {
  it('may be absent, and is of the issuer alone', () => {
    expect(readIssuerInput(undefined)).toMatchObject({ ok: true, course: { strategy: 'issuer' } });
  });

  it('has no root and no strategy', () => {
    const found = problems(readIssuerInput({ root: {}, strategy: 'bridge', issuer: { validity: '90d' } }));
    expect(found.map((problem) => problem.split(':')[0])).toEqual(['root', 'strategy']);
  });
});

describe("a new root's key", () => {
  it.each([
    ['is kept where it is made here', {}, true],
    ['stays with its owner where the root is given', { certificates: { secret: 'mine' } }, false],
    ['is kept where that is said', { root: { key: 'keep' }, certificates: { secret: 'mine' } }, true],
    ['is not where that is said', { root: { key: 'discard' } }, false],
  ] as const)('%s', (_what, input, kept) => {
    const result = readInput(input);
    expect(result.ok && keepsRootKey(result.settings)).toBe(kept);
  });
});
