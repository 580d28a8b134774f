import { afterEach, describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { createMetrics } from '../../../src/operate/metrics.js';
import { type OperateOptions, type Operating, startOperating } from '../../../src/operate/start.js';
import type { Overview } from '../../../src/rotation/overview.js';
import { FakeCluster } from '../activities/cluster.js';
import { authority, eventually } from '../support.js';

const { root, issuer } = authority();

describe('whoever looks again and again', () => {
  let operating: Operating | undefined;
  afterEach(async () => await operating?.stop());
  const metrics = createMetrics({ cluster: 'prod', version: '1.0.0' });
  const said: object[] = [];

  function clusterOf(change: Partial<Kubernetes> = {}): Kubernetes {
    const cluster = new FakeCluster();
    cluster.put('ConfigMap/linkerd-identity-trust-roots', { data: { 'ca-bundle.crt': root.certificate.pem } });
    cluster.put('ConfigMap/linkerd-config', { data: { values: '{}' } });
    cluster.put('Secret/linkerd-identity-issuer', {
      data: { 'crt.pem': Buffer.from(issuer.certificate.pem).toString('base64'), 'key.pem': 'AA==' },
    });
    return Object.assign(cluster.k8s, { server: 'https://api' }, change);
  }
  const start = async (k8s: Kubernetes, options: Partial<OperateOptions> = {}): Promise<Operating> => {
    operating = await startOperating({
      ...{ k8s, metrics, cluster: 'prod', version: '1.0.0', address: '127.0.0.1:0', lookIntervalMs: 20 },
      prober: { reach: 'address', concurrency: 4, timeoutMs: 200 },
      log: { warn: (fields) => void said.push(fields) },
      ...options,
    });
    return operating;
  };

  it('is ready when the API server has answered, and whoever runs it is', async () => {
    let [now, why]: [Date | undefined, string | undefined] = [undefined, undefined];
    const k8s = clusterOf({ clock: { now: () => now, noted: () => undefined } });
    const { url } = await start(k8s, { whyNotReady: () => why });
    const ready = async () => await (await fetch(`${url}/readyz`)).text();
    expect(await ready()).toBe('not ready: the API server has not answered yet\n');
    now = new Date();
    expect(await ready()).toBe('ready\n');
    why = 'a worker of Temporal is DRAINING';
    expect(await ready()).toBe('not ready: a worker of Temporal is DRAINING\n');
  });
  it('looks on where nobody can be told, and says why', async () => {
    let told = 0;
    const tell = async (): Promise<void> => {
      told += 1;
      await Promise.reject(new Error('nobody there'));
    };
    await start(clusterOf(), { tell });
    await eventually(() => told > 2);
    expect(said).toContainEqual({ why: 'Error' });
  });
  it('waits for nobody who is slow to be told, and tells them of the newest alone', async () => {
    const told: Overview[] = [];
    let go: (() => void) | undefined;
    const tell = async (overview: Overview): Promise<void> => {
      told.push(overview);
      await new Promise<void>((resolve) => (go = resolve));
    };
    const { overview } = await start(clusterOf(), { tell });
    await eventually(() => overview().mesh !== undefined);
    expect(told).toHaveLength(1);
    go?.();
    await eventually(() => told.length === 2);
    expect(told[1]?.mesh).toBeDefined();
    go?.();
  });
  it('goes on after a look that has failed, with what it had seen before', async () => {
    const k8s = clusterOf();
    const { overview } = await start(k8s);
    await eventually(() => overview().mesh !== undefined);
    const { listPodForAllNamespaces } = k8s.core;
    k8s.core.listPodForAllNamespaces = async () =>
      await Promise.reject(new KubernetesError({ kind: 'Unavailable', request: 'list pods', message: 'no' }));
    // between rotations the next is due after twenty intervals
    await eventually(() => overview().problems.length > 0);
    expect(overview().problems).toEqual(['The mesh cannot be read: list pods: no']);
    expect(overview().mesh).toBeDefined();
    expect((await metrics.exposition()).text).toMatch(/reroot_look_failures_total\{cluster="prod"\} [1-9]/);
    k8s.core.listPodForAllNamespaces = listPodForAllNamespaces;
    await eventually(() => overview().problems.length === 0);
  });
});
