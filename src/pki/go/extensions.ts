import { contextTag, type Der, expect, partsOf, readDer, TAG } from '../der.js';
import { bits, boolean, cursor, integer, isNegative, objectId, refuse, rest, smallInteger } from './cursor.js';
import { isAscii, isDomain } from './strings.js';

/** What of an extension Go reads, and refuses (crypto/x509 parser.go `processExtensions`). */

interface Extension {
  id: string;
  critical: boolean;
  value: Buffer;
}

/** @throws CertificateError */
export function checkExtensions(extensions: Der): void {
  const seen = new Set<string>();
  for (const element of rest(cursor(extensions))) {
    const extension = extensionOf(expect(element, TAG.sequence));
    if (seen.has(extension.id)) refuse(`an extension that is there twice (${extension.id})`);
    seen.add(extension.id);
    READ[extension.id]?.(extension);
  }
}

function extensionOf(element: Der): Extension {
  const fields = cursor(element);
  const id = objectId(fields.next());
  const critical = fields.optional(TAG.boolean);
  return { id, critical: critical !== undefined && boolean(critical), value: fields.next(TAG.octetString).content };
}

const READ: Record<string, (extension: Extension) => void> = {
  '2.5.29.14': (extension) => {
    refuseCritical(extension);
    first(extension, TAG.octetString);
  },
  '2.5.29.15': ({ value }) => void bits(cursor({ content: value }).next()),
  '2.5.29.17': (extension) => {
    for (const name of parts(extension)) checkName(name);
  },
  '2.5.29.19': checkBasicConstraints,
  '2.5.29.30': checkNameConstraints,
  '2.5.29.31': (extension) => {
    for (const point of parts(extension)) expect(point, TAG.sequence);
  },
  '2.5.29.32': (extension) => {
    const policies = parts(extension).map((policy) => objectId(cursor(expect(policy, TAG.sequence)).next()));
    if (new Set(policies).size < policies.length) refuse('a certificate policy that is there twice');
  },
  '2.5.29.33': (extension) => {
    for (const mapping of parts(extension)) {
      const pair = cursor(expect(mapping, TAG.sequence));
      pair.next(TAG.oid);
      pair.next(TAG.oid);
    }
  },
  '2.5.29.35': (extension) => {
    refuseCritical(extension);
    const id = cursor(first(extension, TAG.sequence));
    id.optional(contextTag(0, 'primitive'));
  },
  '2.5.29.36': (extension) => void first(extension, TAG.sequence),
  '2.5.29.37': (extension) => {
    for (const purpose of parts(extension)) objectId(purpose);
  },
  '2.5.29.54': (extension) => void smallInteger(first(extension, TAG.integer)),
  '1.3.6.1.5.5.7.1.1': (extension) => {
    refuseCritical(extension);
    for (const access of parts(extension)) objectId(cursor(expect(access, TAG.sequence)).next());
  },
};

/** RFC 5280 wants these never to be critical, and Go insists. */
function refuseCritical({ id, critical }: Extension): void {
  if (critical) refuse(`an extension that must not be critical (${id})`);
}

/** What an extension begins with. */
function first({ value }: Extension, tag: number): Der {
  return cursor({ content: value }).next(tag);
}

function parts(extension: Extension): Der[] {
  return [...rest(cursor(first(extension, TAG.sequence)))];
}

function checkBasicConstraints(extension: Extension): void {
  const constraints = cursor(first(extension, TAG.sequence));
  const isCa = constraints.optional(TAG.boolean);
  if (isCa) boolean(isCa);
  const pathLength = constraints.optional(TAG.integer);
  if (pathLength && isNegative(integer(pathLength))) refuse('a path length that is negative');
  if (pathLength) smallInteger(pathLength);
}

const [EMAIL, DNS, URI, IP] = [1, 2, 6, 7].map((number) => contextTag(number, 'primitive'));
const IP_BYTES = [4, 16];

/** Of a URI no more than its characters: there is none in certificates of Linkerd. */
function checkName({ tag, content }: Der): void {
  const isText = tag === EMAIL || tag === DNS || tag === URI;
  if (isText && !isAscii(content)) refuse('an alternative name that is not ASCII');
  if (tag === IP && !IP_BYTES.includes(content.length)) refuse('an alternative name that is no IP address');
}

function checkNameConstraints({ value }: Extension): void {
  const constraints = cursor(readDer(value, TAG.sequence));
  const trees = [0, 1].map((number) => constraints.optional(contextTag(number, 'constructed')));
  if (constraints.peek() !== undefined) refuse('name constraints that are none');
  if (trees.every((tree) => (tree?.content.length ?? 0) === 0)) refuse('empty name constraints');
  for (const tree of trees) for (const base of tree ? partsOf(tree) : []) checkBase(expect(base, TAG.sequence));
}

function checkBase(tree: Der): void {
  const { tag, content } = cursor(tree).next();
  if (!(BASES.get(tag)?.(content) ?? true)) refuse('a name constraint that is none');
}

/** An address and a mask whose ones come first. */
function isNetwork(value: Buffer): boolean {
  if (value.length !== 8 && value.length !== 32) return false;
  const mask = [...value.subarray(value.length / 2)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(mask);
}

const BASES: ReadonlyMap<number | undefined, (base: Buffer) => boolean> = new Map([
  [DNS, isAsciiDomain],
  [URI, isAsciiDomain],
  [EMAIL, (base: Buffer) => (base.includes('@') ? isAscii(base) : isAsciiDomain(base))],
  [IP, isNetwork],
]);

function isAsciiDomain(base: Buffer): boolean {
  return isAscii(base) && isDomain(base);
}
