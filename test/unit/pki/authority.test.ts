import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Authority, checkAuthority } from '../../../src/pki/authority.js';
import type { Problem } from '../../../src/pki/problem.js';
import {
  basicConstraints,
  type CertificateRequest,
  createBridge,
  encodeName,
  issue,
  type Issued,
  keyUsage,
  spki,
} from '../../../src/pki/issue.js';
import { generateKey } from '../../../src/pki/key.js';
import { type Asn1, extension, nameConstraints, purposes, sequence } from '../../hostile/asn1.js';
import { DAY_MS } from '../support.js';

const NOW = new Date('2026-01-01T12:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY_MS);

/** A root of a year; `key` is its own, by which it is signed unless a request says otherwise. */
function root(change: Partial<CertificateRequest> = {}, key: KeyObject = generateKey()): Issued {
  const name = encodeName('root.linkerd.cluster.local');
  const certificate = issue({
    subjectDer: name,
    issuerDer: name,
    publicKeyDer: spki(key),
    signingKey: key,
    notBefore: inDays(-1),
    notAfter: inDays(365),
    extensions: [basicConstraints(1), keyUsage()],
    ...change,
  });
  return { certificate, privateKey: key };
}

/** An issuer of 200 days under a root. */
function issuer(under: Issued, change: Partial<CertificateRequest> = {}, key: KeyObject = generateKey()): Issued {
  const certificate = issue({
    subjectDer: encodeName('identity.linkerd.cluster.local'),
    issuerDer: under.certificate.subjectDer,
    publicKeyDer: spki(key),
    signingKey: under.privateKey,
    notBefore: inDays(-1),
    notAfter: inDays(200),
    extensions: [basicConstraints(0), keyUsage()],
    ...change,
  });
  return { certificate, privateKey: key };
}

/** A key usage that allows signatures, but not those of certificates. */
function digitalSignatureOnly() {
  const usage = keyUsage();
  const value = (usage.value as { value: unknown }[]).at(-1);
  if (value) value.value = '\x03\x02\x07\x80';
  return usage;
}

const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const p384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;

const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const ANY = '2.5.29.37.0';
/** What a CA certificate with this path length needs. */
const needed = (pathLength: number) => [basicConstraints(pathLength), keyUsage()];

const sound = root();
const soundIssuer = issuer(sound);
const other = root();

interface Case {
  name: string;
  given: Partial<Authority> & Pick<Authority, 'root'>;
  /** Reasons in order, with a part of each message. */
  finds: [severity: Problem['severity'], reason: string, says: string][];
}

function holds({ given, finds }: Case): void {
  const problems = checkAuthority({ at: NOW, oldAnchors: [other.certificate], ...given });
  expect(problems.map(({ severity, reason, message }) => [severity, reason, message])).toEqual(
    finds.map(([severity, reason, says]) => [severity, reason, expect.stringContaining(says)]),
  );
}

describe('a sound authority', () => {
  it.each<Case>([
    {
      name: 'is a root and an issuer with their keys',
      given: {
        root: sound.certificate,
        rootKey: sound.privateKey,
        issuer: soundIssuer.certificate,
        issuerKey: soundIssuer.privateKey,
      },
      finds: [],
    },
    { name: 'is a root alone', given: { root: sound.certificate }, finds: [] },
    {
      name: 'is a root that is its own issuer, whatever its path length: a default `linkerd install`',
      given: (() => {
        const { certificate, privateKey } = root({ extensions: [basicConstraints(0), keyUsage()] });
        return { root: certificate, issuer: certificate, issuerKey: privateKey };
      })(),
      finds: [],
    },
  ])('$name', holds);
});

describe('the key of a root', () => {
  const refused: Case['finds'] = [['error', 'RootAlgorithm', 'ECDSA P-256']];
  it.each<Case>([
    { name: 'may be RSA of 2048 bits', given: { root: root({}, rsa(2048)).certificate }, finds: [] },
    { name: 'may be RSA of 4096 bits', given: { root: root({}, rsa(4096)).certificate }, finds: [] },
    { name: 'may not be RSA of 3072 bits', given: { root: root({}, rsa(3072)).certificate }, finds: refused },
    { name: 'may not be of another curve', given: { root: root({}, p384()).certificate }, finds: refused },
    {
      name: 'has to be of the kind that its certificate is signed with',
      given: { root: root({ signingKey: rsa(2048) }).certificate },
      finds: [...refused, ['warning', 'RootNotSelfSigned', 'not self-signed']],
    },
    {
      name: 'may not be that of an anchor in use: that is no rotation',
      given: { root: root({}, other.privateKey).certificate },
      finds: [['error', 'SameKeyAsOldRoot', other.certificate.fingerprint.slice(0, 12)]],
    },
    {
      name: 'may be that of the same certificate, which is in use already',
      given: { root: other.certificate },
      finds: [],
    },
    {
      name: 'has to be the private key that is given with it',
      given: { root: sound.certificate, rootKey: other.privateKey },
      finds: [['error', 'RootKeyMismatch', 'the private key of the root']],
    },
  ])('$name', holds);
});

describe('a root', () => {
  it.each<Case>([
    {
      name: 'has to be a CA certificate',
      given: { root: root({ extensions: [] }).certificate },
      finds: [['error', 'NotACa', 'the root']],
    },
    {
      name: 'has to be allowed to sign certificates',
      given: { root: root({ extensions: [basicConstraints(1), digitalSignatureOnly()] }).certificate },
      finds: [['error', 'KeyUsage', 'the root']],
    },
    {
      name: 'is better signed by itself: another key',
      given: { root: root({ signingKey: generateKey() }).certificate },
      finds: [['warning', 'RootNotSelfSigned', 'not self-signed']],
    },
    {
      name: 'is better signed by itself: another name',
      given: { root: root({ issuerDer: encodeName('another') }).certificate },
      finds: [['warning', 'RootNotSelfSigned', 'not self-signed']],
    },
    {
      name: 'has to allow an issuer below it',
      given: (() => {
        const shallow = root({ extensions: [basicConstraints(0), keyUsage()] });
        return { root: shallow.certificate, issuer: issuer(shallow).certificate };
      })(),
      finds: [['error', 'PathLength', 'forbids an issuer']],
    },
  ])('$name', holds);
});

describe('the validity of a root', () => {
  const until = (left: number): Case['given'] => ({
    root: root({ notBefore: inDays(-100), notAfter: inDays(left) }).certificate,
  });
  it.each<Case>([
    { name: 'is long enough with 60 days', given: until(60), finds: [] },
    {
      name: 'is worth a warning below 60 days, as in `linkerd check`',
      given: until(59),
      finds: [['warning', 'ExpiresSoon', '2026-03-01']],
    },
    { name: 'is only worth that with a day left', given: until(1), finds: [['warning', 'ExpiresSoon', 'the root']] },
    {
      name: 'is too short for a rotation below a day',
      given: until(0.99),
      finds: [['error', 'ExpiresDuringRotation', 'the root']],
    },
    {
      name: 'is over at its last moment',
      given: until(0),
      finds: [['error', 'Expired', 'the root expired on 2026-01-01']],
    },
    {
      name: 'has to have begun',
      given: { root: root({ notBefore: inDays(1) }).certificate },
      finds: [['error', 'NotYetValid', inDays(1).toISOString()]],
    },
  ])('$name', holds);
});

describe('an issuer', () => {
  const given = ({ certificate, privateKey }: Issued, under = sound): Case['given'] => ({
    root: under.certificate,
    issuer: certificate,
    issuerKey: privateKey,
  });
  it.each<Case>([
    {
      name: 'has to be a CA certificate',
      given: given(issuer(sound, { extensions: [] })),
      finds: [['error', 'NotACa', 'the issuer']],
    },
    {
      name: 'has to be allowed to sign certificates',
      given: given(issuer(sound, { extensions: [basicConstraints(0), digitalSignatureOnly()] })),
      finds: [['error', 'KeyUsage', 'the issuer']],
    },
    {
      name: 'has to have a P-256 key: not RSA',
      given: given(issuer(sound, {}, rsa(2048))),
      finds: [['error', 'IssuerAlgorithm', 'ECDSA P-256']],
    },
    {
      name: 'has to have a P-256 key: not another curve',
      given: given(issuer(sound, {}, p384())),
      finds: [['error', 'IssuerAlgorithm', 'ECDSA P-256']],
    },
    {
      name: 'has to be signed by the root: not by another of the same name',
      given: given(issuer(other)),
      finds: [['error', 'IssuerNotUnderRoot', 'byte by byte']],
    },
    {
      name: 'has to be signed by the root, before its path length matters',
      given: given(issuer(other), root({ extensions: [basicConstraints(0), keyUsage()] })),
      finds: [['error', 'IssuerNotUnderRoot', 'not signed by the root']],
    },
    {
      name: 'is better over before its root is',
      given: given(issuer(sound, { notAfter: inDays(366) })),
      finds: [['warning', 'IssuerOutlivesRoot', '2027-01-02']],
    },
    {
      name: 'has to have the private key that is given with it',
      given: { ...given(soundIssuer), issuerKey: other.privateKey },
      finds: [['error', 'IssuerKeyMismatch', 'the private key of the issuer']],
    },
    {
      name: 'may have expired and is still under its root',
      given: given(issuer(sound, { notBefore: inDays(-3), notAfter: inDays(-2) })),
      finds: [['error', 'Expired', 'the issuer expired on 2025-12-30']],
    },
    {
      name: 'that has expired has to be under the root all the same',
      given: given(issuer(other, { notBefore: inDays(-3), notAfter: inDays(-2) })),
      finds: [
        ['error', 'Expired', 'the issuer expired on 2025-12-30'],
        ['error', 'IssuerNotUnderRoot', 'not signed by the root'],
      ],
    },
    {
      name: 'has to be valid already',
      given: given(issuer(sound, { notBefore: inDays(1) })),
      finds: [['error', 'NotYetValid', 'the issuer']],
    },
    {
      name: 'has to last for a rotation',
      given: given(issuer(sound, { notAfter: inDays(0.5) })),
      finds: [['error', 'ExpiresDuringRotation', 'the issuer']],
    },
    {
      name: 'is worth a warning when it expires soon',
      given: given(issuer(sound, { notAfter: inDays(30) })),
      finds: [['warning', 'ExpiresSoon', 'the issuer']],
    },
    {
      name: 'may be a key that is certified a second time',
      given: (() => {
        const bridge = createBridge({
          issuer: issuer(other).certificate,
          root: sound.certificate,
          rootKey: sound.privateKey,
          validForMs: 100 * DAY_MS,
          now: NOW,
        });
        return { root: sound.certificate, issuer: bridge };
      })(),
      finds: [],
    },
  ])('$name', holds);
});

describe('the extensions of a root or an issuer', () => {
  const twice = [...needed(1), keyUsage()];
  const under = (extensions: Asn1[]): Case['given'] => ({
    root: sound.certificate,
    issuer: issuer(sound, { extensions }).certificate,
  });
  const of = (extensions: Asn1[]): Case['given'] => ({ root: root({ extensions }).certificate });
  it.each<Case>([
    {
      name: 'may name the purposes of proxies, as `linkerd install` does',
      given: { ...of([...needed(1), purposes(SERVER, CLIENT)]) },
      finds: [],
    },
    { name: 'may name them in an issuer', given: under([...needed(0), purposes(SERVER, CLIENT)]), finds: [] },
    { name: 'may name servers alone, or any purpose, in a root', given: of([...needed(1), purposes(ANY)]), finds: [] },
    {
      name: 'may not name others alone in a root: identity refuses what is below',
      given: of([...needed(1), purposes(CLIENT)]),
      finds: [['error', 'ExtendedKeyUsage', 'the root does not allow server authentication']],
    },
    {
      name: 'may not name one of the two alone in an issuer',
      given: under([...needed(0), purposes(SERVER)]),
      finds: [['error', 'ExtendedKeyUsage', 'both server and client']],
    },
    {
      name: 'may not name any purpose in an issuer: webpki asks for each by name',
      given: under([...needed(0), purposes(ANY)]),
      finds: [['error', 'ExtendedKeyUsage', 'the issuer']],
    },
    {
      name: 'may not be critical when proxies do not know them',
      given: of([...needed(1), extension('1.2.3.4', true, sequence())]),
      finds: [['error', 'UnknownCriticalExtension', '1.2.3.4']],
    },
    {
      name: 'may be unknown when they are not critical',
      given: of([...needed(1), extension('1.2.3.4', false, sequence())]),
      finds: [],
    },
    { name: 'may not be there twice', given: of(twice), finds: [['error', 'RepeatedExtension', 'the root']] },
    {
      name: 'may not constrain names',
      given: under([...needed(0), nameConstraints({ permitted: ['example.org'] })]),
      finds: [['error', 'NameConstraints', 'the issuer']],
    },
  ])('$name', holds);
});

describe('a problem that has a cure', () => {
  it.each([
    ['SameKeyAsOldRoot', { root: root({}, other.privateKey).certificate }, 'new key'],
    ['IssuerAlgorithm', { root: sound.certificate, issuer: issuer(sound, {}, p384()).certificate }, 'no other'],
  ])('says it: %s', (reason, given, hint) => {
    const [problem] = checkAuthority({ at: NOW, oldAnchors: [other.certificate], ...given });
    expect(problem).toMatchObject({ reason, hint: expect.stringContaining(hint) });
  });
});
