import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, plain, plainLines, unseenIn, visibleJson } from '../../../src/ground/plain.js';
import { hostileText, UNFIT } from '../hostile.js';

describe('plain text', () => {
  it.each([
    ['shop/Deployment/web: é 日本 ✔', 'shop/Deployment/web: é 日本 ✔'],
    ['\u001B[2Jgone', '\uFFFD[2Jgone'],
    ['\u009B31mred', '\uFFFD31mred'],
    ['one\r\ntwo\u2028three', 'one two three'],
    ['pay\u200Bments', 'pay\uFFFDments'],
    ['\u202Egnp.exe\u202C', '\uFFFDgnp.exe\uFFFD'],
    ['half \uD800 of a pair', 'half \uFFFD of a pair'],
    ['\u{E0041}tag', '\uFFFDtag'],
  ])('of %j is %j', (text, expected) => expect(plain(text)).toBe(expected));

  it('is cut between characters, with an ellipsis', () => {
    expect(plain('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
    expect(plain('👍'.repeat(10), 3)).toBe('👍👍…');
    expect(plain('x'.repeat(2_000_000), 5)).toBe('xxxx…');
  });
  it('is one line of what can be seen, of bounded length, and stays as it is', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 40 }), (text, most) => {
        const result = plain(text, most);
        expect(result).not.toMatch(UNFIT);
        expect(result).not.toContain('\n');
        expect(Array.from(result).length).toBeLessThanOrEqual(most);
        expect(plain(result, most)).toBe(result);
      }),
    );
  });
  it('that had to be changed is equal to no name', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const result = plain(text);
        expect(result === text || !/^[\w./-]*$/.test(result)).toBe(true);
      }),
    );
  });
  it('of several lines keeps them', () => expect(plainLines('a\u0007\r\nb\n')).toBe('a\uFFFD\nb\n'));
  it('says what cannot be seen in a text', () => {
    expect(unseenIn('a\u202Eb\u0007c\u202E')).toEqual(['U+202E', 'U+0007']);
    expect(unseenIn('nothing')).toEqual([]);
  });
});

describe('JSON for a terminal', () => {
  it('means the same, and hides nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileText, hostileText), (value) => {
        const json = JSON.stringify(value);
        expect(visibleJson(json)).not.toMatch(UNFIT);
        expect(JSON.parse(visibleJson(json))).toEqual(JSON.parse(json));
      }),
    );
    expect(jsonText({ a: '\u009B\u{E0041}' })).toBe(String.raw`{
  "a": "\u009b\udb40\udc41"
}`);
  });
});
