import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import pMap from 'p-map';
import type { Sandbox } from '../../sandbox/kit/index.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import { ADMIN_PORT, ANCHORS_VARIABLE, CONTROL_PLANE_NS_LABEL, IDENTITY_VARIABLE } from '../../src/linkerd/names.js';
import { toPkcs8Pem } from '../../src/pki/key.js';
import { createMesh, leafOf } from '../hostile/certificates.js';
import { eventually } from '../integration/support.js';

const NAMESPACES = 250;
const PODS_EACH = 40;
/** Pods that the mesh of a test has beside its own. */
export const PODS = NAMESPACES * PODS_EACH;
/** Of so many connections one is answered: the others are accepted, and nothing more. */
const ANSWERED = 8;

/** Where all proxies are, and how often one of them was asked. */
export interface SlowProxies {
  address: string;
  /** PEM of the root that they trust. */
  anchors: string;
  asked(): number;
  stop(): void;
}

/** Proxies at one address, of which most never answer: a look at ten thousand of them lasts for minutes. */
export async function startSlowProxies(address: string): Promise<SlowProxies> {
  const mesh = createMesh();
  const leaf = leafOf(mesh);
  const context = tls.createSecureContext({
    key: toPkcs8Pem(leaf.privateKey),
    cert: leaf.certificate.pem + mesh.issuer.certificate.pem,
  });
  const open = new Set<net.Socket>();
  let asked = 0;
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
    asked += 1;
    if (asked % ANSWERED === 0)
      new tls.TLSSocket(socket, { isServer: true, secureContext: context }).on('error', () => undefined);
  });
  server.listen(ADMIN_PORT, address);
  await once(server, 'listening');
  return {
    address,
    anchors: mesh.root.certificate.pem,
    asked: () => asked,
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Creates ten thousand meshed pods, as their list shows them: no scheduler, kubelet or webhook has anything to do with them. */
export async function createPods(sandbox: Sandbox, { address, anchors }: SlowProxies): Promise<void> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 5000, timeoutMs: 120_000 });
  const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `many-${index}`);
  const labels = { 'config.linkerd.io/admission-webhooks': 'disabled' };
  await pMap(
    namespaces,
    async (name) => {
      await k8s.core.createNamespace({ body: { metadata: { name, labels } } });
      await eventually(`the ServiceAccount of ${name}`, async () => {
        return await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace: name });
      });
    },
    { concurrency: 16 },
  );
  const pods = namespaces.flatMap((namespace) =>
    Array.from({ length: PODS_EACH }, (_, index) => ({ namespace, name: `web-${index}` })),
  );
  const status = statusOf(address);
  await pMap(
    pods,
    async ({ namespace, name }) => {
      await k8s.core.createNamespacedPod({ namespace, body: podOf(namespace, name, anchors) });
      const body = [{ op: 'replace', path: '/status', value: status }];
      await k8s.core.patchNamespacedPodStatus({ namespace, name, body });
    },
    { concurrency: 32 },
  );
}

function podOf(namespace: string, name: string, anchors: string) {
  const identity = `default.${namespace}.serviceaccount.identity.linkerd.cluster.local`;
  const env = [
    { name: IDENTITY_VARIABLE, value: identity },
    { name: ANCHORS_VARIABLE, value: anchors },
  ];
  return {
    metadata: { name, labels: { [CONTROL_PLANE_NS_LABEL]: 'linkerd' } },
    spec: {
      schedulerName: 'nobody',
      automountServiceAccountToken: false,
      containers: [
        { name: 'linkerd-proxy', image: 'proxy', env },
        { name: 'web', image: 'web' },
      ],
    },
  };
}

function statusOf(podIP: string): object {
  const startedAt = new Date().toISOString();
  const containerStatuses = ['linkerd-proxy', 'web'].map((name) => ({
    ...{ name, image: name, imageID: name, ready: true, restartCount: 0, started: true },
    state: { running: { startedAt } },
  }));
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    ...{ type, status: 'True', lastTransitionTime: startedAt },
  }));
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: startedAt, conditions, containerStatuses };
}
