import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/pki/chain.js';
import { basicConstraints, createIssuer, createRoot, dnsName, type Issued, keyUsage } from '../../../src/pki/issue.js';
import { generateKey } from '../../../src/pki/key.js';
import { type Asn1, extension, nameConstraints, purposes } from '../../hostile/asn1.js';
import { entangled, leafOf, looped, make } from '../../hostile/certificates.js';
import { authority, crossCertified, DAY_MS, LEAF_NAME, leafUnder } from '../support.js';

const now = new Date();
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

describe('verifyChain', () => {
  const a = authority();
  const t = authority();
  const leaf = leafUnder(a.issuer).certificate;
  const question = { at: now, as: 'proxy' as const };

  it('finds the way over the presented issuer, and none to another root of the same name', () => {
    const chain = [leaf, a.issuer.certificate];
    expect(verifyChain({ ...question, chain, anchors: [a.root.certificate], name: LEAF_NAME })).toMatchObject({
      ok: true,
    });
    expect(verifyChain({ ...question, chain, anchors: [t.root.certificate] })).toMatchObject({
      ok: false,
      reason: 'UnknownAuthority',
    });
    expect(verifyChain({ ...question, chain: [leaf], anchors: [a.root.certificate] })).toMatchObject({ ok: false });
  });

  it('tries both certificates of one issuer key, in either order', () => {
    const second = crossCertified(a.issuer.certificate, t.root);
    for (const intermediates of [
      [a.issuer.certificate, second],
      [second, a.issuer.certificate],
    ]) {
      for (const root of [a.root, t.root]) {
        expect(
          verifyChain({ ...question, chain: [leaf, ...intermediates], anchors: [root.certificate] }),
        ).toMatchObject({ ok: true });
      }
    }
  });

  it('compares names as bytes: the same text in another string type is another name', () => {
    const printable = Buffer.from(a.issuer.certificate.subjectDer);
    const at = printable.indexOf(0x0c); // UTF8String
    printable[at] = 0x13; // PrintableString
    const second = crossCertified(a.issuer.certificate, t.root, printable);
    expect(second.commonName).toBe(a.issuer.certificate.commonName);
    expect(verifyChain({ ...question, chain: [leaf, second], anchors: [t.root.certificate] })).toMatchObject({
      ok: false,
    });
  });

  it('ignores the expiry of anchors for proxies and enforces it for identity', () => {
    const old = createRoot({ commonName: 'old', validForMs: DAY_MS, now: new Date(Date.now() - 2 * DAY_MS) });
    const issuer = createIssuer({
      root: { ...old.certificate, notAfter: new Date(Date.now() + DAY_MS) },
      rootKey: old.privateKey,
      commonName: 'i',
      validForMs: DAY_MS,
    });
    const chain = [leafUnder(issuer).certificate, issuer.certificate];
    expect(verifyChain({ ...question, chain, anchors: [old.certificate] })).toMatchObject({ ok: true });
    expect(verifyChain({ ...question, chain, anchors: [old.certificate], as: 'identity' })).toMatchObject({
      ok: false,
    });
  });

  it('refuses an expired leaf, a wrong name, and an issuer that is no CA', () => {
    const expired = leafUnder(a.issuer, { notAfter: new Date(Date.now() - 1000) }).certificate;
    expect(
      verifyChain({ ...question, chain: [expired, a.issuer.certificate], anchors: [a.root.certificate] }),
    ).toMatchObject({ reason: 'Expired' });
    expect(
      verifyChain({ ...question, chain: [leaf, a.issuer.certificate], anchors: [a.root.certificate], name: 'other' }),
    ).toMatchObject({ reason: 'WrongName' });
    const below = leafUnder(leafUnder(a.issuer)).certificate;
    expect(
      verifyChain({ ...question, chain: [below, leaf, a.issuer.certificate], anchors: [a.root.certificate] }),
    ).toMatchObject({ ok: false });
  });

  it('refuses a chain of nothing, and a leaf that is not valid yet', () => {
    const anchors = [a.root.certificate];
    expect(verifyChain({ ...question, chain: [], anchors })).toMatchObject({ reason: 'NoCertificate' });
    const at = new Date(leaf.notBefore.getTime() - 1000);
    expect(verifyChain({ ...question, at, chain: [leaf, a.issuer.certificate], anchors })).toMatchObject({
      reason: 'NotYetValid',
    });
  });

  it('obeys the path length', () => {
    const tooDeep = createIssuer({
      root: a.issuer.certificate,
      rootKey: a.issuer.privateKey,
      commonName: 'deep',
      validForMs: DAY_MS,
    });
    const chain = [leafUnder(tooDeep).certificate, tooDeep.certificate, a.issuer.certificate];
    expect(verifyChain({ ...question, chain, anchors: [a.root.certificate] })).toMatchObject({ ok: false });
  });

  it('refuses what proxies refuse in a leaf, although identity has signed it', () => {
    const mesh = { root: a.root, issuer: a.issuer };
    const names = dnsName(LEAF_NAME);
    const verdict = (extensions: Asn1[]) =>
      verifyChain({
        ...question,
        chain: [leafOf(mesh, { extensions }).certificate, a.issuer.certificate],
        anchors: [a.root.certificate],
        name: LEAF_NAME,
      });
    expect(verdict([names, purposes(SERVER, CLIENT)])).toMatchObject({ ok: true });
    const refused = [
      [names, names],
      [names, extension('1.2.3', true, '')],
      [names, purposes(SERVER)],
      [names, basicConstraints(0)],
    ];
    for (const extensions of refused) expect(verdict(extensions)).toMatchObject({ reason: 'Unsuitable' });
  });

  it.each([
    ['permits', { permitted: ['cluster.local'] }, true],
    ['permits with a dot', { permitted: ['.cluster.local'] }, true],
    ['permits others', { permitted: ['example.org', 'local.example'] }, false],
    ['excludes', { excluded: ['cluster.local'] }, false],
    ['excludes others', { excluded: ['example.org', 'uster.local'] }, true],
  ])('obeys name constraints of an issuer and of an anchor: one that %s', (_what, names, ok) => {
    const key = generateKey();
    const constrained = [basicConstraints(1), keyUsage(), nameConstraints(names)];
    const issuer = make({
      ...{ subject: 'narrow', key, extensions: constrained },
      ...{ issuer: a.root.certificate.subjectDer, signer: a.root.privateKey },
    });
    const narrowRoot = make({ subject: 'narrow', key, extensions: constrained });
    const below = leafOf({ root: a.root, issuer });
    const asked = { ...question, name: LEAF_NAME };
    const chain = [below.certificate, issuer.certificate];
    expect(verifyChain({ ...asked, chain, anchors: [a.root.certificate] }).ok).toBe(ok);
    expect(verifyChain({ ...asked, chain: [below.certificate], anchors: [narrowRoot.certificate] }).ok).toBe(ok);
  });
});

