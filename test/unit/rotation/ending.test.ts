import { describe, expect, it } from 'vitest';
import { endingText, whyNotBack } from '../../../src/rotation/ending.js';

it('says whether the issuer of the start is back, and else when leaves end', () => {
  expect(endingText({ putBack: true, changed: true })).toContain('is back in its Secret');
  expect(endingText({ putBack: true })).toContain('nothing that was left behind ends leaves');
  const left = endingText({
    putBack: false,
    why: '3 proxies trust only the new root',
    leavesEnd: '2026-03-10T00:00:00Z',
  });
  expect(left).toContain('3 proxies trust only the new root');
  expect(left).toContain('leaves end at 2026-03-10T00:00:00Z');
  expect(left).toContain('Start again');
  expect(endingText({ putBack: false })).toContain('it could not be read');
});

describe('whether the issuer of the start may go back', () => {
  const all = {
    foreign: false,
    expired: false,
    roots: ['O'],
    stores: [['O', 'T']],
    proxies: [['O'], ['O', 'T'], undefined],
  };
  it('may where every store and every process has a root of the start', () => expect(whyNotBack(all)).toBeUndefined());
  it.each([
    ['past the point of no return, as the stores show it', { stores: [['O', 'T'], ['T']] }, 'left the bundle'],
    [
      'past it, as a proxy shows it though somebody has put the bundle back',
      { proxies: [['T'], ['O']] },
      '1 proxy does not trust the root of the start',
    ],
    ['where a proxy cannot be asked', { proxies: [['O'], 'unread' as const] }, '1 proxy could not be asked'],
    ['where it has expired', { expired: true }, 'has expired'],
    ['where somebody else has written the Secret', { foreign: true }, 'somebody else'],
  ])('may not %s', (_what, change, why) => expect(whyNotBack({ ...all, ...change })).toContain(why));
  it('says nothing of an issuer where nothing was made', () => {
    expect(endingText({ putBack: false, nothing: true })).toBe('Nothing was changed.');
  });
});
