import type { Fingerprint } from '../ground/mesh.js';
import { type Certificate, fingerprintOf, parseLeaf } from '../pki/certificate.js';
import { type Check, check, counted } from './checks.js';
import { short } from './judge.js';
import { type EvidenceLine, referencesOf } from './lines.js';

/** The certificates of some evidence. */
export interface Found {
  check: Check;
  /** Undefined: it is not there, or is none that a chain could be made of. */
  parsed(fingerprint: Fingerprint): Certificate | undefined;
}

/** Each is there once, is what its fingerprint says, and is referred to by a later line; and each that is referred to is there. */
export function certificatesOf(evidence: readonly EvidenceLine[]): Found {
  const ders = new Map<Fingerprint, Buffer>();
  const problems: string[] = [];
  for (const line of evidence) {
    if (line.kind !== 'certificate') continue;
    const der = Buffer.from(line.der, 'base64');
    if (ders.has(line.fingerprint)) problems.push(`certificate ${short(line.fingerprint)} is there twice`);
    if (fingerprintOf(der) !== line.fingerprint || der.toString('base64') !== line.der)
      problems.push(`certificate ${short(line.fingerprint)} is not what its fingerprint says`);
    ders.set(line.fingerprint, der);
  }
  const wanted = new Set(evidence.flatMap(referencesOf));
  for (const fingerprint of wanted)
    if (!ders.has(fingerprint)) problems.push(`certificate ${short(fingerprint)} is not there`);
  for (const fingerprint of ders.keys())
    if (!wanted.has(fingerprint)) problems.push(`certificate ${short(fingerprint)} is nobody's`);
  const what = `${counted(ders.size, 'certificate')}, each there once and as its fingerprint says`;
  return { check: check('Certificates', what, problems), parsed: parser(ders) };
}

function parser(ders: ReadonlyMap<Fingerprint, Buffer>): Found['parsed'] {
  const parsed = new Map<Fingerprint, Certificate | undefined>();
  return (fingerprint) => {
    if (!parsed.has(fingerprint)) parsed.set(fingerprint, parse(ders.get(fingerprint)));
    return parsed.get(fingerprint);
  };
}

function parse(der: Buffer | undefined): Certificate | undefined {
  if (!der) return undefined;
  try {
    return parseLeaf(der);
  } catch {
    return undefined;
  }
}

/** `root 9f8e40df12ab (root.linkerd.cluster.local)`. */
export function rootNamed(fingerprint: Fingerprint, { parsed }: Found): string {
  const name = parsed(fingerprint)?.commonName;
  return `root ${short(fingerprint)}${name ? ` (${name})` : ''}`;
}
