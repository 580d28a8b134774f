import type { Certificate } from '../pki/certificate.js';
import type { CensusRoots } from '../rotation/census.js';
import type { GenerateResult } from '../rotation/payloads.js';

/** The roots that proxies are told apart by, and those of their certificates that are known. */
export interface LookRoots {
  census: CensusRoots;
  /** Those that the timeline is about: of the rotation under way, or of the one that has just ended. */
  timeline: CensusRoots;
  certificates: Certificate[];
  /** Fingerprints of those whose certificate is not known: nobody can tell who presents a chain under them. */
  missing: string[];
}

type Roots = Pick<GenerateResult, 'root' | 'retire'>;

/**
 * Those of the rotation, once it has them; otherwise those that the issuer is under.
 * @param rotation its roots; `isOver`: of one that has just ended
 * @param known by fingerprint
 */
export function lookRoots(
  rotation: { roots: Roots | undefined; isOver: boolean } | undefined,
  inUse: readonly Certificate[],
  known: ReadonlyMap<string, Certificate>,
): LookRoots {
  const ofRotation = rotation?.roots && rootsOfRotation(rotation.roots);
  const ofStores = { old: inUse.map(({ fingerprint }) => fingerprint) };
  const census = rotation?.isOver ? ofStores : (ofRotation ?? ofStores);
  const timeline = ofRotation ?? census;
  const wanted = [...new Set([...namesOf(census), ...namesOf(timeline)])];
  return {
    census,
    timeline,
    certificates: wanted.flatMap((fingerprint) => known.get(fingerprint) ?? []),
    missing: namesOf(census).filter((fingerprint) => !known.has(fingerprint)),
  };
}

function namesOf({ old, new: made }: CensusRoots): string[] {
  return [...old, ...(made === undefined ? [] : [made])];
}

/** A rotation of the issuer alone has one root, which stays. */
function rootsOfRotation({ root, retire }: Roots): CensusRoots {
  if (retire.length === 0) return { old: [root.fingerprint] };
  return { old: retire.map(({ fingerprint }) => fingerprint), new: root.fingerprint };
}
