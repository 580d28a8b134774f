import type { Der } from '../der.js';
import { cursor, objectId, refuse, rest } from './cursor.js';
import { TAG } from '../der.js';

const IS_PRINTABLE = /^[A-Za-z0-9'()+,\-./ :=?*&]*$/;
const IS_NUMERIC = /^[0-9 ]*$/;

/** What Go takes as the value of an attribute of a name, by tag (crypto/x509 parser.go `parseASN1String`). */
const STRINGS: Record<number, (value: Buffer) => boolean> = {
  [TAG.utf8]: isUtf8,
  0x12: (value) => IS_NUMERIC.test(value.toString('latin1')),
  0x13: (value) => IS_PRINTABLE.test(value.toString('latin1')),
  0x14: () => true, // T61String
  0x16: isAscii,
  0x1e: isBmp,
};

/** @throws CertificateError */
export function checkName(name: Der): void {
  for (const set of rest(cursor(name))) {
    if (set.tag !== TAG.set) refuse('a name that is none');
    for (const attribute of rest(cursor(set))) {
      if (attribute.tag !== TAG.sequence) refuse('a name that is none');
      const parts = cursor(attribute);
      objectId(parts.next());
      const { tag, content } = parts.next();
      if (STRINGS[tag]?.(content) !== true) refuse('a name with a text that is none of its kind');
    }
  }
}

export function isAscii(value: Buffer): boolean {
  return value.every((byte) => byte < 0x80);
}

function isUtf8(value: Buffer): boolean {
  try {
    new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}

/** Two bytes a character, none of them a surrogate or one that is reserved for ever. */
function isBmp(value: Buffer): boolean {
  if (value.length % 2 !== 0) return false;
  for (let at = 0; at < value.length; at += 2) {
    const point = value.readUInt16BE(at);
    if (point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

/** A domain of a name constraint (crypto/x509 parser.go `domainNameValid`). */
export function isDomain(value: Buffer): boolean {
  const text = value.toString('latin1');
  if (text === '') return true;
  const labels = (text.startsWith('.') ? text.slice(1) : text).split('.');
  return labels.every((label) => label !== '' && /^[!-~]+$/.test(label));
}
