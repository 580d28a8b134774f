import { AutoscalingV2Api, KubeConfig, type V1ObjectMeta, type V1PodTemplateSpec } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import { readProgress } from '../../src/operate/progress.js';
import { templateAnchors } from '../../src/linkerd/layouts/template.js';
import { readBundle } from '../../src/pki/bundle.js';
import { manualTemplates } from './manual-workloads.js';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  reroot,
  sandbox,
  startRotation,
  startWorker,
  statusWhere,
} from './support.js';

/** Every row of the table of workloads in docs/compatibility.md that is not an ordinary rollout. */
const NS = 'odd';

describe('every kind of workload', () => {
  let worker: WorkerProcess;
  let unmeshed: Set<string>;
  beforeAll(async () => {
    worker = startWorker();
    await createAll();
    unmeshed = await unmeshedUids();
  });
  afterAll(async () => {
    await endRotations();
    await worker.stop();
    await k8s.core.deleteNamespace({ name: NS });
    await eventually('the namespace to go', async () => (await proxiesOf('')).length === 0);
  });

  it('preflight says of each which cannot be replaced, why, and what to do', async () => {
    const { stdout, stderr } = await reroot(['preflight', '-o', 'json']);
    const { findings } = JSON.parse(stdout || stderr) as {
      findings: { reason: string; severity: string; subject: { name: string } }[];
    };
    const of = (name: string) =>
      findings
        .filter(({ subject }) => subject.name === `${NS}/${name}`)
        .map(({ reason, severity }) => `${severity} ${reason}`);
    expect(of('StatefulSet/on-delete')).toEqual(['warn NeedsEviction']);
    expect(of('StatefulSet/partition')).toEqual(['warn NeedsEviction']);
    expect(of('DaemonSet/on-delete')).toEqual(['warn NeedsEviction']);
    expect(of('ReplicaSet/bare')).toEqual(['warn NeedsEviction']);
    expect(of('ReplicationController/old')).toEqual(['warn NeedsEviction']);
    expect(of('Deployment/paused')).toEqual(['warn DeploymentPaused']);
    expect(of('Pod/alone')).toEqual(['warn BarePod']);
    expect(of('StaticPod/static')).toEqual(['warn StaticPod']);
    expect(of('Job/long')).toEqual(['warn JobRunning']);
    expect(of('ServiceAccount/default')).toEqual(['warn CustomController']);
    expect(of('ReplicaSet/frozen')).toEqual(['warn NeedsEviction']);
    for (const rolled of ['Deployment/asleep', 'Deployment/scaled', 'DaemonSet/rolling'])
      expect(of(rolled)).toEqual([]);
  });

  it('evicts where it may, one pod at a time under its budget; waits for runs; leaves the waived alone', async () => {
    const waive = ['Deployment/paused', 'Pod/alone', 'StaticPod/static', 'ServiceAccount/default'].map((name) => ({
      subject: `${NS}/${name}`,
      reason: 'a test',
    }));
    const before = await uids();
    const { result: report } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, waive, rollout: { deletePods: true } });
      await eventually('the budget to be named', async () =>
        (await readProgress(handle)).live.namespaces.some(({ waitingFor }) =>
          waitingFor.join().includes('disruption budget'),
        ),
      );
      await scale('scaled', 3);
      await k8s.policy.deleteNamespacedPodDisruptionBudget({ name: 'bare', namespace: NS });
      const { stragglers } = await statusWhere(handle, 'the run', ({ waiting }) => waiting?.kind === 'attention');
      expect(stragglers).toMatchObject([{ reason: 'JobRunning', subject: { name: `${NS}/Job/long` } }]);
      await k8s.batch.deleteNamespacedJob({ name: 'long', namespace: NS, propagationPolicy: 'Foreground' });
      return await reportOf(handle);
    });
    expect(report.waivers).toHaveLength(4);
    const replaced = (await proxiesOf('')).filter(({ uid }) => !before.has(uid)).map(({ pod }) => pod.split('-')[0]);
    expect(new Set(replaced)).toEqual(new Set(['on', 'partition', 'bare', 'old', 'frozen', 'rolling', 'scaled']));
    expect(await proxiesOf('scaled')).toHaveLength(3);
    expect(await unmeshedUids()).toEqual(unmeshed);
    const { spec } = await k8s.apps.readNamespacedReplicaSet({ name: 'frozen', namespace: NS });
    const [literal] = templateAnchors(spec?.template);
    expect(readBundle(literal?.pem ?? '').certificates.map(({ fingerprint }) => fingerprint)).toEqual([
      report.newRoot.fingerprint,
    ]);
    for (const { pod, anchors } of await proxiesOf('')) {
      const left = /^(paused|alone|static|custom)/.test(pod);
      expect(anchors.includes(report.newRoot.fingerprint), pod).toBe(!left);
    }
  });
});

