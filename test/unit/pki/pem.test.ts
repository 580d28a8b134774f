import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pemBlocks } from '../../../src/pki/pem.js';

/** How blocks were found before: right for what people write, and quadratic for what they do not. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----(?:\r?\n)?/g;

function byPattern(text: string): ReturnType<typeof pemBlocks> {
  const matches = [...text.matchAll(BLOCK)];
  const last = matches.at(-1);
  return {
    blocks: matches.map(([, label = '', body = '']) => ({ label, body })),
    tail: text.slice(last ? last.index + last[0].length : 0),
  };
}

const newline = fc.constantFrom('\n', '\r\n');
const label = fc.constantFrom('CERTIFICATE', 'EC PRIVATE KEY', 'X509 CRL', 'A1');
const base64 = fc.base64String({ maxLength: 80 });
const block = fc
  .tuple(label, newline, fc.array(base64, { maxLength: 4 }), fc.constantFrom('\n', '\r\n', ''))
  .map(
    ([name, end, lines, last]) =>
      `-----BEGIN ${name}-----${end}${lines.map((line) => line + end).join('')}-----END ${name}-----${last}`,
  );
/** Comments, empty lines, and dashes that begin nothing. */
const between = fc.oneof(
  fc.constantFrom('', '\n', '# old root\n', '------\n', '  ', '---- BEGIN\n'),
  fc.stringMatching(/^[a-z# =]{0,20}\n$/),
);
const bundle = fc
  .array(fc.tuple(between, block), { maxLength: 8 })
  .chain((parts) =>
    fc
      .tuple(fc.constant(parts.flat().join('')), fc.boolean(), between)
      .map(([text, twice, tail]) => (twice ? text + text : text) + tail),
  );

describe('the blocks of a text', () => {
  it('are those that the pattern found, in whatever people write', () => {
    fc.assert(
      fc.property(bundle, (text) => {
        expect(pemBlocks(text)).toEqual(byPattern(text));
      }),
      { numRuns: 500 },
    );
  });

  it('are found in anything, and are parts of it', () => {
    const piece = fc.constantFrom('-----', 'BEGIN ', 'END ', '-----BEGIN ', '-----END ', 'A', '\n', '\r\n', 'AAAA');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        const { blocks, tail } = pemBlocks(text);
        expect(text.endsWith(tail)).toBe(true);
        expect(blocks.reduce((sum, { label: name, body }) => sum + name.length + body.length, 0)).toBeLessThanOrEqual(
          text.length,
        );
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['BEGIN lines', '-----BEGIN A-----\n'],
    ['lines that begin one thing and end another', '-----BEGIN A-----\n-----END B-----\n'],
    ['ends', '-----END A-----\n'],
    ['begins without a line end', '-----BEGIN A-----'],
    ['begins of a long name', `-----BEGIN ${'A'.repeat(70)}-----\n`],
    ['dashes', '-----'],
  ])('are none in a megabyte of %s, which takes no time', (_what, line) => {
    const text = line.repeat(Math.ceil(2 ** 20 / line.length));
    const cpu = process.cpuUsage();
    expect(pemBlocks(text).blocks).toEqual([]);
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(500); // it was 20 s and more
  });
});
