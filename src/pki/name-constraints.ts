import { contextTag, type Der, expect, partsOf, TAG } from './der.js';

/** Which names a CA may sign (RFC 5280 section 4.2.1.10), as far as proxies have such names. */
export interface NameConstraints {
  /** DNS names; absent: any is permitted. */
  permitted?: string[];
  excluded: string[];
  /** It has rules for directory names: webpki refuses every certificate below such a CA. */
  directory: boolean;
}

const DNS_NAME = contextTag(2, 'primitive');
const DIRECTORY_NAME = contextTag(4, 'constructed');

/** @throws CertificateError */
export function readNameConstraints(constraints: Der): NameConstraints {
  const parts = partsOf(constraints);
  const permitted = basesOf(parts, 0);
  const excluded = basesOf(parts, 1);
  const names = dnsNames(permitted);
  return {
    ...(names.length > 0 ? { permitted: names } : {}),
    excluded: dnsNames(excluded),
    directory: [...permitted, ...excluded].some(({ tag }) => tag === DIRECTORY_NAME),
  };
}

/** Whether certificates with these DNS names may stand below the CA. */
export function permits({ permitted, excluded, directory }: NameConstraints, names: readonly string[]): boolean {
  if (directory) return false;
  const isIn = (name: string, bases: readonly string[]) => bases.some((base) => isBelow(name, base));
  return names.every((name) => (permitted === undefined || isIn(name, permitted)) && !isIn(name, excluded));
}

function basesOf(parts: readonly Der[], number: number): Der[] {
  const trees = parts.find(({ tag }) => tag === contextTag(number, 'constructed'));
  return (trees ? partsOf(trees) : []).flatMap((tree) => partsOf(expect(tree, TAG.sequence)).slice(0, 1));
}

function dnsNames(bases: readonly Der[]): string[] {
  return bases.filter(({ tag }) => tag === DNS_NAME).map(({ content }) => content.toString('latin1').toLowerCase());
}

/** The name itself, or one below it; a base that begins with a dot means those below it alone. */
function isBelow(name: string, base: string): boolean {
  const lower = name.toLowerCase();
  if (base === '' || lower === base) return true;
  return lower.endsWith(base.startsWith('.') ? base : `.${base}`);
}
