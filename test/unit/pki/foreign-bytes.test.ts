import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateError } from '../../../src/ground/state-error.js';
import { bundleAnchors, formatBundle, readBundle } from '../../../src/pki/bundle.js';
import { CertificateError, MOST_CERTIFICATE_BYTES, parseCertificate } from '../../../src/pki/certificate.js';
import { verifyChain } from '../../../src/pki/chain.js';
import { partsOf, readDer, readTime } from '../../../src/pki/der.js';
import { refusedByGo } from '../../../src/pki/go/certificate.js';
import { attempt } from '../../hostile/attempt.js';
import { deepName, leafOf, make, manyNames } from '../../hostile/certificates.js';
import { authority, leafUnder } from '../support.js';

const mesh = authority();
const leaf = leafUnder(mesh.issuer).certificate;
const certificates = [leaf, mesh.issuer.certificate, mesh.root.certificate];

/** The DER of a certificate in which some bytes are others, some are left out, and some come twice. */
const mutated = fc
  .tuple(
    fc.constantFrom(...certificates.map(({ der }) => der)),
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'twice', 'end')), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([der, changes]) =>
    changes.reduce((bytes, [position, value, change]) => {
      const at = bytes.length === 0 ? 0 : position % bytes.length;
      if (change === 'cut') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      if (change === 'twice') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(at / 2))]);
      if (change === 'end') return bytes.subarray(0, at);
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    }, der),
  );
const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));

describe('a certificate', () => {
  it('of anything is refused by Go for a reason, or taken', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (der) => {
        expect(typeof (refusedByGo(der) ?? '')).toBe('string');
      }),
      { numRuns: 300 },
    );
    for (const { der } of certificates) expect(refusedByGo(der)).toBeUndefined();
  });

  it('of anything is one, or a CertificateError of a sentence', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (der) => {
        const certificate = attempt(() => parseCertificate(der), CertificateError);
        if (!certificate) return;
        expect(certificate.der).toEqual(der);
        expect(Number.isNaN(certificate.notAfter.getTime() + certificate.notBefore.getTime())).toBe(false);
        expect(certificate.dnsNames.join('').length).toBeLessThanOrEqual(der.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('is read by the reader of DER to its last byte, or not at all', () => {
    const isWhole = (bytes: Buffer): boolean => {
      const { content, tag } = readDer(bytes);
      if ((tag & 0x20) === 0) return content.length < bytes.length;
      return partsOf({ content }).reduce((sum, { raw }) => sum + raw.length, 0) === content.length;
    };
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (der) => {
        expect(attempt(() => isWhole(der), CertificateError) ?? true).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('has the times that are written in it, or none', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.constantFrom(0x17, 0x18), (text, tag) => {
        const content = Buffer.from(text);
        attempt(() => readTime({ tag, content, raw: content }), CertificateError);
      }),
    );
    const utc = (text: string) =>
      readTime({ tag: 0x17, content: Buffer.from(text), raw: Buffer.alloc(0) }).toISOString();
    expect(utc('491231235959Z')).toBe('2049-12-31T23:59:59.000Z');
    expect(utc('500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
    expect(() => utc('501301000000Z')).toThrow(CertificateError);
  });

  it('of more than 16 KB is not read, and one below is, whatever it is full of', () => {
    expect(() => parseCertificate(Buffer.alloc(MOST_CERTIFICATE_BYTES + 1, 0x30))).toThrow('more than 16 KB');
    expect(leafOf(mesh, { extensions: [manyNames(3500)] }).certificate.dnsNames).toHaveLength(3501);
    expect(make({ extensions: [deepName(12_000)] }).certificate.dnsNames).toEqual([]);
  });
});

describe('a bundle', () => {
  const piece = fc.oneof(
    fc.constantFrom(...certificates.map(({ pem }) => pem)),
    mutated.map((der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`),
    fc.constantFrom('-----BEGIN ', 'CERTIFICATE-----\n', '-----END CERTIFICATE-----\n', '\r\n'),
    fc.string({ maxLength: 50 }),
  );
  it('of anything is read, each certificate once, and what is written of it reads the same', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const read = attempt(() => readBundle(text), StateError);
        const fingerprints = read?.certificates.map(({ fingerprint }) => fingerprint) ?? [];
        expect(new Set(fingerprints).size).toBe(fingerprints.length);
        const listed = bundleAnchors(text).map(({ fingerprint }) => fingerprint);
        for (const fingerprint of fingerprints) expect(listed).toContain(fingerprint);
        const again = readBundle(formatBundle(read?.certificates ?? [], { finalNewline: true }));
        expect(again.certificates.map(({ fingerprint }) => fingerprint)).toEqual(fingerprints);
        expect(again.problems).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['more than 256 KB', 'x'.repeat(256 * 1024 + 1), 'BundleTooLong', '256 KB'],
    ['more than 256 blocks', '-----BEGIN A-----\n-----END A-----\n'.repeat(257), 'BundleTooLong', '256 certificates'],
  ])('of %s is refused, once and for all', (_what, text, reason, says) => {
    for (const read of [readBundle, bundleAnchors, bundleAnchors]) {
      const problem = attempt(() => read(text) && undefined, StateError);
      expect(problem).toBeUndefined();
      expect(() => read(text)).toThrow(expect.objectContaining({ reason, message: expect.stringContaining(says) }));
    }
  });
});

describe('a chain', () => {
  const parsed = (der: Buffer) => attempt(() => parseCertificate(der), CertificateError) ?? [];
  const pool = fc.oneof(fc.constantFrom(...certificates), mutated.map(parsed)).map((one) => [one].flat());
  it('of anything gets a verdict of a bounded length; only a true one is verified', () => {
    fc.assert(
      fc.property(fc.array(pool, { maxLength: 10 }), (parts) => {
        const chain = parts.flat();
        const verdict = verifyChain({
          ...{ chain, anchors: [mesh.root.certificate], at: new Date(), as: 'proxy' },
        });
        const isTrue = verdict.ok
          ? verdict.path.at(-1)?.publicKeyDer.equals(mesh.root.certificate.publicKeyDer)
          : verdict.message.length < 400;
        expect(isTrue).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
