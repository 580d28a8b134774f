import { workloadName } from '../../src/ground/mesh.js';
import { isWaived, withoutControlPlane } from '../../src/rotation/findings.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';
import type { Dependencies } from './dependencies.js';
import { proxyCache } from './proxy-cache.js';
import type { PhaseContext } from './stored-rotation.js';

/** Proxies that fell short are looked at again after this long at the soonest: until replaced they rarely change. */
const LOOK_AGAIN_MS = 10_000;

/** What proxies showed during a rollout, which goes on without waived workloads, but for those of the control plane. */
export function rolloutCache(
  dependencies: Dependencies,
  phase: PhaseContext,
  { waivers, linkerdNamespace }: Pick<PhaseInput, 'waivers' | 'linkerdNamespace'>,
) {
  const counted = withoutControlPlane(waivers, linkerdNamespace);
  return proxyCache(dependencies, phase, {
    isDue: ({ at }, now) => now - at > LOOK_AGAIN_MS,
    isWaived: ({ workload }) => isWaived({ kind: 'workload', name: workloadName(workload) }, counted),
  });
}
