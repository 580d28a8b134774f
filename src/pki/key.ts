import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.js';
import { StateError } from '../ground/state-error.js';

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

/** @throws StateError `KeyUnreadable` when the text is no unencrypted private key; the message has nothing of the text in it */
export function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new StateError(
      'KeyUnreadable',
      'the private key cannot be read: it must be unencrypted PEM (SEC1, PKCS#8 or PKCS#1)',
      'put an unencrypted key in its place',
    );
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
      return [parseKey(`-----BEGIN ${label}-----\n${body.replaceAll(/[ \t]+/g, '')}-----END ${label}-----\n`)];
    } catch {
      return [];
    }
  });
}
