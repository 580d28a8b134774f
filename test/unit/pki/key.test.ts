import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  generateKey,
  keyMatches,
  parseKey,
  privateKeysIn,
  readableKey,
  toPkcs8Pem,
  toSec1Pem,
} from '../../../src/pki/key.js';
import { authority } from '../support.js';

const key = generateKey();
const sec1 = toSec1Pem(key);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ENCRYPTED = { cipher: 'aes-256-cbc', passphrase: 'secret' };
const { root } = authority();
const PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
const OPENSSH = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n';

describe('a private key', () => {
  it.each([
    ['SEC1', sec1],
    ['PKCS #8', toPkcs8Pem(key)],
    ['CRLF', sec1.replaceAll('\n', '\r\n')],
    ['its curve before it', PARAMETERS + sec1],
    ['its certificate before it', root.certificate.pem + sec1],
  ])('is read: %s', (_what, text) => {
    expect(parseKey(text).equals(key)).toBe(true);
    expect(readableKey(text, 'of the issuer')).toHaveProperty('key');
  });

  it('may be PKCS #1', () => {
    expect(parseKey(rsa.export({ type: 'pkcs1', format: 'pem' }).toString()).equals(rsa)).toBe(true);
  });

  it.each<[string, string, string, string]>([
    ['nothing', '', 'KeyUnreadable', 'is missing'],
    ['encrypted', key.export({ type: 'pkcs8', format: 'pem', ...ENCRYPTED }).toString(), 'KeyEncrypted', 'passphrase'],
    [
      'encrypted as SEC1',
      key.export({ type: 'sec1', format: 'pem', ...ENCRYPTED }).toString(),
      'KeyEncrypted',
      'passphrase',
    ],
    ['base64 of base64', Buffer.from(sec1).toString('base64'), 'KeyUnreadable', 'in base64 twice'],
    ['a certificate', root.certificate.pem, 'KeyUnreadable', 'a certificate is in its place'],
    [
      'a public key',
      root.certificate.x509.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'KeyUnreadable',
      'a public key is in its place',
    ],
    ['OpenSSH', OPENSSH, 'KeyUnreadable', 'format of OpenSSH'],
    ['cut short', sec1.slice(0, 120), 'KeyUnreadable', 'is cut short or damaged'],
    ['of missing lines', sec1.replace(/\n[^-\n]+\n/, '\n'), 'KeyUnreadable', 'is cut short or damaged'],
    ['DER', key.export({ type: 'sec1', format: 'der' }).toString('utf8'), 'KeyUnreadable', 'is no PEM'],
    ['words', 'SECRETSECRETSECRET', 'KeyUnreadable', 'is no PEM'],
  ])('is not read, for a reason that is said without a byte of it: %s', (_what, text, reason, says) => {
    const read = readableKey(text, 'of the issuer');
    expect(read).toMatchObject({ problem: { reason, severity: 'error', hint: expect.stringMatching(/.{20}/) } });
    const said = JSON.stringify(read);
    expect(said).toContain(`the private key of the issuer ${says.startsWith('is') ? says : ''}`.trimEnd());
    expect(said).toContain(says);
    const pieces = text.split('\n').filter((line) => line.length > 12 && !line.includes('-----'));
    for (const piece of pieces) expect(said).not.toContain(piece.slice(0, 12));
    expect(() => parseKey(text)).toThrow(says);
  });

  it('of an issuer has to be the first block, for identity looks at no other', () => {
    const read = readableKey(PARAMETERS + sec1, 'of the issuer', 'identity');
    expect(read).toMatchObject({
      problem: { reason: 'KeyUnreadable', message: expect.stringContaining('EC PARAMETERS') },
    });
    expect(readableKey(sec1 + PARAMETERS, 'of the issuer', 'identity')).toHaveProperty('key');
  });

  it('is found in a text, however it is indented or quoted', () => {
    const found = privateKeysIn(`a: |\n${sec1.replaceAll(/^/gm, '    ')}\nb: ${JSON.stringify(toPkcs8Pem(key))}`);
    expect(found.map((one) => one.equals(key))).toEqual([true, true]);
    expect(keyMatches(found[0] ?? rsa, root.certificate)).toBe(false);
  });
});
