import { expect, it } from 'vitest';
import { createIssuer, createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import { startSandbox } from '../../sandbox/sandbox.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { eventually } from './support.js';

const DAY_MS = 86_400_000;

/** The order of Linkerd's first manual procedure (linkerd2#4287): prune right after the issuer's event. */
it("shows refusals when the seed's order is followed: the probe mesh can fail", async () => {
  const sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 200, probeRate: 200 });
  try {
    const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 500 });
    const root = createRoot({ commonName: 'identity.linkerd.cluster.local', validForMs: 365 * DAY_MS });
    const issuer = createIssuer({
      root: root.certificate,
      rootKey: root.privateKey,
      commonName: 'identity.linkerd.cluster.local',
      validForMs: 200 * DAY_MS,
    });
    const old = await bundle(k8s);
    const newest = root.certificate.pem.trim();
    const settled = async (anchors: number) =>
      await eventually('the rollout', async () => {
        const { proxies } = await sandbox.mesh.status();
        return proxies.length === 11 && proxies.every((proxy) => proxy.ready && proxy.anchors.length === anchors);
      });

    await setBundle(k8s, `${old}\n${newest}`);
    await restart(k8s, 'linkerd', 1);
    await eventually('identity', async () =>
      (await sandbox.mesh.status()).identity.every(({ anchors }) => anchors.length === 2),
    );
    await restartData(k8s, 1);
    await settled(2);
    const encode = (text: string) => Buffer.from(text).toString('base64');
    await k8s.core.patchNamespacedSecret({
      name: 'linkerd-identity-issuer',
      namespace: 'linkerd',
      body: [
        { op: 'replace', path: '/data/crt.pem', value: encode(issuer.certificate.pem) },
        { op: 'replace', path: '/data/key.pem', value: encode(toSec1Pem(issuer.privateKey)) },
      ],
    });
    await eventually('IssuerUpdated', async () => {
      const { items } = await k8s.core.listNamespacedEvent({
        namespace: 'linkerd',
        fieldSelector: 'reason=IssuerUpdated',
      });
      return items.length > 0;
    });
    expect((await sandbox.mesh.probe()).refused).toBe(0);
    await setBundle(k8s, newest);
    await restart(k8s, 'linkerd', 2);
    await eventually('refused handshakes', async () => (await sandbox.mesh.probe()).refused > 0);
  } finally {
    await sandbox.stop();
  }
});

async function bundle(k8s: Kubernetes): Promise<string> {
  const { data } = await k8s.core.readNamespacedConfigMap({
    name: 'linkerd-identity-trust-roots',
    namespace: 'linkerd',
  });
  return data?.['ca-bundle.crt']?.trim() ?? '';
}

async function setBundle(k8s: Kubernetes, value: string): Promise<void> {
  await k8s.core.patchNamespacedConfigMap({
    name: 'linkerd-identity-trust-roots',
    namespace: 'linkerd',
    body: [{ op: 'replace', path: '/data/ca-bundle.crt', value }],
  });
}

async function restart(k8s: Kubernetes, namespace: string, round: number): Promise<void> {
  const { items } = await k8s.apps.listNamespacedDeployment({ namespace });
  for (const { metadata, spec } of items) {
    const annotations = { ...spec?.template.metadata?.annotations, restarted: `${round}` };
    const body = [{ op: 'add', path: '/spec/template/metadata/annotations', value: annotations }];
    await k8s.apps.patchNamespacedDeployment({ name: metadata?.name ?? '', namespace, body });
  }
}

async function restartData(k8s: Kubernetes, round: number): Promise<void> {
  await restart(k8s, 'shop', round);
  await restart(k8s, 'payments', round);
  await k8s.apps.patchNamespacedStatefulSet({
    name: 'sessions',
    namespace: 'shop',
    body: [{ op: 'add', path: '/spec/template/metadata/annotations', value: { restarted: `${round}` } }],
  });
}
