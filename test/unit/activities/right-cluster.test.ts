import { ApplicationFailure } from '@temporalio/activity';
import { expect, it } from 'vitest';
import { createActivities } from '../../../activities/index.js';
import { hello } from '../../../activities/hello.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';

const HERE = '11111111-aaaa';
const ELSEWHERE = '22222222-bbbb';

/** An API server that is asked for nothing but the uid of kube-system; every call is written down. */
function worker() {
  const calls: string[] = [];
  const api = (name: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => async () => {
          calls.push(`${name}.${method}`);
          if (method === 'readNamespace') return await Promise.resolve({ metadata: { uid: HERE } });
          throw new Error('not in this test');
        },
      },
    );
  const k8s: unknown = new Proxy(
    {},
    { get: (_, name: string) => (name === 'server' ? 'https://one:6443' : api(name)) },
  );
  const activities = createActivities({
    k8s: k8s as Kubernetes,
    prober: { reach: 'address', concurrency: 1, timeoutMs: 1 },
    temporalAddress: '',
  });
  return { activities, calls };
}

type Steps = Record<string, (input: object) => Promise<unknown>>;
const NAMES = Object.keys(worker().activities).filter((name) => name !== 'hello');

it.each(NAMES)('%s does nothing in another cluster than its rotation is of', async (name) => {
  const { activities, calls } = worker();
  const step = (activities as unknown as Steps)[name];
  const failure: unknown = await step?.({ clusterUid: ELSEWHERE, settings: { cluster: 'prod' } }).catch(
    (error: unknown) => error,
  );
  expect(calls).toEqual(['core.readNamespace']);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  const { type, nonRetryable, message } = failure as ApplicationFailure;
  expect({ type, nonRetryable: nonRetryable ?? false }).toEqual({ type: 'WrongCluster', nonRetryable: false });
  for (const said of ['https://one:6443', '11111111', '22222222', 'cluster prod', '--cluster'])
    expect(message).toContain(said);
});

it.each([
  ['of this cluster', { clusterUid: HERE }],
  ['that know no cluster yet', {}],
])('steps %s are carried out', async (_which, ofCluster) => {
  const { activities, calls } = worker();
  await expect(activities.releaseLease({ ...ofCluster, firstRunId: 'r' })).rejects.toThrow('not in this test');
  expect(calls.filter((call) => call !== 'core.readNamespace').length).toBeGreaterThan(0);
});

it('hello says which cluster its worker is of, and answers also where that cannot be read', async () => {
  const api = (readNamespace: () => Promise<object>) =>
    ({ server: 'https://one:6443', core: { readNamespace } }) as unknown as Kubernetes;
  const forbidden = new KubernetesError({ kind: 'Forbidden', request: 'readNamespace kube-system', message: 'no' });
  expect(await hello({ k8s: api(async () => await Promise.resolve({ metadata: { uid: HERE } })) })).toEqual({
    apiServer: 'https://one:6443',
    clusterUid: HERE,
  });
  expect(await hello({ k8s: api(async () => await Promise.reject(forbidden)) })).toEqual({
    apiServer: 'https://one:6443',
  });
});
