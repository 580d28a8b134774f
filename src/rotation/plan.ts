import type { RotationSettings } from './input.js';
import type { Fingerprint } from './mesh.js';

/** What will be done, in numbers a person can judge; approval is bound to its hash. */
export interface Plan {
  cluster: string;
  linkerdNamespace: string;
  strategy: RotationSettings['strategy'];
  /** Forced rollouts of the data plane. */
  rollouts: number;
  namespaces: { name: string; workloads: number; proxies: number }[];
  proxies: number;
  workloads: number;
  retire: Fingerprint[];
  keep: Fingerprint[];
  /** Absent until it has been generated. */
  target?: Fingerprint;
  hash: string;
}

export const ROLLOUTS: Record<RotationSettings['strategy'], number> = { standard: 3 };

/**
 * Orders namespaces into waves: those asked for first, Linkerd's extensions (their gateways and mirrors serve
 * everybody), all others by name, those asked for last.
 */
export function orderNamespaces(
  namespaces: readonly string[],
  extensions: readonly string[],
  rollout: Pick<RotationSettings['rollout'], 'first' | 'last'>,
): string[] {
  const rank = (name: string): [number, number] => {
    const first = rollout.first.indexOf(name);
    if (first >= 0) return [0, first];
    const last = rollout.last.indexOf(name);
    if (last >= 0) return [3, last];
    return [extensions.includes(name) ? 1 : 2, 0];
  };
  return namespaces.toSorted((a, b) => {
    const [groupA, placeA] = rank(a);
    const [groupB, placeB] = rank(b);
    return groupA - groupB || placeA - placeB || a.localeCompare(b, 'en');
  });
}
