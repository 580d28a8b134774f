import { CertificateError, type Der, elementAt, expect, readOid, TAG } from '../der.js';

/** Reads elements one after the other, as Go's cryptobyte does: what stands behind those that are asked for is not looked at. */
export interface Cursor {
  /** The tag of the next element; undefined at the end. */
  peek(): number | undefined;
  /** @throws CertificateError when there is none, or it is of another tag */
  next(tag?: number): Der;
  /** The next element when it is of this tag. */
  optional(tag: number): Der | undefined;
}

export function cursor({ content }: Pick<Der, 'content'>): Cursor {
  let at = 0;
  const peek = () => content[at];
  const next = (tag?: number): Der => {
    const element = elementAt(content, at);
    at += element.raw.length;
    return tag === undefined ? element : expect(element, tag);
  };
  return { peek, next, optional: (tag) => (peek() === tag ? next(tag) : undefined) };
}

/** Every element that is left. */
export function* rest(from: Cursor): Generator<Der> {
  while (from.peek() !== undefined) yield from.next();
}

export function refuse(what: string): never {
  throw new CertificateError(what);
}

/** Minimal, as DER asks for (cryptobyte `checkASN1Integer`). */
export function integer(element: Der): Buffer {
  const { content } = expect(element, TAG.integer);
  const [first, second = 0] = content;
  const isPadded = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (first === undefined || isPadded) refuse('an integer that is no DER');
  return content;
}

export function isNegative([first = 0]: Buffer): boolean {
  return first >= 0x80;
}

/** One that a machine's word of 64 bits has place for. */
export function smallInteger(element: Der): bigint {
  const content = integer(element);
  const value = BigInt.asIntN(64, BigInt(`0x${content.toString('hex')}`));
  if (content.length > 8) refuse('a number that is too big');
  return isNegative(content) ? BigInt.asIntN(content.length * 8, value) : value;
}

/** Bits, moved to the right by those that fill up the last byte (encoding/asn1 `RightAlign`). */
export function bits(element: Der): Buffer {
  const { content } = expect(element, TAG.bitString);
  const [padding = 8] = content;
  const last = content.at(-1) ?? 0;
  const isBad = padding > 7 || (content.length === 1 ? padding !== 0 : (last & ((1 << padding) - 1)) !== 0);
  if (isBad) refuse('a bit string that is no DER');
  const bytes = content.subarray(1);
  if (padding === 0) return bytes;
  return Buffer.from(bytes.map((byte, at) => (byte >> padding) | ((bytes[at - 1] ?? 0) << (8 - padding))));
}

export function boolean(element: Der): boolean {
  const { content } = expect(element, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) refuse('a boolean that is no DER');
  return content[0] === 0xff;
}

const MOST_OID_PART = 5;

/** In the fewest bytes, and of parts of at most 31 bits (cryptobyte `ReadASN1ObjectIdentifier`). */
export function objectId(element: Der): string {
  const { content } = expect(element, TAG.oid);
  let length = 0;
  let value = 0;
  for (const byte of content) {
    if (length === 0) value = 0;
    if ((length === 0 && byte === 0x80) || length === MOST_OID_PART || value >= 2 ** 24)
      refuse('an object identifier that is no DER');
    value = value * 128 + (byte & 0x7f);
    length = byte < 0x80 ? 0 : length + 1;
  }
  if (content.length === 0 || length > 0) refuse('an object identifier that is no DER');
  return readOid(element);
}
