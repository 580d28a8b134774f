import type { KeyObject } from 'node:crypto';
import { authorityFlags, extensions, issuerPurposes, rootPurposes, validity } from './authority-rules.js';
import { chainProblems } from './authority-chain.js';
import type { Certificate } from './certificate.js';
import { keyMatches } from './key.js';
import { day, error, type Problem, warning } from './problem.js';

export interface Authority {
  root: Certificate;
  issuer?: Certificate;
  /** What stands between root and issuer: the rest of the issuer's file, in any order. */
  intermediates?: readonly Certificate[];
  issuerKey?: KeyObject;
  rootKey?: KeyObject;
  at: Date;
  /** Anchors in use, whose keys a new root must not share. */
  oldAnchors: readonly Certificate[];
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const RSA_SHA256 = '1.2.840.113549.1.1.11';

/**
 * The rules of `linkerd check` and of the identity process for a root and an issuer under it (linkerd2
 * pkg/issuercerts/issuercerts.go, pkg/identity/service.go loadCredentials).
 */
export function checkAuthority(authority: Authority): Problem[] {
  const { root, issuer, issuerKey, rootKey, at, oldAnchors } = authority;
  return [
    ...rootAlgorithm(root),
    ...authorityFlags(root, 'root'),
    ...extensions(root, 'root'),
    ...rootPurposes(root),
    ...validity(root, 'root', at),
    ...selfSigned(root),
    ...sharedKey(root, oldAnchors),
    ...(rootKey && !keyMatches(rootKey, root) ? [mismatch('RootKeyMismatch', 'root', rootKey, root)] : []),
    ...(issuer && issuer.fingerprint !== root.fingerprint ? issuerProblems({ ...authority, issuer }) : []),
    ...(issuer && issuerKey && !keyMatches(issuerKey, issuer)
      ? [mismatch('IssuerKeyMismatch', 'issuer', issuerKey, issuer)]
      : []),
  ];
}

function issuerProblems(authority: Authority & { issuer: Certificate }): Problem[] {
  const { root, issuer, intermediates = [], at } = authority;
  const isP256 = issuer.key.type === 'ec' && issuer.key.curve === 'prime256v1';
  return [
    ...authorityFlags(issuer, 'issuer'),
    ...extensions(issuer, 'issuer'),
    ...issuerPurposes(issuer, 'issuer'),
    ...validity(issuer, 'issuer', at),
    ...(isP256
      ? []
      : [error('IssuerAlgorithm', 'the issuer must have an ECDSA P-256 key', '`linkerd check` accepts no other')]),
    ...chainProblems(root, [issuer, ...intermediates], at),
    ...(issuer.notAfter > root.notAfter
      ? [
          warning(
            'IssuerOutlivesRoot',
            `the issuer is valid until ${day(issuer.notAfter)}, the root only until ${day(root.notAfter)}`,
          ),
        ]
      : []),
  ];
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

function mismatch(reason: string, what: string, key: KeyObject, { key: { type } }: Certificate): Problem {
  const kinds =
    key.asymmetricKeyType === type || type === 'other' ? '' : `: it is ${key.asymmetricKeyType}, and that is ${type}`;
  return error(
    reason,
    `the private key of the ${what} does not match its certificate${kinds}`,
    'compare `openssl pkey -pubout` of the key with `openssl x509 -noout -pubkey` of the certificate, and put in the two that belong together',
  );
}
