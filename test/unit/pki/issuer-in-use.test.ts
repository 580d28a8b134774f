import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type IssuerInUse, issuerInUseProblems } from '../../../src/pki/issuer-in-use.js';
import { anchorsOfIssuer, endOf } from '../../../src/pki/issuer-anchors.js';
import { basicConstraints, createIssuer, type Issued, keyUsage } from '../../../src/pki/issue.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { extension, nameConstraints, purposes } from '../../hostile/asn1.js';
import { type Made, make, p384 } from '../../hostile/certificates.js';
import { authority, DAY_MS } from '../support.js';

const { root, issuer } = authority();
const roots = [root.certificate];
const caExtensions = [basicConstraints(8), keyUsage()];
const caOf = (subject: string): Made => ({ subject, extensions: caExtensions });
const later = (days: number) => new Date(Date.now() + days * DAY_MS);
const inUse: IssuerInUse = {
  ...{ chain: [issuer.certificate], keyPem: toSec1Pem(issuer.privateKey) },
  ...{ roots, anchors: roots },
};
const reasons = (change: Partial<IssuerInUse>) =>
  issuerInUseProblems({ ...inUse, ...change }, new Date()).map(({ severity, reason }) => [severity, reason]);

describe('the issuer in use', () => {
  it('has no problem under an anchor, with its own key', () => expect(reasons({})).toEqual([]));

  it('has to be under an anchor', () => {
    expect(reasons({ roots: [] })).toEqual([['error', 'IssuerUnderNoAnchor']]);
  });

  it('may be under an anchor whose key it has: it is no new root', () => {
    expect(reasons({ chain: [root.certificate], keyPem: toSec1Pem(root.privateKey) })).toEqual([]);
  });

  it('may have name constraints: the mesh works with them', () => {
    const extensions = [basicConstraints(0), keyUsage(), nameConstraints({ permitted: ['cluster.local'] })];
    const { subjectDer } = root.certificate;
    const constrained = make({ subject: 'i', issuer: subjectDer, signer: root.privateKey, extensions });
    const { certificate, privateKey } = constrained;
    const found = reasons({ chain: [certificate], keyPem: toSec1Pem(privateKey) });
    expect(found.map(([, reason]) => reason)).not.toContain('NameConstraints');
  });

  it('obeys the rules of every authority', () => {
    expect(reasons({ keyPem: toSec1Pem(root.privateKey) })).toEqual([['error', 'IssuerKeyMismatch']]);
  });

  it('has its key judged whatever else is wrong', () => {
    expect(reasons({ roots: [], keyPem: 'no key' })).toEqual([
      ['error', 'KeyUnreadable'],
      ['error', 'IssuerUnderNoAnchor'],
    ]);
    expect(reasons({ keyPem: 'no key' })).toEqual([['error', 'KeyUnreadable']]);
  });

  it('has to be readable to identity', () => {
    expect(reasons({ fatal: 'a tail' })).toEqual([['error', 'IssuerUnreadable']]);
  });
});

