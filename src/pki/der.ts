/**
 * A reader of DER (X.690 section 8 to 10) for what strangers send. It goes only where it is sent, one level at a time, and
 * copies nothing: neither depth nor breadth of a certificate costs more than its bytes. As strict as Go's and webpki's:
 * lengths are definite and as short as can be.
 */

export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface Der {
  tag: number;
  content: Buffer;
  /** With tag and length. */
  raw: Buffer;
}

/** Tags, with the bit of constructed types. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The low bits of a tag whose number is in the bytes after it; nothing in a certificate has one. */
const LONG_TAG = 0x1f;
/** A first byte of a length from here on counts the bytes that have it. */
const LONG_LENGTH = 0x80;

/** The tag of an implicit `[number]` of a primitive type, or of a constructed one. */
export function contextTag(number: number, shape: 'primitive' | 'constructed'): number {
  return (shape === 'primitive' ? 0x80 : 0xa0) + number;
}

/**
 * The one element that the bytes are.
 * @throws CertificateError
 */
export function readDer(bytes: Buffer, tag?: number): Der {
  const element = elementAt(bytes, 0);
  if (element.raw.length !== bytes.length) throw new CertificateError('bytes after the end');
  return tag === undefined ? element : expect(element, tag);
}

/**
 * What is in a constructed element.
 * @throws CertificateError
 */
export function partsOf({ content }: Pick<Der, 'content'>): Der[] {
  const parts: Der[] = [];
  for (let at = 0; at < content.length;) {
    const part = elementAt(content, at);
    parts.push(part);
    at += part.raw.length;
  }
  return parts;
}

/** @throws CertificateError when there is no element, or it is of another tag */
export function expect(element: Der | undefined, tag: number): Der {
  if (element?.tag !== tag) throw new CertificateError('unexpected ASN.1');
  return element;
}

/** @throws CertificateError when there is none */
export function elementAt(bytes: Buffer, at: number): Der {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) throw new CertificateError('cut short');
  if ((tag & LONG_TAG) === LONG_TAG) throw new CertificateError('unexpected ASN.1');
  const start = at + 2 + (first > LONG_LENGTH ? first - LONG_LENGTH : 0);
  const length = first < LONG_LENGTH ? first : longLength(bytes.subarray(at + 2, start));
  if (start + length > bytes.length) throw new CertificateError('cut short');
  return { tag, content: bytes.subarray(start, start + length), raw: bytes.subarray(at, start + length) };
}

function longLength(bytes: Buffer): number {
  const size = bytes.length;
  if (size === 0 || size > 4) throw new CertificateError('a length that is no DER');
  const length = bytes.readUIntBE(0, size);
  if (length < LONG_LENGTH || bytes[0] === 0) throw new CertificateError('a length that is no DER');
  return length;
}

/** Dotted; of the elements of a certificate only. */
export function readOid(element: Der | undefined): string {
  const { content } = expect(element, TAG.oid);
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

/**
 * A whole number that is not negative.
 * @throws CertificateError for one of more than 32 bits
 */
export function readSmallInteger(element: Der | undefined): number {
  const magnitude = readMagnitude(element);
  if (magnitude.length > 4) throw new CertificateError('a number that is too big');
  return magnitude.length === 0 ? 0 : magnitude.readUIntBE(0, magnitude.length);
}

/** The bytes of a whole number that is not negative, without zeros in front. */
export function readMagnitude(element: Der | undefined): Buffer {
  const { content } = expect(element, TAG.integer);
  const [sign] = content;
  if (sign === undefined || sign >= 0x80) throw new CertificateError('unexpected ASN.1');
  return sign === 0 ? content.subarray(1) : content;
}

const ZONE = String.raw`(Z|[+-]\d{4})$`;
/** Without seconds too: no RFC allows it, Go does. */
const UTC_TIME = new RegExp(String.raw`^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?${ZONE}`);
const GENERALIZED_TIME = new RegExp(String.raw`^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)${ZONE}`);
const LONGEST_TIME = 19;

/** The two shapes of RFC 5280 section 4.1.2.5, as Go reads them: also of other zones than UTC. The short one is of 1950 to 2049. */
export function readTime(element: Der | undefined): Date {
  const isShort = element?.tag === TAG.utcTime;
  const { content } = expect(element, isShort ? TAG.utcTime : TAG.generalizedTime);
  const written = content.length <= LONGEST_TIME ? content.toString('latin1') : '';
  const [, year = '', month, day, hour, minute, second = '00', zone = ''] =
    (isShort ? UTC_TIME : GENERALIZED_TIME).exec(written) ?? [];
  const time = instantOf(`${isShort ? centuryOf(year) : ''}${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return new Date(time.getTime() - offsetOf(zone));
}

function centuryOf(year: string): string {
  return year < '50' ? '20' : '19';
}

/** The day after the last of a month and the hour 24 are times to JavaScript. */
function instantOf(iso: string): Date {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) throw new CertificateError('a time that is none');
  return time;
}

const MINUTE_MS = 60_000;

/** Milliseconds that a zone is ahead of UTC; UTC itself is written `Z` and in no other way. */
function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3))];
  const isZone = hours <= 24 && minutes < 60 && hours + minutes > 0;
  if (!isZone) throw new CertificateError('a time that is none');
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
