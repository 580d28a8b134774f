import { MockActivityEnvironment } from '@temporalio/testing';
import { CancelledFailure } from '@temporalio/activity';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import type { Dependencies } from '../../../activities/kit/dependencies.js';
import { scanGate } from '../../../activities/kit/gate-scan.js';
import { createActivities } from '../../../activities/index.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import type { MeshedPod } from '../../../src/linkerd/proxies/pods.js';
import { GATES } from '../../../src/rotation/gates.js';
import { eventually } from '../support.js';
import { target } from '../rotation/support.js';
import { hungProxies } from '../hung-proxies.js';

const ADDRESS = '127.99.0.5';
const hung = vi.hoisted(() => ({
  pods: [] as unknown[],
  scan: {} as { gate?(dependencies: unknown): Promise<unknown> },
}));
vi.mock('../../../src/linkerd/proxies/list-pods.js', () => ({
  listMeshedPods: async () => await Promise.resolve(hung.pods),
}));
vi.mock('../../../activities/check-gate.js', () => ({
  checkGate: async (dependencies: unknown) => await hung.scan.gate?.(dependencies),
}));

const hanging = hungProxies(ADDRESS);

it('a gate over hundreds of proxies that hang ends within a second of its cancellation, and asks no others', async () => {
  hung.pods = Array.from({ length: 400 }, (_, index): MeshedPod => ({
    ...{ namespace: `n${index % 20}`, name: `web-${index}`, uid: `u${index}`, address: ADDRESS, identity: 'web' },
    ...{ ready: true, terminating: false, anchorsFromBundle: false },
    workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  }));
  const linkerd = { namespace: 'linkerd', rules: {} };
  const question = { ...GATES.presentsTarget, linkerd, target: target(), roots: [], waivers: [] };
  const row = { phase: 'renew', whose: 'everybody' };
  const settings = { rollout: { stuckAfter: 60_000 }, timing: { poll: 1000 } };
  hung.scan.gate = async (dependencies) =>
    await scanGate(dependencies as Dependencies, { ...question, row } as never, settings as never);
  const { checkGate } = createActivities({
    k8s: {} as Kubernetes,
    prober: { reach: 'address', concurrency: 64, timeoutMs: 60_000 },
    temporalAddress: '',
  });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const gate = environment.run(checkGate as (input: unknown) => Promise<unknown>, {});
  const ended = expect(gate).rejects.toBeInstanceOf(CancelledFailure);
  await eventually(() => hanging.open.size === 64);
  const since = performance.now();
  environment.cancel();
  await ended;
  await eventually(() => hanging.open.size === 0);
  expect(performance.now() - since).toBeLessThan(1000);
  expect(hanging.asked()).toBe(64);
});
