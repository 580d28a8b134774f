import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubernetes } from '../../src/kubernetes/client.js';

const NAMESPACE = 'shop';
const POD_MS = 1000;
const JOB_EVERY = 4;

/** What people do to a mesh all day: a pod a second goes, Jobs come and end, a CronJob runs every minute. */
export function keepBusy(k8s: Kubernetes): { stop(): Promise<void> } {
  const over = new AbortController();
  const run = (async () => {
    await createCronJob(k8s);
    for (let tick = 0; !over.signal.aborted; tick += 1) {
      await deleteOnePod(k8s, tick).catch(() => undefined);
      if (tick % JOB_EVERY === 0) await createJob(k8s, `load-${tick}`).catch(() => undefined);
      await sleep(POD_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
    await k8s.batch.deleteNamespacedCronJob({ namespace: NAMESPACE, name: 'every-minute' });
  })();
  return {
    stop: async () => {
      over.abort();
      await run;
    },
  };
}

/** One of a Deployment with several pods, so that somebody always serves. */
async function deleteOnePod(k8s: Kubernetes, tick: number): Promise<void> {
  const { items } = await k8s.core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: 'app=web' });
  const alive = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const name = alive[tick % alive.length]?.metadata?.name;
  if (name) await k8s.core.deleteNamespacedPod({ namespace: NAMESPACE, name });
}

const pod = {
  metadata: { annotations: { 'linkerd.io/inject': 'enabled' } },
  spec: { containers: [{ name: 'app', image: 'example.invalid/app' }], restartPolicy: 'Never' },
};

async function createJob(k8s: Kubernetes, name: string): Promise<void> {
  await k8s.batch.createNamespacedJob({
    namespace: NAMESPACE,
    body: { metadata: { name }, spec: { ttlSecondsAfterFinished: 0, template: pod } },
  });
}

async function createCronJob(k8s: Kubernetes): Promise<void> {
  await k8s.batch.createNamespacedCronJob({
    namespace: NAMESPACE,
    body: {
      metadata: { name: 'every-minute' },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template: pod } } },
    },
  });
}
