import { randomBytes } from 'node:crypto';
import type { Certificate } from '../../src/pki/certificate.js';
import {
  authorityKeyId,
  basicConstraints,
  createIssuer,
  createRoot,
  dnsName,
  encodeName,
  issue,
  type Issued,
  keyId,
  keyUsage,
  spki,
} from '../../src/pki/issue.js';
import { generateKey } from '../../src/pki/key.js';

export const DAY_MS = 86_400_000;

export function authority(name = 'linkerd.cluster.local'): { root: Issued; issuer: Issued } {
  const root = createRoot({ commonName: `root.${name}`, validForMs: 365 * DAY_MS });
  const issuer = createIssuer({
    root: root.certificate,
    rootKey: root.privateKey,
    commonName: `identity.${name}`,
    validForMs: 200 * DAY_MS,
  });
  return { root, issuer };
}

export const LEAF_NAME = 'web.shop.serviceaccount.identity.linkerd.cluster.local';

/** A leaf as the identity process signs it. */
export function leafUnder(issuer: Issued, options: { name?: string; notAfter?: Date } = {}): Issued {
  const privateKey = generateKey();
  const name = options.name ?? LEAF_NAME;
  const certificate = issue({
    subjectDer: encodeName(name),
    issuerDer: issuer.certificate.subjectDer,
    publicKeyDer: spki(privateKey),
    signingKey: issuer.privateKey,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
    extensions: [authorityKeyId(issuer.certificate.subjectKeyId ?? randomBytes(20)), dnsName(name)],
  });
  return { certificate, privateKey };
}

/** The same key certified a second time under another root, with the subject's bytes copied unless given. */
export function crossCertified(of: Certificate, root: Issued, subjectDer = of.subjectDer): Certificate {
  return issue({
    subjectDer,
    issuerDer: root.certificate.subjectDer,
    publicKeyDer: of.publicKeyDer,
    signingKey: root.privateKey,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 10 * DAY_MS),
    extensions: [
      basicConstraints(0),
      keyUsage(),
      authorityKeyId(root.certificate.subjectKeyId ?? keyId(root.certificate.publicKeyDer)),
    ],
  });
}

/** Waits until something is so. */
export async function eventually(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isSo(); turn += 1) await new Promise((resolve) => void setTimeout(resolve, 5));
  if (!isSo()) throw new Error('it never came about');
}
