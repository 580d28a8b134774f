import { authorityFlags, extensions, issuerPurposes, validity } from './authority-rules.js';
import type { Certificate } from './certificate.js';
import { MOST_STORED, verifyIssuer } from './chain.js';
import { error, type Problem } from './problem.js';
import { hasSigned } from './signatures.js';

/** Issuer first, then the rest of its file in any order. */
type Chain = readonly [Certificate, ...Certificate[]];

/** What is wrong on the way from an issuer to its root; the issuer's own faults are said elsewhere. */
export function chainProblems(root: Certificate, chain: Chain, at: Date): Problem[] {
  const [, ...others] = chain;
  if (chain.length > MOST_STORED) return [tooLong(chain.length)];
  const between = others.filter(({ fingerprint }) => fingerprint !== root.fingerprint);
  // a leaf never outlives any certificate of the file (linkerd2 pkg/tls/ca.go), whether it is on the way or not
  const problems = between.flatMap((one) => validity(one, named(one), at));
  const path = signedPath(root, chain);
  if (!path) return [...problems, notUnderRoot(others.length > 0)];
  const [, ...cas] = path.filter(({ fingerprint }) => fingerprint !== root.fingerprint);
  problems.push(...cas.flatMap(intermediateProblems), ...pathLengths(root, [...path]));
  if (problems.some(({ severity }) => severity === 'error') || isAccepted(root, chain, at)) return problems;
  return [...problems, ...(cas.length > 0 ? [refused()] : [])];
}

function intermediateProblems(ca: Certificate): Problem[] {
  const what = named(ca);
  return [...authorityFlags(ca, what), ...extensions(ca, what), ...issuerPurposes(ca, what)];
}

/** The CA at a place of the path has as many CAs below it; a root's own limit is one that other tools obey. */
function pathLengths(root: Certificate, path: readonly Certificate[]): Problem[] {
  return path.flatMap((ca, below) => {
    if (ca.pathLength === undefined || ca.pathLength >= below) return [];
    const what = ca.fingerprint === root.fingerprint ? 'root' : named(ca);
    const forbids = below === 1 ? 'an issuer below it' : `the ${below} CAs below it`;
    return [
      error(
        'PathLength',
        `the path length of the ${what} forbids ${forbids}`,
        `have it issued without a path length, or with ${below} at least`,
      ),
    ];
  });
}

/** The way by names and signatures alone, whatever the CAs on it may do; root last. */
export function signedPath(root: Certificate, [issuer, ...others]: Chain): Certificate[] | undefined {
  const climb = (path: Certificate[], last: Certificate): Certificate[] | undefined => {
    if (last.fingerprint === root.fingerprint) return path;
    if (hasSigned(root, last)) return [...path, root];
    const next = others.filter((other) => !path.includes(other) && hasSigned(other, last));
    for (const one of next) {
      const found = climb([...path, one], one);
      if (found) return found;
    }
    return undefined;
  };
  return climb([issuer], issuer);
}

function isAccepted(root: Certificate, chain: Chain, at: Date): boolean {
  return verifyIssuer({ chain, anchors: [root], at, as: 'proxy' }).ok;
}

function named({ commonName, fingerprint }: Certificate): string {
  return `intermediate ${commonName || fingerprint.slice(0, 12)}`;
}

function notUnderRoot(hasOthers: boolean): Problem {
  return error(
    'IssuerNotUnderRoot',
    hasOthers
      ? 'neither the issuer nor a certificate behind it in its file was signed by the root (names are compared byte by byte)'
      : 'the issuer was not signed by the root (names are compared byte by byte)',
    'where there are CAs between root and issuer, put their certificates behind the issuer, into the same file',
  );
}

function tooLong(length: number): Problem {
  return error(
    'ChainTooLong',
    `the issuer's file has ${length} certificates: each proxy presents all of them, and more than ${MOST_STORED} are not looked at`,
    'leave in it the issuer and the CAs between it and the root',
  );
}

function refused(): Problem {
  return error('IssuerNotUnderRoot', 'proxies would not accept the way from the issuer to the root');
}
