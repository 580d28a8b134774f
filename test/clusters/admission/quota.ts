import type { V1LimitRangeItem } from '@kubernetes/client-node';
import { eventually, k8s } from '../../integration/support.js';
import { OWN, plainPodSays } from './judges.js';

const NAME = 'quota-of-a-test';

/** While reroot's own namespace has a quota, and perhaps defaults for limits. */
export async function quota<T>(
  hard: Record<string, string>,
  run: () => Promise<T>,
  defaults?: Pick<V1LimitRangeItem, '_default' | 'defaultRequest'>,
): Promise<T> {
  const namespace = OWN;
  await k8s.core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: NAME }, spec: { hard } } });
  try {
    await eventually('the quota to be counted', async () => {
      const { status } = await k8s.core.readNamespacedResourceQuota({ namespace, name: NAME });
      return status?.used !== undefined;
    });
    await plainPodSays('must specify');
    if (defaults) {
      const limits = [{ type: 'Container', ...defaults }];
      await k8s.core.createNamespacedLimitRange({ namespace, body: { metadata: { name: NAME }, spec: { limits } } });
      await plainPodSays('');
    }
    return await run();
  } finally {
    if (defaults) await k8s.core.deleteNamespacedLimitRange({ namespace, name: NAME });
    await k8s.core.deleteNamespacedResourceQuota({ namespace, name: NAME });
    await plainPodSays('');
  }
}
