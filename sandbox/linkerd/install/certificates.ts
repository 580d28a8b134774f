import { createIssuer, createRoot } from '../../../src/pki/issue.js';
import { toSec1Pem } from '../../../src/pki/key.js';

export interface CertificateOptions {
  /** The root and an issuer below it; or one certificate that is both, as `linkerd install` makes it by default. */
  certificates: 'separate' | 'default';
  /** Milliseconds that the root lives; default: a year. */
  rootLifeMs?: number;
  /** Milliseconds that the issuer lives; default: a year but for a day. */
  issuerLifeMs?: number;
}

/** PEM texts. */
export interface Certificates {
  anchors: string;
  issuer: string;
  issuerKey: string;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

export function makeCertificates({
  certificates,
  rootLifeMs = YEAR_MS,
  issuerLifeMs = YEAR_MS - DAY_MS,
}: CertificateOptions): Certificates {
  const name = (of: string) => `${of}.linkerd.cluster.local`;
  const isOne = certificates === 'default';
  const root = createRoot({ commonName: name(isOne ? 'identity' : 'root'), validForMs: rootLifeMs });
  // an issuer may outlive its root: `step certificate create` does not mind
  const lasting = { ...root.certificate, notAfter: new Date(Date.now() + YEAR_MS) };
  const issuer = isOne
    ? root
    : createIssuer({
        root: lasting,
        rootKey: root.privateKey,
        commonName: name('identity'),
        validForMs: issuerLifeMs,
      });
  return { anchors: root.certificate.pem, issuer: issuer.certificate.pem, issuerKey: toSec1Pem(issuer.privateKey) };
}