describe('what is not allowed to new certificates', () => {
  const under = (one: Issued, change: Made = {}): IssuerInUse => {
    const signer = { issuer: one.certificate.subjectDer, signer: one.privateKey };
    const { certificate, privateKey } = make({ ...caOf('identity'), ...signer, notAfter: later(200), ...change });
    const anchors = [one.certificate];
    return {
      chain: [certificate],
      keyPem: toPkcs8Pem(privateKey),
      roots: anchorsOfIssuer([certificate], anchors),
      anchors,
    };
  };
  const judged = (of: IssuerInUse) =>
    issuerInUseProblems(of, new Date()).map(({ severity, reason }) => [severity, reason]);
  const rootOf = (change: Made) => make({ ...caOf('root'), notAfter: later(300), ...change });

  it.each<[string, IssuerInUse, string]>([
    ['a root of P-384', under(rootOf({ key: p384() })), 'RootAlgorithm'],
    ['an issuer of P-384', under(rootOf({}), { key: p384() }), 'IssuerAlgorithm'],
    ['a path length of 0 in the root', under(rootOf({ extensions: [basicConstraints(0), keyUsage()] })), 'PathLength'],
  ])('is known, where the mesh accepts it: %s', (_what, of, reason) => {
    expect(judged(of)).toEqual([['warning', reason]]);
  });

  it.each<[string, IssuerInUse, string]>([
    [
      'a purpose that is none of a proxy',
      under(rootOf({}), { extensions: [...caExtensions, purposes('1.3.6.1.5.5.7.3.3')] }),
      'ExtendedKeyUsage',
    ],
    ['no CA certificate', under(rootOf({}), { extensions: [keyUsage()] }), 'NotACa'],
    [
      'a critical extension',
      under(rootOf({}), { extensions: [...caExtensions, extension('1.2.3', true, '')] }),
      'UnknownCriticalExtension',
    ],
  ])('blocks, where the mesh does not: %s', (_what, of, reason) => {
    expect(judged(of)).toContainEqual(['error', reason]);
  });

  it('is a root of a key that proxies do not verify with', () => {
    const of = under(rootOf({ key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey }));
    expect(issuerInUseProblems(of, new Date())).toEqual([
      expect.objectContaining({ reason: 'IssuerUnderNoAnchor', message: expect.stringContaining('RSA of 1024 bits') }),
    ]);
  });

  it('is not said of an intermediate in the bundle beside its root', () => {
    const top = rootOf({});
    const signer = { issuer: top.certificate.subjectDer, signer: top.privateKey };
    const sub = make({ ...caOf('sub'), ...signer, notAfter: later(250) });
    const of = under(sub);
    const chain = [of.chain[0], sub.certificate] as const;
    const anchors = [sub.certificate, top.certificate];
    expect(judged({ ...of, chain, roots: anchors, anchors })).toEqual([]);
  });

  it('is said of one root alone, where the issuer is under several', () => {
    const [old, renewed] = [later(-1), later(300)].map((notAfter) =>
      make({ ...caOf('root'), key: root.privateKey, notAfter }),
    );
    const of = under(renewed ?? root);
    const anchors = [old ?? root, renewed ?? root].map(({ certificate }) => certificate);
    expect(judged({ ...of, roots: anchors, anchors })).toEqual([]);
  });

  it('is a certificate that Go does not read', () => {
    const twice = under(rootOf({}), { extensions: [...caExtensions, extension('2.5.29.14', true, '\x04\x01a')] });
    expect(judged(twice)).toContainEqual(['error', 'UnknownCriticalExtension']);
    const empty = under(rootOf({}), { extensions: [...caExtensions, extension('2.5.29.54', false, 'x')] });
    expect(judged(empty)).toContainEqual(['error', 'CertificateMalformed']);
  });
});

describe('the anchors of an issuer', () => {
  const [one, other] = [authority(), authority('other')];
  const sub = createIssuer({
    root: one.root.certificate,
    rootKey: one.root.privateKey,
    commonName: 's',
    validForMs: DAY_MS,
  });
  const signed = make({
    ...caOf('i'),
    issuer: sub.certificate.subjectDer,
    signer: sub.privateKey,
    extensions: [keyUsage()],
  });
  const all = [other.root.certificate, sub.certificate, one.root.certificate];

  it('are those that its chain leads to, in whatever order they and strangers are', () => {
    const chain = [signed.certificate, other.issuer.certificate, sub.certificate] as const;
    expect(anchorsOfIssuer(chain, all)).toEqual([sub.certificate, one.root.certificate]);
    expect(anchorsOfIssuer([signed.certificate], all)).toEqual([sub.certificate]);
  });

  it('are the same when something of the file has expired', () => {
    const ended = make({ ...caOf('old'), notAfter: later(-100) });
    expect(anchorsOfIssuer([signed.certificate, sub.certificate, ended.certificate], all)).toHaveLength(2);
    expect(endOf([signed.certificate, ended.certificate])).toEqual({ notAfter: ended.certificate.notAfter });
  });
});
