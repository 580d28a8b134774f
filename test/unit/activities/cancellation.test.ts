import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import type { Dependencies } from '../../../activities/kit/dependencies.js';
import { createActivities } from '../../../activities/index.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';

/** What the step was given, and its attempt is over when the test says so. */
const given = vi.hoisted(() => ({ signals: [] as (AbortSignal | undefined)[], end: (): void => undefined }));
vi.mock('../../../activities/make-plan.js', () => ({
  makePlan: async ({ prober }: Dependencies) => {
    given.signals.push(prober.signal);
    await new Promise<void>((resolve) => (given.end = resolve));
  },
}));

it('an attempt that is over looks at no more proxies: what probes them hears of it', async () => {
  const k8s = { core: { readNamespace: async () => await Promise.resolve({ metadata: { uid: 'here' } }) } };
  const { makePlan } = createActivities({
    k8s: k8s as unknown as Kubernetes,
    prober: { reach: 'address', concurrency: 1, timeoutMs: 1 },
    temporalAddress: '',
  });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const attempt = environment.run(makePlan as (input: unknown) => Promise<unknown>, { clusterUid: 'here' });
  await vi.waitFor(() => expect(given.signals).toHaveLength(1));
  expect(given.signals[0]?.aborted).toBe(false);
  environment.cancel();
  expect(given.signals[0]?.aborted).toBe(true);
  given.end();
  await expect(attempt).rejects.toBeInstanceOf(CancelledFailure); // what it has seen is no more than a part
});
