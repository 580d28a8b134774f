import type { Certificate } from '../pki/certificate.js';

/** What the cluster shows in place of what somebody was asked to write, in plain words: pure. */

type Named = Pick<Certificate, 'fingerprint' | 'commonName'>;

/** One copy of the bundle, as found and as asked for. */
export interface BundlePlace {
  /** `ConfigMap linkerd-identity-trust-roots ca-bundle.crt`. */
  name: string;
  found: readonly Named[];
  wanted: readonly Named[];
  /** Why identity could not read what was found. */
  unreadable?: string | undefined;
}

/** Fingerprints of the roots that are on their way out, and whether they had gone already. */
export interface Leaving {
  retired: readonly string[];
  past: boolean;
}

/** Nothing: every copy is as asked for. Half of it is said as that: which copy has it, and which has not. */
export function bundleDifference(places: readonly BundlePlace[], leaving: Leaving): string[] {
  const lines = places.map((place) => ({ place, differs: placeDifference(place, leaving) }));
  if (lines.every(({ differs }) => differs.length === 0)) return [];
  return lines.flatMap(({ place, differs }) =>
    differs.length === 0 ? [`${place.name} is as asked for: the other copies are not yet`] : differs,
  );
}

function placeDifference({ name, found, wanted, unreadable }: BundlePlace, { retired, past }: Leaving): string[] {
  const missing = without(wanted, found).map((root) => `${name} lacks root ${nameOf(root)}`);
  const extra = without(found, wanted).map((root) => {
    if (!retired.includes(root.fingerprint))
      return `${name} has root ${nameOf(root)}, which was not asked for: take it out, or \`retry\` if it is to stay`;
    return past ? `${name} has the old root ${nameOf(root)} again` : `${name} still has the old root ${nameOf(root)}`;
  });
  const broken =
    unreadable === undefined ? [] : [`${name} cannot be read by identity at its next start: ${unreadable}`];
  return [...missing, ...extra, ...broken];
}

/** What the issuer Secret holds, and what it has to hold: the issuer first, then what identity hands out with it. */
export interface IssuerPlace {
  /** `Secret linkerd-identity-issuer tls.crt`. */
  name: string;
  found: readonly Named[];
  wanted: readonly Named[];
  /** Its private key is that of the certificate that was found first. */
  keyFits: boolean;
  /** Key of the Secret that has the private key. */
  keyName: string;
}

export function issuerDifference({ name, found, wanted, keyFits, keyName }: IssuerPlace): string[] {
  const missing = without(wanted, found);
  const extra = without(found, wanted);
  const lines = [
    ...missing.map((one) => `${name} lacks certificate ${nameOf(one)}`),
    ...extra.map((one) => `${name} has certificate ${nameOf(one)}, which was not asked for`),
  ];
  const [first] = found;
  const [wantedFirst] = wanted;
  if (lines.length === 0 && !isSameOrder(found, wanted)) {
    lines.push(
      `${name} has the right certificates in another order: ${nameOf(wantedFirst)} has to be the first, not ${nameOf(first)}`,
    );
  }
  if (!keyFits)
    lines.push(`${keyName} is not the key of ${nameOf(first)}: certificate and key go together, in one write`);
  return lines;
}

function isSameOrder(found: readonly Named[], wanted: readonly Named[]): boolean {
  return (
    found.length === wanted.length && found.every(({ fingerprint }, at) => fingerprint === wanted[at]?.fingerprint)
  );
}

function without(some: readonly Named[], others: readonly Named[]): Named[] {
  return some.filter(({ fingerprint }) => !others.some((other) => other.fingerprint === fingerprint));
}

function nameOf(certificate: Named | undefined): string {
  return certificate ? `${certificate.fingerprint.slice(0, 12)} (${certificate.commonName})` : 'none';
}
