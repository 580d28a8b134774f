import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pemBlocks } from '../../../src/pki/pem.js';

const newline = fc.constantFrom('\n', '\r\n');
const label = fc.constantFrom('CERTIFICATE', 'EC PRIVATE KEY', 'X509 CRL', 'A1');
const block = fc.record({ label, newline, bytes: fc.uint8Array({ maxLength: 200 }) });
type Block = { label: string; newline: string; bytes: Uint8Array };
/** Comments, empty lines, and dashes that begin nothing. */
const between = fc.oneof(
  fc.constantFrom('', '\n', '# old root\n', '------\n', '---- BEGIN\n'),
  fc.stringMatching(/^[a-z# =]{0,20}\n$/),
);

function written({ label: name, newline: end, bytes }: Block): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join(end);
}

describe('the blocks of a text', () => {
  it('are those that were written, whatever stands between them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(between, block), { maxLength: 8 }), between, (parts, tail) => {
        const text = parts.map(([before, one]) => before + written(one)).join('') + tail;
        const read = pemBlocks(text);
        expect(read.blocks.map(({ label: name, bytes }) => [name, bytes.toString('hex')])).toEqual(
          parts.map(([, { label: name, bytes }]) => [name, Buffer.from(bytes).toString('hex')]),
        );
        expect(read.tail).toBe(parts.length > 0 ? tail : text);
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
    ['blanks', ' '],
    ['headers', '-----BEGIN A-----\na: b\n-----END B-----\n'],
    ['ends that look like headers', '-----BEGIN A-----\n\n-----END a: b-----'],
  ])('are none in a megabyte of %s, which takes no time', (_what, line) => {
    const text = line.repeat(Math.ceil(2 ** 20 / line.length));
    const cpu = process.cpuUsage();
    expect(pemBlocks(text).blocks).toEqual([]);
    expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(500); // it was 20 s and more
  });
});
