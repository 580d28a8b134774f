import { createPrivateKey } from 'node:crypto';

/** Characters of base64 that a private key has at least: those of an Ed25519 key in PKCS #8, less its end. */
const LIKE_BASE64 = /[A-Za-z0-9+/]{40,}={0,2}/g;
const PEM = /PRIVATE KEY/;

/** Whether a text has a private key in it: as PEM, or as base64 of PEM or DER (PKCS #8, PKCS #1, SEC 1). */
export function hasPrivateKey(text: string): boolean {
  if (PEM.test(text)) return true;
  return (text.match(LIKE_BASE64) ?? []).some((part) => {
    const bytes = Buffer.from(part, 'base64');
    return PEM.test(bytes.toString('latin1')) || isPrivateKey(bytes);
  });
}

function isPrivateKey(der: Buffer): boolean {
  if (!beginsAsKey(der)) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      return createPrivateKey({ key: der, format: 'der', type }).type === 'private';
    } catch {
      return false;
    }
  });
}

const [SEQUENCE, INTEGER] = [0x30, 0x02];

/** All three are a SEQUENCE that begins with a version; a certificate begins with another SEQUENCE. */
function beginsAsKey(der: Buffer): boolean {
  const [tag, length = 0] = der;
  const start = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return tag === SEQUENCE && der[start] === INTEGER;
}
