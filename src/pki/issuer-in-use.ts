import type { KeyObject } from 'node:crypto';
import { checkAuthority } from './authority.js';
import { signedPath } from './authority-chain.js';
import type { Certificate, CertificateKey } from './certificate.js';
import { verifyChain, verifyIssuer } from './chain.js';
import { readableKey } from './key.js';
import { error, type Problem } from './problem.js';
import { isUsableKey } from './signatures.js';

export interface IssuerInUse {
  /** As stored: the issuer, then what identity hands out with it. */
  chain: readonly [Certificate, ...Certificate[]];
  keyPem: string;
  /** Why identity could not read the certificates of the Secret. */
  fatal?: string | undefined;
  /** The anchors that it is under. */
  roots: readonly Certificate[];
  /** All of the bundle. */
  anchors: readonly Certificate[];
}

/** Rules that say whether the issuer still works tomorrow, not whether the mesh accepts it. */
const LASTING = [
  'CertificateMalformed',
  ...['Expired', 'NotYetValid', 'ExpiresDuringRotation'],
  ...['IssuerKeyMismatch', 'KeyEncrypted', 'KeyUnreadable'],
];

/**
 * What is wrong with the issuer that a mesh has. The rules for new certificates are stricter than identity (Go) and proxies
 * (webpki) are: what these accept works, so it is a warning at most.
 */
export function issuerInUseProblems(inUse: IssuerInUse, at: Date): Problem[] {
  const { chain, keyPem, roots } = inUse;
  const key = readableKey(keyPem, 'of the issuer', 'identity');
  const unreadable = [...fileProblems(inUse), ...('problem' in key ? [key.problem] : [])];
  if (roots.length === 0) return [...unreadable, ...underNone(inUse, at)];
  const issuerKey = 'key' in key ? key.key : undefined;
  const problems = fewest(roots.map((root) => problemsUnder(root, chain, { at, issuerKey })));
  const isAccepted = accepts(inUse, at);
  return [
    ...unreadable,
    ...problems.map((problem) => (isAccepted && !LASTING.includes(problem.reason) ? known(problem) : problem)),
  ];
}

function fileProblems({ fatal }: IssuerInUse): Problem[] {
  if (fatal === undefined) return [];
  return [
    error(
      'IssuerUnreadable',
      `identity cannot read its certificates, and would not start again with them: ${fatal}`,
      'write certificates only into that field of the Secret, with at most one newline at the end',
    ),
  ];
}

function problemsUnder(
  root: Certificate,
  [issuer, ...intermediates]: IssuerInUse['chain'],
  { at, issuerKey }: { at: Date; issuerKey: KeyObject | undefined },
): Problem[] {
  const own = { root, issuer, intermediates, at, oldAnchors: [], ...(issuerKey ? { issuerKey } : {}) };
  // a mesh that works has names that its root permits: each gate looks at the chains of its proxies
  return checkAuthority(own).filter(({ reason }) => reason !== 'NameConstraints');
}

/** Of several roots, of which one may have expired or be renewed with the same key, one that is sound is enough. */
function fewest(all: Problem[][]): Problem[] {
  const errors = (problems: Problem[]) => problems.filter(({ severity }) => severity === 'error').length;
  return all.toSorted((a, b) => errors(a) - errors(b) || a.length - b.length)[0] ?? [];
}

/** By signatures it may be under an anchor all the same: then that is said which makes it unfit. */
function underNone({ chain, anchors }: IssuerInUse, at: Date): Problem[] {
  const signers = anchors.filter((anchor) => signedPath(anchor, chain));
  const why = fewest(signers.map((root) => problemsUnder(root, chain, { at, issuerKey: undefined })));
  const errors = why.filter(({ severity }) => severity === 'error');
  const weak = anchors.find(({ key, subjectDer }) => !isUsableKey(key) && isNamedBy(chain, subjectDer));
  const because = weak ? `: ${weak.commonName} has a key that proxies do not verify with (${kindOf(weak.key)})` : '';
  return [
    ...errors,
    error(
      'IssuerUnderNoAnchor',
      `it verifies with none of the anchors in the bundle${because}`,
      'repair the bundle or the issuer first',
    ),
  ];
}

function isNamedBy(chain: readonly Certificate[], name: Buffer): boolean {
  return chain.some(({ issuerDer }) => issuerDer.equals(name));
}

function kindOf(key: CertificateKey): string {
  if (key.type === 'rsa') return `RSA of ${key.bits} bits`;
  return key.type === 'ec' ? key.curve : 'of a kind that they do not know';
}

/** Whether identity starts with it, and proxies verify what it signs; what has expired is said by itself. */
function accepts({ chain, roots }: IssuerInUse, now: Date): boolean {
  const ends = [...chain, ...roots].map(({ notAfter }) => notAfter.getTime());
  const at = new Date(Math.min(now.getTime(), ...ends));
  const question = { chain, anchors: roots, at };
  return verifyChain({ ...question, as: 'identity' }).ok && verifyIssuer({ ...question, as: 'proxy' }).ok;
}

function known({ reason, message }: Problem): Problem {
  return { reason, severity: 'warning', message: `${message}; the mesh accepts it as it is` };
}
