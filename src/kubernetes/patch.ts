import { FAILED_TEST, isKubernetesError } from './errors.js';

/** One operation of RFC 6902, as the API server takes it. */
export type PatchOperation =
  { op: 'test' | 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string };

/** A path of RFC 6901 from its parts: `~` and `/` in a part are escaped. */
export function pointer(...parts: (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The precondition of a write: the object is still the one that was read. */
export function unchanged(metadata: { resourceVersion?: string } | undefined): PatchOperation {
  return { op: 'test', path: '/metadata/resourceVersion', value: metadata?.resourceVersion };
}

/**
 * Whether a write failed because its precondition no longer held (of a creation: that there is none): read again, decide
 * again.
 */
export function isLostRace(error: unknown): boolean {
  return (
    isKubernetesError(error, 'Conflict', 'AlreadyExists') ||
    (isKubernetesError(error, 'Invalid') && FAILED_TEST.test(error.message))
  );
}

const ATTEMPTS = 8;

/**
 * Reads, decides and writes; when somebody else wrote in between, does so again from the start.
 * `attempt` returns its result, or throws the lost race of its own write.
 */
export async function withFreshRead<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= ATTEMPTS || !isLostRace(error)) throw error;
    }
  }
}
