import type { Course, Row } from './course.js';

/**
 * What of the start has expired.
 * - `root`: proxies ignore the expiry of anchors and still talk to each other; a bridge gives identity an issuer that it
 *   accepts, and breaks nothing.
 * - `issuer`: every leaf ended with it; nothing is left to be gentle with.
 */
export type Recovery = 'root' | 'issuer';

/** The strategy that an expired certificate leaves. */
export const RECOVERY_STRATEGY: Record<Recovery, string> = { root: 'bridge', issuer: 'standard' };

/**
 * Under an expired root or issuer identity signs nothing, and dies when it is started: before anything is rolled it gets an
 * issuer that it accepts, and is restarted. Under an expired root, what it verifies has to be the certificate under the
 * target, so that one stands first in the Secret from the start.
 */
export function afterExpiry(course: Course, recovery: Recovery): Course {
  const firstSwap = course.rows.find(({ writes }) => writes.includes('swapIssuer'))?.phase;
  const rows = course.rows.map((row): Row => {
    const ordered: Row = recovery === 'root' && row.issuer === 'bridge' ? { ...row, issuer: 'crossover' } : row;
    return row.phase === 'trust' && firstSwap ? { ...ordered, identityFirst: firstSwap } : ordered;
  });
  return { ...course, rows };
}
