import { describe, expect, it } from 'vitest';
import { checkAuthority } from '../../../src/pki/authority.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { basicConstraints, encodeName, issue, type Issued, keyUsage, spki } from '../../../src/pki/issue.js';
import { generateKey } from '../../../src/pki/key.js';
import { type Asn1, extension, purposes } from '../../hostile/asn1.js';
import { DAY_MS } from '../support.js';

const NOW = new Date();
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

interface Change {
  extensions?: Asn1[];
  notAfter?: Date;
}

function caOf(name: string, under: Issued | undefined, change: Change = {}): Issued {
  const key = generateKey();
  const certificate = issue({
    subjectDer: encodeName(name),
    issuerDer: under?.certificate.subjectDer ?? encodeName(name),
    publicKeyDer: spki(key),
    signingKey: under?.privateKey ?? key,
    notBefore: inDays(-1),
    notAfter: inDays(300),
    extensions: [basicConstraints(8), keyUsage()],
    ...change,
  });
  return { certificate, privateKey: key };
}

const root = caOf('root', undefined, { notAfter: inDays(400) });
const wide = [basicConstraints(8), keyUsage()];

/** Root, policy CA, issuing CA, issuer. */
function reasons(
  change: { policy?: Change; issuing?: Change } = {},
  file: (issuing: Certificate, policy: Certificate) => Certificate[] = (issuing, policy) => [issuing, policy],
) {
  const policy = caOf('policy', root, change.policy);
  const issuing = caOf('issuing', policy, change.issuing);
  const { certificate: issuer, privateKey } = caOf('issuer', issuing);
  const intermediates = file(issuing.certificate, policy.certificate);
  const found = checkAuthority({
    ...{ root: root.certificate, issuer, intermediates },
    ...{ issuerKey: privateKey, at: NOW, oldAnchors: [] },
  });
  return found.map(({ reason, severity, message }) => `${severity} ${reason}: ${message}`);
}

describe('an issuer under intermediates', () => {
  it('is accepted with the whole chain, in any order, and with strangers', () => {
    expect(reasons()).toEqual([]);
    expect(reasons({}, (issuing, policy) => [policy, issuing])).toEqual([]);
    expect(
      reasons({}, (issuing, policy) => [caOf('x', undefined).certificate, issuing, policy, root.certificate]),
    ).toEqual([]);
  });

  it('needs every one of them', () => {
    expect(reasons({}, (issuing) => [issuing])).toEqual([expect.stringContaining('IssuerNotUnderRoot')]);
    expect(reasons({}, () => [])).toEqual([
      'error IssuerNotUnderRoot: the issuer was not signed by the root (names are compared byte by byte)',
    ]);
  });

  it.each<[string, Parameters<typeof reasons>[0], string]>([
    [
      'a path length',
      { policy: { extensions: [basicConstraints(1), keyUsage()] } },
      'PathLength: the path length of the intermediate policy forbids the 2 CAs below it',
    ],
    [
      'another purpose',
      { issuing: { extensions: [...wide, purposes('1.3.6.1.5.5.7.3.3')] } },
      'ExtendedKeyUsage: the extended key usage of the intermediate issuing',
    ],
    ['its end', { issuing: { notAfter: inDays(-0.5) } }, 'Expired: the intermediate issuing expired'],
    ['no right to sign', { policy: { extensions: [] } }, 'NotACa: the intermediate policy is not a CA'],
    [
      'a critical extension',
      { policy: { extensions: [...wide, extension('1.2.3', true, '')] } },
      'UnknownCriticalExtension: the intermediate policy',
    ],
  ])('is refused for %s of one of them', (_what, change, says) => {
    const [first, ...more] = reasons(change);
    expect([first, more]).toEqual([expect.stringContaining(says), []]);
  });

  it('may have five, and no more: proxies would present them all', () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => caOf(`x${at}`, undefined).certificate);
    expect(reasons({}, (issuing, policy) => [issuing, policy, ...many(3)])).toEqual([]);
    expect(reasons({}, (issuing, policy) => [issuing, policy, ...many(4)])).toEqual([
      expect.stringContaining(['error', 'ChainTooLong'].join(' ')),
    ]);
  });
});