async function proxiesOf(prefix: string) {
  return (await mesh.status()).proxies.filter(({ namespace, pod }) => namespace === NS && pod.startsWith(prefix));
}

/** Pods without a proxy: injection is disabled for them, or they are on the network of their host. */
async function unmeshedUids(): Promise<Set<string>> {
  const { items } = await k8s.core.listNamespacedPod({ namespace: NS, labelSelector: 'app in (plain,host)' });
  return new Set(items.map(({ metadata }) => metadata?.uid ?? ''));
}

/** As an HPA does it, or a person. */
async function scale(name: string, replicas: number): Promise<void> {
  const body = [{ op: 'replace', path: '/spec/replicas', value: replicas }];
  await k8s.apps.patchNamespacedDeployment({ name, namespace: NS, body });
}

async function createScaledByHpa(): Promise<void> {
  await k8s.apps.createNamespacedDeployment({ namespace: NS, body: workload('scaled', 2) });
  const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } };
  const config = new KubeConfig();
  config.loadFromFile(sandbox.adminKubeconfig);
  await config.makeApiClient(AutoscalingV2Api).createNamespacedHorizontalPodAutoscaler({
    namespace: NS,
    body: {
      metadata: { name: 'scaled' },
      spec: {
        minReplicas: 1,
        maxReplicas: 5,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        metrics: [{ type: 'Resource', resource: cpu }],
      },
    },
  });
}

async function createUnmeshed(): Promise<void> {
  const disabled = workload('plain', 1);
  const host = workload('host', 1);
  disabled.spec.template.metadata = {
    ...disabled.spec.template.metadata,
    annotations: { 'linkerd.io/inject': 'disabled' },
  };
  host.spec.template.spec = { hostNetwork: true, containers: host.spec.template.spec?.containers ?? [] };
  for (const body of [disabled, host]) await k8s.apps.createNamespacedDeployment({ namespace: NS, body });
  await eventually('the pods without a proxy', async () => (await unmeshedUids()).size === 2);
}

async function uids(): Promise<Set<string>> {
  return new Set((await proxiesOf('')).map(({ uid }) => uid));
}

function template(app: string): V1PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] } };
}

function workload(name: string, replicas: number, app = name) {
  return {
    metadata: { name, namespace: NS },
    spec: { replicas, selector: { matchLabels: { app } }, template: template(app) },
  };
}

function bare(name: string, owner?: { apiVersion: string; kind: string; name: string; uid: string }) {
  const metadata: V1ObjectMeta = {
    name,
    namespace: NS,
    ...(owner ? { ownerReferences: [{ ...owner, controller: true }] } : {}),
  };
  const body = { metadata, spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] } };
  return k8s.core.createNamespacedPod({ namespace: NS, body });
}

