import type { KeyObject } from 'node:crypto';
import { present } from '../ground/present.js';
import type { Certificate } from './certificate.js';
import { PURPOSES, verifyChain } from './chain.js';
import { keyMatches } from './key.js';

/** Something about a root or issuer that Linkerd would refuse, or that a person should know. */
export interface Problem {
  reason: string;
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
}

export interface Authority {
  root: Certificate;
  issuer?: Certificate;
  issuerKey?: KeyObject;
  rootKey?: KeyObject;
  at: Date;
  /** Anchors in use, whose keys a new root must not share. */
  oldAnchors: readonly Certificate[];
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const RSA_SHA256 = '1.2.840.113549.1.1.11';
const DAY_MS = 86_400_000;
/** `linkerd check` warns below 60 days (l5d-identity-issuer-cert-not-expiring-soon). */
const SOON_MS = 60 * DAY_MS;
/** A rotation lasts days at most; less than this and it may not end before the expiry. */
const TOO_SOON_MS = DAY_MS;

/**
 * The rules of `linkerd check` and of the identity process for a root and an issuer under it (linkerd2
 * pkg/issuercerts/issuercerts.go, pkg/identity/service.go loadCredentials).
 */
export function checkAuthority({ root, issuer, issuerKey, rootKey, at, oldAnchors }: Authority): Problem[] {
  return [
    ...rootAlgorithm(root),
    ...authorityFlags(root, 'root'),
    ...extensions(root, 'root'),
    ...rootPurposes(root),
    ...validity(root, 'root', at),
    ...selfSigned(root),
    ...sharedKey(root, oldAnchors),
    ...(rootKey && !keyMatches(rootKey, root)
      ? [error('RootKeyMismatch', 'the private key of the root does not match its certificate')]
      : []),
    ...(issuer && issuer.fingerprint !== root.fingerprint ? issuerProblems(root, issuer, at) : []),
    ...(issuer && issuerKey && !keyMatches(issuerKey, issuer)
      ? [error('IssuerKeyMismatch', 'the private key of the issuer does not match its certificate')]
      : []),
  ];
}

function issuerProblems(root: Certificate, issuer: Certificate, at: Date): Problem[] {
  const problems = [
    ...authorityFlags(issuer, 'issuer'),
    ...extensions(issuer, 'issuer'),
    ...issuerPurposes(issuer),
    ...validity(issuer, 'issuer', at),
  ];
  if (issuer.key.type !== 'ec' || issuer.key.curve !== 'prime256v1') {
    problems.push(error('IssuerAlgorithm', 'the issuer must have an ECDSA P-256 key', 'proxies accept no other'));
  }
  // who signed whom; what has expired is said above
  const signedAt = new Date(Math.min(at.getTime(), issuer.notAfter.getTime()));
  const chain = verifyChain({ chain: [issuer], anchors: [root], at: signedAt, anchorExpiry: 'ignore' });
  if (!chain.ok && chain.reason === 'UnknownAuthority') {
    problems.push(
      error('IssuerNotUnderRoot', 'the issuer was not signed by the root (names are compared byte by byte)'),
    );
  }
  if (root.pathLength !== undefined && root.pathLength < 1 && chain.ok) {
    problems.push(error('PathLength', 'the path length of the root forbids an issuer below it'));
  }
  if (issuer.notAfter > root.notAfter) {
    problems.push(
      warning(
        'IssuerOutlivesRoot',
        `the issuer is valid until ${day(issuer.notAfter)}, the root only until ${day(root.notAfter)}`,
      ),
    );
  }
  return problems;
}

function rootAlgorithm(root: Certificate): Problem[] {
  const { key, signatureAlgorithm } = root;
  const ec = key.type === 'ec' && key.curve === 'prime256v1' && signatureAlgorithm === ECDSA_SHA256;
  const rsa = key.type === 'rsa' && (key.bits === 2048 || key.bits === 4096) && signatureAlgorithm === RSA_SHA256;
  if (ec || rsa) return [];
  return [
    error(
      'RootAlgorithm',
      'the root must be ECDSA P-256 with SHA-256 (or RSA 2048 or 4096 with SHA-256, from Linkerd 2.12)',
    ),
  ];
}

function authorityFlags(certificate: Certificate, what: string): Problem[] {
  if (!certificate.isCa) return [error('NotACa', `the ${what} is not a CA certificate`)];
  return certificate.canSignCertificates
    ? []
    : [error('KeyUsage', `the key usage of the ${what} does not allow signing certificates`)];
}

/** What Go and webpki refuse, or take only for some names. */
function extensions({ unknownCritical: [unknown], repeated, nameConstraints }: Certificate, what: string): Problem[] {
  const hint = 'make it without: Linkerd needs basic constraints, key usage and key ids only';
  return [
    ...(unknown === undefined
      ? []
      : [
          error(
            'UnknownCriticalExtension',
            `the ${what} has a critical extension that proxies do not know (${unknown})`,
            hint,
          ),
        ]),
    ...(repeated ? [error('RepeatedExtension', `the ${what} has an extension twice: proxies refuse it`, hint)] : []),
    ...(nameConstraints
      ? [error('NameConstraints', `the ${what} has name constraints: proxies of other names would be refused`, hint)]
      : []),
  ];
}

const [SERVER_PURPOSE] = PURPOSES;
const ANY_PURPOSE = '2.5.29.37.0';

/** Identity's Go asks it of every certificate up to the root; proxies do not look at that of an anchor. */
function rootPurposes({ purposes }: Certificate): Problem[] {
  if (!purposes || purposes.includes(SERVER_PURPOSE) || purposes.includes(ANY_PURPOSE)) return [];
  return [wrongPurposes('root', 'server authentication')];
}

/** Webpki asks it by the name, also of whom `anyExtendedKeyUsage` allows everything (webpki src/verify_cert.rs `check_eku`). */
function issuerPurposes({ purposes }: Certificate): Problem[] {
  if (!purposes || PURPOSES.every((purpose) => purposes.includes(purpose))) return [];
  return [wrongPurposes('issuer', 'both server and client authentication')];
}

function wrongPurposes(what: string, missing: string): Problem {
  return error(
    'ExtendedKeyUsage',
    `the extended key usage of the ${what} does not allow ${missing}: certificates below it are refused`,
    'make it without extended key usage, or with both',
  );
}

function validity(certificate: Certificate, what: string, at: Date): Problem[] {
  const left = certificate.notAfter.getTime() - at.getTime();
  if (left <= 0) return [error('Expired', `the ${what} expired on ${day(certificate.notAfter)}`)];
  if (certificate.notBefore > at)
    return [error('NotYetValid', `the ${what} is valid only from ${certificate.notBefore.toISOString()}`)];
  if (left < TOO_SOON_MS)
    return [
      error(
        'ExpiresDuringRotation',
        `the ${what} expires at ${certificate.notAfter.toISOString()}, perhaps before a rotation ends`,
      ),
    ];
  return left < SOON_MS ? [warning('ExpiresSoon', `the ${what} expires on ${day(certificate.notAfter)}`)] : [];
}

function selfSigned(root: Certificate): Problem[] {
  const own = root.subjectDer.equals(root.issuerDer) && root.x509.verify(root.x509.publicKey);
  return own
    ? []
    : [warning('RootNotSelfSigned', 'the root is not self-signed: tools that expect a root may refuse it')];
}

function sharedKey(root: Certificate, oldAnchors: readonly Certificate[]): Problem[] {
  const twin = oldAnchors.find(
    (old) => old.fingerprint !== root.fingerprint && old.publicKeyDer.equals(root.publicKeyDer),
  );
  if (!twin) return [];
  return [
    error(
      'SameKeyAsOldRoot',
      `the new root has the key of an anchor in use (${twin.commonName}, ${twin.fingerprint.slice(0, 12)}): that is no rotation`,
      'create the new root with a new key',
    ),
  ];
}

function error(reason: string, message: string, hint?: string): Problem {
  return { reason, severity: 'error', message, ...present({ hint }) };
}

function warning(reason: string, message: string): Problem {
  return { reason, severity: 'warning', message };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
