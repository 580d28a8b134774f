import { expect, it } from 'vitest';
import { endingText } from '../../../src/rotation/ending.js';

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
