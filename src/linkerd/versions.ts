/**
 * What differs between Linkerd versions beside the layout, as data. Source: docs/development/linkerd.md, "What differs by
 * version", which names the changes of linkerd2.
 */
export interface VersionRules {
  /** The identity process wants the issuer to be valid for the name identity.<namespace>.<trust domain> (to 2.9.0). */
  issuerNameChecked: boolean;
  /** `linkerd check` and the proxies take RSA roots (from 2.12.0). */
  rsaRoots: boolean;
  /** Proxies tell their environment at /env.json (from 2.12.0). */
  environmentServed: boolean;
}

/** What a rotation can be of, in words (docs/compatibility.md). */
export const SUPPORTED_LINKERD = '2.7 and newer';

interface Threshold {
  /** First stable release and first edge release with the new behaviour. */
  stable: readonly [number, number, number];
  edge: readonly [number, number, number];
}

const SINCE = {
  issuerNameUnchecked: { stable: [2, 9, 1], edge: [20, 12, 1] },
  rsaRoots: { stable: [2, 12, 0], edge: [22, 8, 2] },
  environmentServed: { stable: [2, 12, 0], edge: [22, 8, 2] },
} as const satisfies Record<string, Threshold>;

/** A version that cannot be read (a private build) gets the stricter answer of each rule. */
export function rulesOf(version: string): VersionRules {
  return {
    issuerNameChecked: !isSince(version, SINCE.issuerNameUnchecked),
    rsaRoots: isSince(version, SINCE.rsaRoots),
    environmentServed: isSince(version, SINCE.environmentServed),
  };
}

function isSince(version: string, { stable, edge }: Threshold): boolean {
  const parsed = /^(?:(\w+)-)?v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (!parsed) return false;
  const numbers = [Number(parsed[2]), Number(parsed[3]), Number(parsed[4] ?? 0)];
  const since = parsed[1] === 'edge' ? edge : stable;
  const different = since.findIndex((number, index) => number !== numbers[index]);
  return different === -1 || (numbers[different] ?? 0) > (since[different] ?? 0);
}
