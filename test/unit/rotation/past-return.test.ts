import { describe, expect, it } from 'vitest';
import { isPastReturn } from '../../../src/rotation/past-return.js';
import { isUntouched, type Traces, type Use, useOf } from '../../../src/rotation/untouched.js';
import { proxy, without } from './support.js';

const roots = { root: 'T', retire: ['O'] };
const starting = without(proxy(), 'anchors');

describe('the point of no return', () => {
  it.each([
    ['the bundle has lost the root of the start', { bundle: ['T'], proxies: [] }, true],
    [
      'it was put back, but a process trusts the new root alone',
      { bundle: ['O'], proxies: [proxy({ anchors: ['T', 'X'] })] },
      true,
    ],
    [
      'identity beside its proxy trusts the new root alone',
      { bundle: ['O'], proxies: [proxy({ anchors: ['O', 'T'], identityAnchors: ['T'] })] },
      true,
    ],
    ['everybody trusts both', { bundle: ['O', 'T'], proxies: [proxy({ anchors: ['O', 'T'] })] }, false],
    ['nobody knows the new root', { bundle: ['O'], proxies: [proxy({ anchors: ['O'] })] }, false],
    ['a process trusts neither', { bundle: ['O', 'T'], proxies: [proxy({ anchors: ['X'] })] }, false],
    ['a process could not be read', { bundle: ['O', 'T'], proxies: [starting] }, false],
    ['the bundle cannot be read', { bundle: [], proxies: [] }, false],
    ['somebody else has written a bundle with neither', { bundle: ['X'], proxies: [] }, false],
  ])('when %s', (_when, held, past) => {
    expect(isPastReturn(roots, held)).toBe(past);
  });
  it('is none where the root stays', () => {
    const held = { bundle: ['O'], proxies: [proxy({ anchors: ['O'] })] };
    expect(isPastReturn({ root: 'O', retire: [] }, held)).toBe(false);
  });
});

describe("what a rotation's Secret holds", () => {
  const traces: Traces = {
    stores: [['O'], ['O']],
    proxies: [proxy({ anchors: ['O'] })],
    issuer: 'previous',
    isOwn: false,
  };
  it.each<[string, Partial<Traces>, boolean]>([
    ['nothing refers to it', {}, true],
    ['a copy of the bundle has the new root', { stores: [['O'], ['O', 'T']] }, false],
    ['a process trusts the new root', { proxies: [proxy({ anchors: ['O', 'T'] })] }, false],
    ['the issuer Secret holds its bridge', { issuer: 'bridge' }, false],
    ['the issuer Secret holds its issuer', { issuer: 'new' }, false],
    ["the issuer Secret holds somebody else's", { issuer: undefined }, false],
    ['a process could not be read', { proxies: [starting] }, false],
    ['a process could not be read, but this run made it', { proxies: [starting], isOwn: true }, true],
  ])('may go or not when %s', (_when, change, untouched) => {
    expect(isUntouched(roots, { ...traces, ...change })).toBe(untouched);
  });
  it('for an issuer alone hangs on the issuer in use', () => {
    const same = { root: 'O', retire: [] };
    expect(isUntouched(same, traces)).toBe(true);
    expect(isUntouched(same, { ...traces, issuer: 'new' })).toBe(false);
  });
  it.each<[string, Partial<Traces>, Use]>([
    ['nothing refers to it', {}, 'unused'],
    ['a copy of the bundle has the new root', { stores: [['O'], ['O', 'T']] }, 'inUse'],
    ['the issuer Secret holds its bridge', { issuer: 'bridge' }, 'inUse'],
    ['the issuer Secret holds its issuer', { issuer: 'new' }, 'inUse'],
    ['a pod says that it trusts the new root', { proxies: [proxy({ anchors: ['O', 'T'] })] }, 'unclear'],
    ["the issuer Secret holds somebody else's", { issuer: undefined }, 'unused'],
    ['a process could not be read', { proxies: [starting] }, 'unused'],
  ])('is gone on with or not when %s', (_when, change, use) => {
    expect(useOf(roots, { ...traces, ...change })).toBe(use);
  });
  it('for an issuer alone is in use with its issuer', () => {
    expect(useOf({ root: 'O', retire: [] }, traces)).toBe('unused');
    expect(useOf({ root: 'O', retire: [] }, { ...traces, issuer: 'new' })).toBe('inUse');
  });
});
