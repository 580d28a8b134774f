import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson, digestOf, sealed, reportDigest } from '../../../src/evidence/canonical.js';
import { inOrder, MOST_CHUNK, pack, TooMuchEvidence, unpack } from '../../../src/evidence/pack.js';
import type { LineOfProxy } from '../../../src/evidence/lines.js';

describe('canonical JSON', () => {
  it('is one text for one value, in whatever order its fields came', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true, e: undefined })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalJson({ 10: 'a', 9: 'b' })).toBe('{"10":"a","9":"b"}');
  });
  it('hides nothing, and means the same as JSON', () => {
    const value = { 'a\u202E': '\u0000\u009B€😀', ['__proto__']: 1 };
    expect(canonicalJson(value)).toMatch(/\\u202e/);
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
  });
  it('has a digest that a report carries, and that leaves itself out', () => {
    const report = sealed({ b: 1, a: 2 });
    expect(reportDigest(report)).toBe(report.digest);
    expect(reportDigest({ a: 2, b: 1 })).toBe(report.digest);
    expect(reportDigest({ a: 2, b: 2 })).not.toBe(report.digest);
  });
});

describe('evidence in pieces', () => {
  const line = (index: number) => `${JSON.stringify({ index, der: randomBytes(600).toString('base64') })}\n`;

  it.each([
    ['nothing', 0, 0],
    ['one line', 1, 1],
    ['what fills several', 4000, 5],
  ])('is the same again, and each fits: %s', (_what, many, pieces) => {
    const lines = Array.from({ length: many }, (_, index) => line(index));
    const { texts, index } = pack(lines, 16);
    expect(texts.every(({ length }) => length <= MOST_CHUNK)).toBe(true);
    const again = texts.map((text, at) => unpack(text, index.chunks[at] ?? { digest: '', bytes: 0 })).join('');
    expect(again).toBe(lines.join(''));
    expect(index.digest).toBe(digestOf(lines.join('')));
    expect(index.bytes).toBe(lines.join('').length);
    expect(texts.length).toBeGreaterThanOrEqual(pieces);
  });
  it('is the same bytes each time', () => {
    const lines = Array.from({ length: 50 }, (_, index) => line(index));
    expect(pack(lines, 16)).toEqual(pack(lines, 16));
  });
  it('that does not fit is refused, and not cut', () => {
    const lines = Array.from({ length: 6000 }, (_, index) => line(index));
    expect(() => pack(lines, 2)).toThrow(TooMuchEvidence);
    expect(() => pack([randomBytes(2_000_000).toString('base64')], 16)).toThrow(TooMuchEvidence);
  });
  it('that is not as it was packed is refused', () => {
    const { texts, index } = pack(['a\n'], 1);
    const [chunk = { digest: '', bytes: 0 }] = index.chunks;
    expect(() => unpack(texts[0] ?? '', { ...chunk, digest: digestOf('b') })).toThrow('its digest is');
    expect(() => unpack('AAAA', chunk)).toThrow('incorrect header check');
  });
  it('stands in the order of namespaces and pods', () => {
    const proxy = (namespace: string, pod: string) => ({ namespace, pod, uid: 'u' }) as LineOfProxy;
    const names = inOrder([proxy('b', 'a'), proxy('a', 'z'), proxy('a', 'b')]).map(
      ({ namespace, pod }) => namespace + pod,
    );
    expect(names).toEqual(['ab', 'az', 'ba']);
  });
});