async function createAll(): Promise<void> {
  await k8s.core.createNamespace({ body: { metadata: { name: NS, annotations: { 'linkerd.io/inject': 'enabled' } } } });
  const namespace = NS;
  await eventually(
    'the default account',
    async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace }),
  );
  const set = (name: string, updateStrategy: object) => {
    const { metadata, spec } = workload(name, 2);
    return { metadata, spec: { ...spec, serviceName: name, podManagementPolicy: 'Parallel', updateStrategy } };
  };
  await k8s.apps.createNamespacedStatefulSet({ namespace, body: set('on-delete', { type: 'OnDelete' }) });
  await k8s.apps.createNamespacedStatefulSet({
    namespace,
    body: set('partition', { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }),
  });
  const daemonSet = async (name: string, type: 'OnDelete' | 'RollingUpdate') => {
    const { metadata, spec } = workload(name, 0, `${name}-daemon`);
    const onOneNode = {
      containers: [{ name: 'app', image: 'example.invalid/app' }],
      nodeSelector: { 'kubernetes.io/hostname': 'node-1' },
    };
    const { selector, template: pod } = spec;
    const body = { metadata, spec: { selector, template: { ...pod, spec: onOneNode }, updateStrategy: { type } } };
    await k8s.apps.createNamespacedDaemonSet({ namespace, body });
  };
  await daemonSet('on-delete', 'OnDelete');
  await daemonSet('rolling', 'RollingUpdate');
  await createScaledByHpa();
  await createUnmeshed();
  const frozen = workload('frozen', 1);
  frozen.spec.template = (await manualTemplates(k8s, 'replicaset'))('frozen');
  await k8s.apps.createNamespacedReplicaSet({ namespace, body: frozen });
  await k8s.apps.createNamespacedReplicaSet({ namespace, body: workload('bare', 2) });
  await k8s.policy.createNamespacedPodDisruptionBudget({
    namespace,
    body: { metadata: { name: 'bare' }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'bare' } } } },
  });
  await k8s.core.createNamespacedReplicationController({
    namespace,
    body: { metadata: { name: 'old' }, spec: { replicas: 1, selector: { app: 'old' }, template: template('old') } },
  });
  await k8s.apps.createNamespacedDeployment({ namespace, body: workload('asleep', 0) });
  await k8s.apps.createNamespacedDeployment({ namespace, body: workload('paused', 1) });
  await eventually('the pod to exist', async () => (await proxiesOf('paused')).length === 1);
  await k8s.apps.patchNamespacedDeployment({
    name: 'paused',
    namespace,
    body: [{ op: 'add', path: '/spec/paused', value: true }],
  });
  const run = template('long');
  await k8s.batch.createNamespacedJob({
    namespace,
    body: {
      metadata: { name: 'long' },
      spec: {
        template: {
          metadata: { ...run.metadata, annotations: { 'sandbox.reroot.dev/endless': 'yes' } },
          spec: { containers: [{ name: 'app', image: 'example.invalid/app' }], restartPolicy: 'Never' },
        },
      },
    },
  });
  const node = await k8s.core.readNode({ name: 'node-1' });
  await bare('alone');
  await bare('static', { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: node.metadata?.uid ?? '' });
  // stands for the resource of some operator: an owner of a kind that reroot does not know
  const account = await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace });
  await bare('custom', { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', uid: account.metadata?.uid ?? '' });
  // two of each set: `on` is the StatefulSet on-delete and the DaemonSet of the same name
  const once = ['alone', 'custom', 'frozen', 'long', 'old', 'paused', 'rolling', 'static'];
  const wanted = [...once, 'bare', 'bare', 'on', 'on', 'on', 'partition', 'partition', 'scaled', 'scaled'];
  const sorted = (names: string[]) => names.toSorted((a, b) => a.localeCompare(b)).join();
  await eventually('all pods to be ready', async () => {
    const ready = (await proxiesOf('')).filter((proxy) => proxy.ready).map(({ pod }) => pod.split('-')[0] ?? '');
    return sorted(ready) === sorted(wanted);
  });
}
