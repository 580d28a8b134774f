import type { Certificate } from './certificate.js';
import { refusedByGo } from './go/certificate.js';
import { ANY_PURPOSE, PURPOSES } from './chain.js';
import { day, error, type Problem, warning } from './problem.js';

/** Rules for one CA certificate: root, issuer, or what stands between. */

const DAY_MS = 86_400_000;
/** `linkerd check` warns below 60 days (l5d-identity-issuer-cert-not-expiring-soon). */
const SOON_MS = 60 * DAY_MS;
/** A rotation lasts days at most; less than this and it may not end before the expiry. */
const TOO_SOON_MS = DAY_MS;

const AS_CA = 'issue it as a CA: basic constraints CA:TRUE, key usage keyCertSign';

export function authorityFlags(certificate: Certificate, what: string): Problem[] {
  if (!certificate.isCa) return [error('NotACa', `the ${what} is not a CA certificate`, AS_CA)];
  return certificate.canSignCertificates
    ? []
    : [error('KeyUsage', `the key usage of the ${what} does not allow signing certificates`, AS_CA)];
}

/** What Go and webpki refuse, or take only for some names. */
export function extensions(certificate: Certificate, what: string): Problem[] {
  const hint = 'make it without: Linkerd needs basic constraints, key usage and key ids only';
  const {
    unknownCritical: [unknown],
    repeated,
    nameConstraints,
  } = certificate;
  const refused = [
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
  ];
  return [
    ...(refused.length > 0 ? refused : malformed(certificate, what)),
    ...(nameConstraints
      ? [error('NameConstraints', `the ${what} has name constraints: proxies of other names would be refused`, hint)]
      : []),
  ];
}

function malformed({ der }: Certificate, what: string): Problem[] {
  const why = refusedByGo(der);
  if (why === undefined) return [];
  return [
    error(
      'CertificateMalformed',
      `the ${what} is not encoded as X.509 asks for (${why}): identity would not read it`,
      'issue it anew with another tool',
    ),
  ];
}

const [SERVER_PURPOSE] = PURPOSES;

/** Identity's Go asks it of every certificate up to the root; proxies do not look at that of an anchor. */
export function rootPurposes({ purposes }: Certificate): Problem[] {
  if (!purposes || purposes.includes(SERVER_PURPOSE) || purposes.includes(ANY_PURPOSE)) return [];
  return [wrongPurposes('root', 'server authentication')];
}

/** Webpki asks it by the name, also of whom `anyExtendedKeyUsage` allows everything (webpki src/verify_cert.rs `check_eku`). */
export function issuerPurposes({ purposes }: Certificate, what: string): Problem[] {
  if (!purposes || PURPOSES.every((purpose) => purposes.includes(purpose))) return [];
  return [wrongPurposes(what, 'both server and client authentication')];
}

function wrongPurposes(what: string, missing: string): Problem {
  return error(
    'ExtendedKeyUsage',
    `the extended key usage of the ${what} does not allow ${missing}: certificates below it are refused`,
    'make it without extended key usage, or with both',
  );
}

const RENEW = 'issue it anew, with a longer life';

export function validity(certificate: Certificate, what: string, at: Date): Problem[] {
  const left = certificate.notAfter.getTime() - at.getTime();
  if (left <= 0) return [error('Expired', `the ${what} expired on ${day(certificate.notAfter)}`, RENEW)];
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
