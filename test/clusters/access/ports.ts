import net from 'node:net';
import { expect } from 'vitest';
import { openAdminStream } from '../../../src/linkerd/proxies/reach.js';
import { eventually, k8s, mesh } from '../../integration/support.js';
import type { Row } from '../row.js';
import { seen } from './looks.js';

export const ports: readonly Row[] = [
  {
    report: 15,
    have: 'proxies with `config.linkerd.io/admin-port`',
    does: 'asks each at the port that its own pod has, at its address and by port-forward',
    made: 'API server: a workload whose injected proxies listen at 4999 alone',
    see: async () => {
      const namespace = 'other-port';
      await k8s.core.createNamespace({
        body: { metadata: { name: namespace, annotations: { 'linkerd.io/inject': 'enabled' } } },
      });
      try {
        const labels = { app: 'web' };
        const annotations = { 'config.linkerd.io/admin-port': '4999' };
        const template = {
          metadata: { labels, annotations },
          spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] },
        };
        const spec = { replicas: 2, selector: { matchLabels: labels }, template };
        await k8s.apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec } });
        await eventually(
          'its proxies',
          async () =>
            (await mesh.status()).proxies.filter((one) => one.namespace === namespace && one.ready).length === 2,
        );
        const [pod] = (await k8s.core.listNamespacedPod({ namespace })).items;
        await expect(connects(pod?.status?.podIP ?? '', 4191)).rejects.toThrow('ECONNREFUSED');
        await connects(pod?.status?.podIP ?? '', 4999);
        const near = await seen({});
        await seen({}, ['--reach', 'port-forward']);
        return `${near}; all proxies read, 2 of them at 4999`;
      } finally {
        await k8s.core.deleteNamespace({ name: namespace });
        await eventually(
          'its end',
          async () => !(await mesh.status()).proxies.some((one) => one.namespace === namespace),
        );
      }
    },
  },
  {
    report: 'sibling of 15',
    have: 'pods of IPv6, or of both families whose proxy listens at one',
    does: 'tries each address of the pod in turn',
    made: 'process: a listener at `::1` alone, for a pod with `127.0.0.1` and `::1` (the sandbox has no IPv6 pods)',
    see: async () => {
      const server = net.createServer((socket) => socket.end());
      await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
      try {
        const adminPort = (server.address() as net.AddressInfo).port;
        const pod = { namespace: 'shop', name: 'web', address: '127.0.0.1', otherAddresses: ['::1'], adminPort };
        const stream = await openAdminStream(k8s, 'address', pod as unknown as Parameters<typeof openAdminStream>[2], {
          timeoutMs: 2000,
        });
        const { remoteAddress } = stream as net.Socket;
        stream.destroy();
        expect(remoteAddress).toBe('::1');
        return `reached at ${remoteAddress}`;
      } finally {
        server.close();
      }
    },
  },
];

async function connects(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = net.connect(port, host, () => resolve(void socket.destroy()));
    socket.once('error', reject);
  });
}
