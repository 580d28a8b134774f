import type { Certificate } from '../pki/certificate.js';
import type { CensusRoots } from '../rotation/census.js';
import type { GenerateResult } from '../rotation/payloads.js';

/** The roots that proxies are told apart by, and those of their certificates that are known. */
export interface LookRoots {
  census: CensusRoots;
  certificates: Certificate[];
  /** Fingerprints of those whose certificate is not known: nobody can tell who presents a chain under them. */
  missing: string[];
}

/**
 * Those of the rotation, once it has them; otherwise those that the issuer is under.
 * @param known by fingerprint
 */
export function lookRoots(
  roots: Pick<GenerateResult, 'root' | 'retire'> | undefined,
  inUse: readonly Certificate[],
  known: ReadonlyMap<string, Certificate>,
): LookRoots {
  const census = roots ? rootsOfRotation(roots) : { old: inUse.map(({ fingerprint }) => fingerprint) };
  const wanted = [...census.old, ...(census.new === undefined ? [] : [census.new])];
  return {
    census,
    certificates: wanted.flatMap((fingerprint) => known.get(fingerprint) ?? []),
    missing: wanted.filter((fingerprint) => !known.has(fingerprint)),
  };
}

/** A rotation of the issuer alone has one root, which stays. */
function rootsOfRotation({ root, retire }: Pick<GenerateResult, 'root' | 'retire'>): CensusRoots {
  if (retire.length === 0) return { old: [root.fingerprint] };
  return { old: retire.map(({ fingerprint }) => fingerprint), new: root.fingerprint };
}
