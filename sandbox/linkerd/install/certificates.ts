import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  basicConstraints,
  createIssuer,
  createRoot,
  encodeName,
  issue,
  type Issued,
  keyId,
  keyUsage,
  spki,
  subjectKeyId,
} from '../../../src/pki/issue.js';
import { generateKey, toSec1Pem } from '../../../src/pki/key.js';

export interface CertificateOptions {
  /**
   * The root and an issuer below it; one certificate that is both, as `linkerd install` makes it by default; an issuer under an
   * intermediate, as corporate PKIs have it; or a root of P-384.
   */
  certificates: 'separate' | 'default' | 'intermediate' | 'p384';
  /** Milliseconds that the root lives; default: a year. */
  rootLifeMs?: number;
  /** Milliseconds for which root and issuer have lived already; default: none. */
  rootAgeMs?: number;
  /** Milliseconds that the issuer lives; default: a year but for a day. */
  issuerLifeMs?: number;
}

/** PEM texts. */
export interface Certificates {
  anchors: string;
  /** The issuer, and what stands between it and its root. */
  issuer: string;
  issuerKey: string;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

export function makeCertificates({
  certificates,
  rootLifeMs = YEAR_MS,
  rootAgeMs = 0,
  issuerLifeMs = YEAR_MS - DAY_MS,
}: CertificateOptions): Certificates {
  const root = rootOf(certificates, rootLifeMs, rootAgeMs);
  // an issuer may outlive its root: `step certificate create` does not mind
  const lasting = { ...root.certificate, notAfter: new Date(Date.now() + YEAR_MS) };
  const above = certificates === 'intermediate' ? intermediateUnder(root) : { ...root, certificate: lasting };
  const issuer =
    certificates === 'default'
      ? root
      : createIssuer({
          root: above.certificate,
          rootKey: above.privateKey,
          commonName: nameOf('identity'),
          now: new Date(Date.now() - rootAgeMs),
          validForMs: rootAgeMs + issuerLifeMs,
        });
  const between = certificates === 'intermediate' ? above.certificate.pem : '';
  return {
    anchors: root.certificate.pem,
    issuer: issuer.certificate.pem + between,
    issuerKey: toSec1Pem(issuer.privateKey),
  };
}

function nameOf(what: string): string {
  return `${what}.linkerd.cluster.local`;
}

function rootOf(certificates: CertificateOptions['certificates'], validForMs: number, ageMs: number): Issued {
  if (certificates === 'p384') {
    const key = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    return caOf('root', { key, signer: key, pathLength: 1, validForMs });
  }
  const commonName = nameOf(certificates === 'default' ? 'identity' : 'root');
  const now = new Date(Date.now() - ageMs);
  return createRoot({
    commonName,
    now,
    validForMs: ageMs + validForMs,
    pathLength: certificates === 'intermediate' ? 2 : 1,
  });
}

function intermediateUnder({ certificate, privateKey }: Issued): Issued {
  const issuerDer = certificate.subjectDer;
  return caOf('intermediate', {
    key: generateKey(),
    signer: privateKey,
    issuerDer,
    pathLength: 1,
    validForMs: YEAR_MS,
  });
}

interface CaRequest {
  key: KeyObject;
  signer: KeyObject;
  /** Default: its own name. */
  issuerDer?: Buffer;
  pathLength: number;
  validForMs: number;
}

function caOf(name: string, { key, signer, issuerDer, pathLength, validForMs }: CaRequest): Issued {
  const subjectDer = encodeName(nameOf(name));
  const publicKeyDer = spki(key);
  const certificate = issue({
    subjectDer,
    issuerDer: issuerDer ?? subjectDer,
    publicKeyDer,
    signingKey: signer,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + validForMs),
    extensions: [basicConstraints(pathLength), keyUsage(), subjectKeyId(keyId(publicKeyDer))],
  });
  return { certificate, privateKey: key };
}
