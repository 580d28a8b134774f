import type { V1ObjectMeta, V1PodTemplateSpec } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/demo/worker-process.js';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  reroot,
  startRotation,
  startWorker,
  statusWhere,
} from './support.js';

/** Every row of the table of workloads in docs/compatibility.md that is not an ordinary rollout. */
const NS = 'odd';

describe('every kind of workload', () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = startWorker();
    await createAll();
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
    expect(of('StatefulSet/on-delete')).toEqual(['block NeedsEviction']);
    expect(of('StatefulSet/partition')).toEqual(['block NeedsEviction']);
    expect(of('DaemonSet/on-delete')).toEqual(['block NeedsEviction']);
    expect(of('ReplicaSet/bare')).toEqual(['block NeedsEviction']);
    expect(of('ReplicationController/old')).toEqual(['block NeedsEviction']);
    expect(of('Deployment/paused')).toEqual(['block DeploymentPaused']);
    expect(of('Pod/alone')).toEqual(['block BarePod']);
    expect(of('StaticPod/static')).toEqual(['block StaticPod']);
    expect(of('Job/long')).toEqual(['warn JobRunning']);
    expect(of('ServiceAccount/default')).toEqual(['block CustomController']);
    expect(of('Deployment/asleep')).toEqual([]);
  });

  it('evicts where it may, one pod at a time under its budget; waits for runs; leaves the waived alone', async () => {
    const waive = ['Deployment/paused', 'Pod/alone', 'StaticPod/static', 'ServiceAccount/default'].map((name) => ({
      subject: `${NS}/${name}`,
      reason: 'a test',
    }));
    const before = await uids();
    const { result: report } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, waive, rollout: { deletePods: true } });
      await statusWhere(handle, 'the budget to be named', ({ namespaces }) =>
        namespaces.some(({ waitingFor }) => waitingFor.join().includes('disruption budget')),
      );
      await k8s.policy.deleteNamespacedPodDisruptionBudget({ name: 'bare', namespace: NS });
      const { stragglers } = await statusWhere(handle, 'the run', ({ waiting }) => waiting?.kind === 'attention');
      expect(stragglers).toMatchObject([{ reason: 'JobRunning', subject: { name: `${NS}/Job/long` } }]);
      await k8s.batch.deleteNamespacedJob({ name: 'long', namespace: NS, propagationPolicy: 'Foreground' });
      return await reportOf(handle);
    });
    expect(report.waivers).toHaveLength(4);
    const replaced = (await proxiesOf('')).filter(({ uid }) => !before.has(uid)).map(({ pod }) => pod.split('-')[0]);
    expect(new Set(replaced)).toEqual(new Set(['on', 'partition', 'bare', 'old']));
    for (const { pod, anchors } of await proxiesOf('')) {
      const left = /^(paused|alone|static|custom)/.test(pod);
      expect(anchors.includes(report.newRoot.fingerprint), pod).toBe(!left);
    }
  });
});

async function proxiesOf(prefix: string) {
  return (await mesh.status()).proxies.filter(({ namespace, pod }) => namespace === NS && pod.startsWith(prefix));
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
  const daemon = workload('on-delete', 0, 'daemon');
  await k8s.apps.createNamespacedDaemonSet({
    namespace,
    body: {
      metadata: daemon.metadata,
      spec: {
        selector: daemon.spec.selector,
        template: {
          ...daemon.spec.template,
          spec: {
            containers: [{ name: 'app', image: 'example.invalid/app' }],
            nodeSelector: { 'kubernetes.io/hostname': 'node-1' },
          },
        },
        updateStrategy: { type: 'OnDelete' },
      },
    },
  });
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
  await expect
    .poll(
      async () =>
        (await proxiesOf(''))
          .filter(({ ready }) => ready)
          .map(({ pod }) => pod.split('-')[0])
          .toSorted((a = '', b = '') => a.localeCompare(b)),
      {
        timeout: 60_000,
      },
    )
    .toEqual(
      // two of each set: `on` is the StatefulSet on-delete and the DaemonSet of the same name
      [
        'alone',
        'bare',
        'bare',
        'custom',
        'long',
        'old',
        'on',
        'on',
        'on',
        'partition',
        'partition',
        'paused',
        'static',
      ],
    );
}