describe('a chain that is made to cost', () => {
  const mesh = authority();
  const anchors = [mesh.root.certificate];
  const ask = (chain: readonly Issued[]) =>
    verifyChain({
      ...{ chain: chain.map(({ certificate }) => certificate), anchors, at: new Date(), as: 'proxy' },
      name: LEAF_NAME,
    });
  it('is not looked into when it is longer than eight', () => {
    expect(ask(looped(60, mesh))).toMatchObject({ ok: false, reason: 'TooComplex' });
    expect(ask(looped(8, mesh))).toMatchObject({ reason: 'TooComplex' });
  });
  it('goes nowhere by certificates of one name and one key', () => {
    expect(ask(looped(7, mesh))).toMatchObject({ ok: false, reason: 'UnknownAuthority' });
  });
  it('is given up after two dozen signatures, and says that nobody knows', () => {
    expect(ask(entangled(7, mesh))).toMatchObject({ ok: false, reason: 'TooComplex' });
  });
  it('gets the same verdict from a warm cache as from a cold one', () => {
    const chain = entangled(7, mesh);
    expect(ask(chain)).toEqual(ask(chain));
  });
  it('of eight with the right way last in it is still found', () => {
    const leaf = leafOf(mesh);
    const others = Array.from({ length: 6 }, () => crossCertified(mesh.issuer.certificate, authority('other').root));
    const chain = [leaf.certificate, ...others, mesh.issuer.certificate];
    expect(verifyChain({ chain, anchors, at: new Date(), as: 'proxy', name: LEAF_NAME })).toMatchObject({
      ok: true,
    });
  });
});
