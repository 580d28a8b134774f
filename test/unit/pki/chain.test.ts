import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/pki/chain.js';
import { createIssuer, createRoot } from '../../../src/pki/issue.js';
import { authority, crossCertified, DAY_MS, LEAF_NAME, leafUnder } from '../support.js';

const now = new Date();

describe('verifyChain', () => {
  const a = authority();
  const t = authority();
  const leaf = leafUnder(a.issuer).certificate;
  const question = { at: now, anchorExpiry: 'ignore' as const };

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
    expect(verifyChain({ ...question, chain, anchors: [old.certificate], anchorExpiry: 'enforce' })).toMatchObject({
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
});
