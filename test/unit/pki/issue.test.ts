import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../../src/pki/certificate.js';
import { verifyChain } from '../../../src/pki/chain.js';
import {
  basicConstraints,
  createBridge,
  createIssuer,
  createRoot,
  issue,
  type Issued,
  keyUsage,
} from '../../../src/pki/issue.js';
import { generateKey, keyMatches, parseKey, toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { authority, DAY_MS, leafUnder } from '../support.js';

const YEAR_MS = 365 * DAY_MS;

describe('created authorities', () => {
  it('have the profile that Linkerd asks for', () => {
    const root = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 10 * YEAR_MS });
    const issuer = createIssuer({
      root: root.certificate,
      rootKey: root.privateKey,
      commonName: 'identity.linkerd.cluster.local',
      validForMs: YEAR_MS,
    });
    expect(root.certificate).toMatchObject({
      commonName: 'root.linkerd.cluster.local',
      isCa: true,
      pathLength: 1,
      key: { type: 'ec', curve: 'prime256v1' },
    });
    expect(issuer.certificate).toMatchObject({
      isCa: true,
      pathLength: 0,
      canSignCertificates: true,
      dnsNames: ['identity.linkerd.cluster.local'],
    });
    expect(issuer.certificate.issuerDer).toEqual(root.certificate.subjectDer);
    expect(issuer.certificate.authorityKeyId).toEqual(root.certificate.subjectKeyId);
    expect(issuer.certificate.x509.verify(root.certificate.x509.publicKey)).toBe(true);
    expect(keyMatches(issuer.privateKey, issuer.certificate)).toBe(true);
    expect(keyMatches(issuer.privateKey, root.certificate)).toBe(false);
    expect(issuer.certificate.serial).not.toBe(root.certificate.serial);
  });

  it('never outlive their root, and cross the year 2050', () => {
    const now = new Date('2045-06-01T00:00:00Z');
    const root = createRoot({ commonName: 'r', validForMs: 10 * YEAR_MS, now });
    const issuer = createIssuer({
      root: root.certificate,
      rootKey: root.privateKey,
      commonName: 'i',
      validForMs: 20 * YEAR_MS,
      now,
    });
    expect(root.certificate.notAfter.getUTCFullYear()).toBe(2055);
    expect(new Date(root.certificate.x509.validTo).getUTCFullYear()).toBe(2055);
    expect(issuer.certificate.notAfter).toEqual(root.certificate.notAfter);
  });

  it('parse whatever bits their keys have (once in 256 an EC point looks like nested ASN.1)', () => {
    for (let count = 0; count < 600; count += 1) {
      const { certificate } = createRoot({ commonName: 'r', validForMs: YEAR_MS });
      expect(certificate.subjectKeyId).toHaveLength(20);
    }
  }, 30_000);

  it('satisfy openssl verify -x509_strict', ({ skip }) => {
    if (!hasOpenssl()) skip('openssl is not on the PATH');
    const root = createRoot({ commonName: 'r', validForMs: YEAR_MS });
    const issuer = createIssuer({
      root: root.certificate,
      rootKey: root.privateKey,
      commonName: 'i',
      validForMs: YEAR_MS,
    });
    const folder = mkdtempSync(path.join(tmpdir(), 'reroot-pki-'));
    writeFileSync(path.join(folder, 'root.pem'), root.certificate.pem);
    writeFileSync(path.join(folder, 'issuer.pem'), issuer.certificate.pem);
    const said = execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', 'root.pem', 'issuer.pem'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(said).toContain('OK');
  });
});

describe('a bridge certificate', () => {
  const root = createRoot({ commonName: 'new', validForMs: YEAR_MS });
  const bridgeOf = (issuer: Certificate) =>
    createBridge({ issuer, root: root.certificate, rootKey: root.privateKey, validForMs: DAY_MS });
  const both = (issuer: Issued, old: Issued) => {
    const leaf = leafUnder(issuer).certificate;
    const chain = [leaf, issuer.certificate, bridgeOf(issuer.certificate)];
    const verdict = (anchor: Issued) =>
      verifyChain({ chain, anchors: [anchor.certificate], at: new Date(), as: 'proxy' }).ok;
    return [verdict(old), verdict(root)];
  };

  it('has the key, the subject and the key id of the issuer byte for byte, under the new root', () => {
    const { issuer, root: old } = authority();
    const made = bridgeOf(issuer.certificate);
    expect(made.subjectDer).toEqual(issuer.certificate.subjectDer);
    expect(made.publicKeyDer).toEqual(issuer.certificate.publicKeyDer);
    expect(made.subjectKeyId).toEqual(issuer.certificate.subjectKeyId);
    expect(made.dnsNames).toEqual(issuer.certificate.dnsNames);
    expect(made.authorityKeyId).toEqual(root.certificate.subjectKeyId);
    expect(made.serial).not.toBe(issuer.certificate.serial);
    expect(made).toMatchObject({ isCa: true, pathLength: 0, canSignCertificates: true });
    expect(both(issuer, old)).toEqual([true, true]);
  });

  it('keeps a name in the string type that it has: another type is another name to Go and webpki', () => {
    const { issuer, root: old } = authority();
    const subjectDer = Buffer.from(issuer.certificate.subjectDer);
    subjectDer[subjectDer.indexOf(0x0c)] = 0x13; // UTF8String to PrintableString
    const printable = issue({
      subjectDer,
      issuerDer: old.certificate.subjectDer,
      publicKeyDer: issuer.certificate.publicKeyDer,
      signingKey: old.privateKey,
      notBefore: issuer.certificate.notBefore,
      notAfter: issuer.certificate.notAfter,
      extensions: [basicConstraints(0), keyUsage()],
    });
    expect(bridgeOf(printable).subjectDer).toEqual(subjectDer);
    expect(bridgeOf(printable).subjectDer).not.toEqual(issuer.certificate.subjectDer);
    expect(both({ certificate: printable, privateKey: issuer.privateKey }, old)).toEqual([true, true]);
  });

  it('of an issuer that is the self-signed root itself is a cross-certificate of that root', () => {
    const { root: old } = authority();
    expect(both(old, old)).toEqual([true, true]);
    expect(bridgeOf(old.certificate).notAfter.getTime()).toBeLessThan(root.certificate.notAfter.getTime());
  });
});

describe('keys', () => {
  it('are read back from SEC1 and PKCS#8, and errors do not quote them', () => {
    const key = generateKey();
    expect(parseKey(toSec1Pem(key)).equals(key)).toBe(true);
    expect(parseKey(toPkcs8Pem(key)).equals(key)).toBe(true);
    expect(() => parseKey('-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----')).toThrow(
      /^(?!.*SECRET)/,
    );
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}
