import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { plain } from '../ground/plain.js';
import { StateError } from '../ground/state-error.js';
import type { Certificate } from './certificate.js';
import { isEncrypted, keyProblem } from './key-problem.js';
import { pemBlocks } from './pem.js';
import { error, type Problem } from './problem.js';

const LABEL = 'PRIVATE KEY';

/** A P-256 private key: the only kind that every Linkerd and its proxies accept for issuers. */
export function generateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

/** `EC PRIVATE KEY`: read by every Linkerd; PKCS#8 only from 2.9 (linkerd2#4597). */
export function toSec1Pem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}

export function toPkcs8Pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @throws StateError `KeyEncrypted`, `KeyUnreadable`; the message has nothing of the text in it */
export function parseKey(pem: string): KeyObject {
  const read = keyIn(pem);
  if ('key' in read) return read.key;
  const { reason, message, hint = '' } = read.problem;
  throw new StateError(reason, `the private key ${message}`, hint);
}

/**
 * A private key, or the one thing that is wrong with its text.
 * @param what whose it is, behind "the private key"
 * @param reader `identity` reads the first block of the text and nothing else (linkerd2 pkg/tls/codec.go `DecodePEMKey`)
 */
export function readableKey(pem: string, what: string, reader?: 'identity'): { key: KeyObject } | { problem: Problem } {
  const read = keyIn(pem);
  const first = pemBlocks(pem).blocks[0]?.label;
  if ('key' in read && (reader === undefined || first?.endsWith(LABEL))) return read;
  const { reason, message, hint } = 'problem' in read ? read.problem : notFirst(first);
  return { problem: error(reason, `the private key ${what} ${message}`, hint) };
}

function notFirst(label: string | undefined): Problem {
  return error(
    'KeyUnreadable',
    `is behind another block (${plain(label ?? 'no PEM', 40)}): identity reads the first one only, and would not start again with it`,
    'take out what stands before `-----BEGIN EC PRIVATE KEY-----`',
  );
}

/** How each kind of block is encoded: those that Linkerd reads, and the older one of RSA. */
const ENCODINGS: Record<string, 'pkcs8' | 'sec1' | 'pkcs1'> = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
};

/** The first private key of a text; problems are clauses that the key is the subject of. */
function keyIn(text: string): { key: KeyObject } | { problem: Problem } {
  const block = pemBlocks(text).blocks.find(({ label }) => label.endsWith(LABEL));
  const type = block && ENCODINGS[block.label];
  if (!block || !type || isEncrypted(block)) return { problem: keyProblem(text) };
  try {
    return { key: createPrivateKey({ key: block.bytes, format: 'der', type }) };
  } catch {
    return { problem: keyProblem(text) };
  }
}

export function keyMatches(key: KeyObject, certificate: Certificate): boolean {
  const own = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return own.equals(certificate.x509.publicKey.export({ type: 'spki', format: 'der' }));
}

/** Every unencrypted private key in a text, however it is indented or quoted. */
export function privateKeysIn(text: string): KeyObject[] {
  const [, ...blocks] = text.replaceAll(String.raw`\n`, '\n').split('-----BEGIN ');
  return blocks.flatMap((block) => {
    const [label = '', body = ''] = block.split('-----');
    if (!label.endsWith('PRIVATE KEY')) return [];
    try {
      return [parseKey(`-----BEGIN ${label}-----\n${body.replaceAll(/[ \t]+/g, '').trim()}\n-----END ${label}-----\n`)];
    } catch {
      return [];
    }
  });
}
