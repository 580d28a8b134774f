import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createIssuer, createRoot } from '../../../src/pki/issue.js';
import { generateKey, keyMatches, parseKey, toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';

const YEAR_MS = 365 * 86_400_000;

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
  });

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
