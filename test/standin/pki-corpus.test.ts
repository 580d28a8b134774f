import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/pki/bundle.js';
import { verifyChain } from '../../src/pki/chain.js';
import { CERTIFICATES } from '../pki-corpus/certificates.js';
import { CHAINS } from '../pki-corpus/chains.js';
import { certificate, pem } from '../pki-corpus/der.js';
import { type Answer, buildOracle, type Oracle } from '../pki-corpus/oracle.js';
import { TEXTS } from '../pki-corpus/texts.js';

let oracle: Oracle;
let said: Answer;

const FILES: Record<string, { text: Buffer; differs?: string }> = {
  ...Object.fromEntries(Object.entries(TEXTS).map(([name, text]) => [name, { text: Buffer.from(text as string) }])),
  ...Object.fromEntries(
    Object.entries(CERTIFICATES).map(([name, { der, ...rest }]) => [name, { text: Buffer.from(pem(der)), ...rest }]),
  ),
};

/** When every certificate of the corpus is valid that is not odd in this. */
const AT = new Date('2026-01-01T00:00:00Z');

beforeAll(async () => {
  oracle = await buildOracle();
  const files = Object.fromEntries(Object.entries(FILES).map(([name, { text }]) => [name, text]));
  const chains = Object.fromEntries(Object.entries(CHAINS).map(([name, chain]) => [name, { ...chain, at: AT }]));
  said = await oracle.ask({ files, chains });
}, 300_000);
afterAll(() => oracle.remove());

/** Fingerprints, or that nothing is read. */
function readByReroot(text: Buffer): string[] | 'nothing' {
  const { identityReads } = readBundle(text.toString());
  return Array.isArray(identityReads) ? identityReads.map(({ fingerprint }) => fingerprint) : 'nothing';
}

describe('a file of certificates', () => {
  it('is one of many kinds, of which Go takes some and refuses some', () => {
    const all = Object.values(said.files);
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter(({ error }) => error === '').length).toBeGreaterThan(60);
    expect(all.filter(({ error }) => error !== '').length).toBeGreaterThan(60);
  });

  it.each(Object.entries(FILES))('is read as Go reads it: %s', (name, { text, differs }) => {
    const byGo = said.files[name];
    const expected = byGo?.certificates ?? 'nothing';
    const agree = isDeepStrictEqual(readByReroot(text), expected);
    expect(agree, differs ?? byGo?.error).toBe(differs === undefined);
  });
});

describe('a chain of certificates', () => {
  it('is one of many kinds, of which Go takes some and refuses some', () => {
    const all = Object.values(said.chains);
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter((why) => why === '').length).toBeGreaterThan(25);
    expect(all.filter((why) => why !== '').length).toBeGreaterThan(25);
  });

  it.each(Object.entries(CHAINS))('is verified as Go does: %s', (name, { chain, anchors, differs }) => {
    const why = said.chains[name];
    const { ok } = verifyChain({ chain, anchors, at: AT, as: 'identity' });
    // stricter only: what Go refuses, reroot never takes
    const expected = differs === undefined ? [why === '', why] : [false, ''];
    expect([ok, why], differs).toEqual(expected);
  });
});

describe('what chance makes', () => {
  const A = pem(certificate());
  const pieces = fc.constantFrom(
    ...A.split('\n').map((line) => `${line}\n`),
    ...[
      A,
      A.trimEnd(),
      '-----',
      'BEGIN ',
      'END ',
      '-----BEGIN ',
      '-----END ',
      'CERTIFICATE',
      'AAAA',
      'a: b\n',
      '# c\n',
    ],
    ...[
      ' ',
      '\t',
      '\n',
      '\r\n',
      '\r',
      ':',
      '=',
      '\n-----END CERTIFICATE-----',
      '-----END X-----\n',
      '-----BEGIN X-----\n',
    ],
  );

  it('of the pieces of a PEM is read as Go reads it', async () => {
    const texts = fc.sample(fc.array(pieces, { maxLength: 14 }), 2000).map((some) => some.join(''));
    const { files } = await oracle.ask({ files: Object.fromEntries(texts.map((text) => [text, Buffer.from(text)])) });
    for (const text of texts)
      expect(readByReroot(Buffer.from(text)), text).toEqual(files[text]?.certificates ?? 'nothing');
  });

  it('of the bytes of a certificate is never read where Go refuses it', async () => {
    const der = certificate();
    const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }));
    const texts = fc
      .sample(change, 1000)
      .map(([at, bits]) => pem(Buffer.from(der.map((byte, place) => (place === at ? byte ^ bits : byte)))));
    const { files } = await oracle.ask({ files: Object.fromEntries(texts.map((text) => [text, Buffer.from(text)])) });
    const read = texts.filter((text) => readByReroot(Buffer.from(text)) !== 'nothing');
    for (const text of read) expect(readByReroot(Buffer.from(text)), text).toEqual(files[text]?.certificates);
  });
});
