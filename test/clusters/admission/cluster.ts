import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { V1ContainerStatus, V1PodSpec } from '@kubernetes/client-node';
import { manualTemplates } from '../../integration/manual-workloads.js';
import { eventually, k8s, mesh, sandbox } from '../../integration/support.js';
import { preflight, type PreflightSaid } from '../row.js';

/** As a person with all rights on the cluster: other namespaces are asked too. */
export async function preflightAsAdmin(): Promise<PreflightSaid> {
  return await preflight([], { KUBECONFIG: sandbox.adminKubeconfig });
}

/** For which every pod is old that has lived a second. */
export async function impatientPreflight(): Promise<PreflightSaid> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reroot-input-'));
  const file = path.join(folder, 'input.json');
  writeFileSync(file, JSON.stringify({ rollout: { stuckAfter: '1s' } }));
  try {
    return await preflight(['-f', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Reasons that are about the injector. */
export function ofInjection({ findings }: Pick<PreflightSaid, 'findings'>): string[] {
  return findings.map(({ reason }) => reason).filter((reason) => /^(?:InjectionBroken|RehearsalRefused)$/.test(reason));
}

/** What preflight said where there was nothing to say about the injector. */
export function allRight({ code, findings }: PreflightSaid): string {
  return `exit code ${code}, nothing about the injector among ${findings.length} findings (${findings.map(({ reason }) => reason).join(', ')})`;
}

/** While a namespace has a Deployment whose template has the proxy in it. */
export async function injectedByHand<T>(namespace: string, run: () => Promise<T>): Promise<T> {
  const name = 'by-hand';
  const template = (await manualTemplates(k8s, 'deployment'))(name);
  await k8s.apps.createNamespacedDeployment({
    namespace,
    body: { metadata: { name }, spec: { selector: { matchLabels: { app: name } }, template } },
  });
  const proxies = async () =>
    (await mesh.status()).proxies.filter((proxy) => proxy.namespace === namespace && proxy.pod.startsWith(name));
  try {
    await eventually('its proxy', async () => (await proxies()).some(({ ready }) => ready));
    return await run();
  } finally {
    await k8s.apps.deleteNamespacedDeployment({ namespace, name });
    await eventually('its pods to go', async () => (await proxies()).length === 0);
  }
}

const NS = 'unwell';

/** While there is a meshed pod that is not well: its proxy gets no certificate, so it is never ready. */
export async function withPod<T>(name: string, spec: Partial<V1PodSpec>, run: (pod: string) => Promise<T>): Promise<T> {
  const namespace = `${NS}-${name}`;
  await mesh.setFaults({ refuseLeafFor: [`${namespace}/${name}`] });
  await k8s.core.createNamespace({
    body: { metadata: { name: namespace, annotations: { 'linkerd.io/inject': 'enabled' } } },
  });
  try {
    await eventually(
      'the default account',
      async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace }),
    );
    await k8s.apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name },
        spec: {
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name: 'app', image: 'example.invalid/app' }], ...spec },
          },
        },
      },
    });
    const pod = await eventually(`a pod of ${name}`, async () => (await podOf(namespace)).metadata?.name);
    return await run(`${namespace}/Pod/${pod}`);
  } finally {
    await mesh.setFaults({});
    await k8s.core.deleteNamespace({ name: namespace });
    await eventually('its pods to go', async () => {
      const { items } = await k8s.core.listNamespacedPod({ namespace });
      return items.length === 0;
    });
  }
}

async function podOf(namespace: string) {
  const { items } = await k8s.core.listNamespacedPod({ namespace });
  const [pod] = items;
  if (!pod) throw new Error(`no pod in ${namespace}`);
  return pod;
}

/** As the kubelet says it: this container waits, for this reason, and the proxy does not run. */
export async function kubeletSays(
  subject: string,
  field: 'initContainerStatuses' | 'containerStatuses',
  { name, reason }: { name: string; reason: string },
): Promise<void> {
  const [namespace = ''] = subject.split('/');
  await eventually('the pod to have an address', async () => (await podOf(namespace)).status?.podIP);
  const { metadata } = await podOf(namespace);
  const status: V1ContainerStatus = {
    ...{ name, image: 'example.invalid/app', imageID: '', ready: false, restartCount: 7 },
    state: { waiting: { reason } },
  };
  const proxy: V1ContainerStatus = {
    ...{ name: 'linkerd-proxy', image: 'cr.l5d.io/linkerd/proxy', imageID: '', ready: false, restartCount: 0 },
    state: { waiting: { reason: 'PodInitializing' } },
  };
  const statuses = field === 'containerStatuses' ? [proxy, status] : [status];
  await k8s.core.patchNamespacedPodStatus({
    name: metadata?.name ?? '',
    namespace,
    body: [{ op: 'add', path: `/status/${field}`, value: statuses }],
  });
}

/** Until nothing of the mesh is younger than a second. */
export async function grownOlder(subject: string): Promise<void> {
  const [namespace = ''] = subject.split('/');
  await eventually('the pod to be a few seconds old', async () => {
    const { metadata } = await podOf(namespace);
    return Date.now() - new Date(metadata?.creationTimestamp ?? Date.now()).getTime() > 3000;
  });
}
