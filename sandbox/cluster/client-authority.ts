import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import forge from 'node-forge';

/** Who signs client certificates that the sandbox's API server takes, as a cluster's own CA does. RSA: forge signs with no other. */

const certificateFile = (folder: string) => path.join(folder, 'client-ca.crt');
const keyFile = (folder: string) => path.join(folder, 'client-ca.key');
const BACK_MS = 60_000;

/** @returns the file of its certificate */
export function makeClientAuthority(folder: string): string {
  const { privateKey, publicKey, pem } = newKey();
  const certificate = newCertificate(publicKey, [{ shortName: 'CN', value: 'sandbox-clients' }], 365 * 86_400_000);
  certificate.setExtensions([{ name: 'basicConstraints', cA: true }]);
  certificate.sign(privateKey, forge.md.sha256.create());
  writeFileSync(keyFile(folder), pem, { mode: 0o600 });
  writeFileSync(certificateFile(folder), forge.pki.certificateToPem(certificate));
  return certificateFile(folder);
}

/** A certificate of a user, and its key; PEM. */
export function clientCertificate(
  folder: string,
  user: string,
  { groups = [], lifeMs }: { groups?: string[]; lifeMs: number },
): { cert: string; key: string } {
  const authority = forge.pki.certificateFromPem(readFileSync(certificateFile(folder), 'utf8'));
  const { publicKey, pem } = newKey();
  const names = [...groups.map((value) => ({ shortName: 'O', value })), { shortName: 'CN', value: user }];
  const certificate = newCertificate(publicKey, names, lifeMs);
  certificate.setIssuer(authority.subject.attributes);
  certificate.setExtensions([{ name: 'extKeyUsage', clientAuth: true }]);
  certificate.sign(forge.pki.privateKeyFromPem(readFileSync(keyFile(folder), 'utf8')), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: pem };
}

function newKey(): { privateKey: forge.pki.rsa.PrivateKey; publicKey: forge.pki.rsa.PublicKey; pem: string } {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
  const privateKey = forge.pki.privateKeyFromPem(pem);
  return { privateKey, publicKey: forge.pki.setRsaPublicKey(privateKey.n, privateKey.e), pem };
}

function newCertificate(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  lifeMs: number,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - BACK_MS);
  certificate.validity.notAfter = new Date(Date.now() + lifeMs);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  return certificate;
}
