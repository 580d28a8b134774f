import type { V1ReplicaSet } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import { type Rollout, ROLLOUTS } from '../../src/kubernetes/argo-rollouts.js';
import { createDefinition, createObject, custom, type Definition, deleteDefinition } from './custom-resources.js';
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
} from './support.js';

const NS = 'canary';
const DEFINITION: Definition = { ...ROLLOUTS, kind: 'Rollout', scope: 'Namespaced' };

describe('ReplicaSets that belong to somebody', () => {
  let worker: WorkerProcess;
  let controller: ArgoController;
  beforeAll(async () => {
    await createDefinition(DEFINITION);
    await createAll();
    controller = startArgoController();
    worker = startWorker();
  });
  afterAll(async () => {
    await endRotations();
    await worker.stop();
    await controller.stop();
    await k8s.core.deleteNamespace({ name: NS });
    await eventually('the namespace to go', async () => (await proxies()).length === 0);
    await eventually('its last objects to go', async () => {
      const { items } = await k8s.core.listNamespace();
      return !items.some(({ metadata }) => metadata?.name === NS);
    });
    await deleteDefinition(DEFINITION);
  });

  it('are left to a Rollout, which can be restarted; those of a kind that reroot does not know are replaced by evictions', async () => {
    const { stdout, stderr } = await reroot(['preflight', '-o', 'json']);
    const { findings } = JSON.parse(stdout || stderr) as { findings: { reason: string; subject: { name: string } }[] };
    const here = findings.filter(({ subject }) => subject.name.startsWith(`${NS}/`));
    expect(here).toMatchObject([{ reason: 'NeedsEviction', subject: { name: `${NS}/ReplicaSet/operated-5d4f` } }]);
    await k8s.apps.deleteNamespacedReplicaSet({ name: 'operated-5d4f', namespace: NS });
    await eventually('its pod to go', async () => (await proxies()).length === 3);
  });

  it('restarts a Rollout by its own verb, exactly once a phase', async () => {
    const { result: report, refused } = await refusalsDuring(async () => await reportOf(await startRotation(FAST)));
    expect(refused).toBe(0);
    const pods = await proxies();
    expect(pods).toHaveLength(3);
    for (const { pod, anchors, chain } of pods) {
      expect(anchors, pod).toEqual([report.newRoot.fingerprint]);
      expect(chain[1], pod).toBe(report.newIssuer?.fingerprint);
    }
    const { metadata, spec, status } = await readRollout();
    // trust, renew and retire; a write of anything else in its spec would have moved the generation too
    expect(new Set(controller.restarts).size).toBe(3);
    expect(metadata?.generation).toBe(4);
    expect(status?.restartedAt).toBe(spec?.restartAt);
    expect(metadata?.annotations?.['reroot.dev/rolled-for']).toMatch(/-retire$/);
    expect(spec?.template?.metadata?.annotations).toBeUndefined();
  });
});

async function proxies() {
  return (await mesh.status()).proxies.filter(({ namespace }) => namespace === NS);
}

async function readRollout(): Promise<Rollout> {
  const object: unknown = await custom.getNamespacedCustomObject({ ...ROLLOUTS, namespace: NS, name: 'web' });
  return object as Rollout;
}

function template(app: string) {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] } };
}

function replicaSet(
  app: string,
  replicas: number,
  owner: { apiVersion: string; kind: string; name: string; uid: string },
) {
  const body: V1ReplicaSet = {
    metadata: { name: `${app}-5d4f`, namespace: NS, ownerReferences: [{ ...owner, controller: true }] },
    spec: { replicas, selector: { matchLabels: { app } }, template: template(app) },
  };
  return k8s.apps.createNamespacedReplicaSet({ namespace: NS, body });
}

async function createAll(): Promise<void> {
  await k8s.core.createNamespace({ body: { metadata: { name: NS, annotations: { 'linkerd.io/inject': 'enabled' } } } });
  await eventually(
    'the default account',
    async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace: NS }),
  );
  const { metadata } = await createObject(DEFINITION, {
    metadata: { name: 'web', namespace: NS },
    spec: { replicas: 3, strategy: { canary: { steps: [{ pause: {} }] } }, template: template('web') },
  });
  const operator = await k8s.core.createNamespacedConfigMap({
    namespace: NS,
    body: { metadata: { name: 'operator' } },
  });
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: metadata.uid ?? '' };
  await replicaSet('web', 3, rollout);
  await replicaSet('operated', 1, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'operator',
    uid: operator.metadata?.uid ?? '',
  });
  await eventually('the pods', async () => (await proxies()).filter(({ ready }) => ready).length === 4);
}

interface ArgoController {
  /** Every time it was told to restart at, as it saw them. */
  restarts: string[];
  stop(): Promise<void>;
}

/** Argo's controller as far as `spec.restartAt` goes: one pod at a time, while all others are available. */
function startArgoController(): ArgoController {
  const restarts: string[] = [];
  const stopping = new AbortController();
  const loop = (async () => {
    for (; !stopping.signal.aborted; await sleep(150)) await reconcile(restarts);
  })();
  return {
    restarts,
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}

async function reconcile(restarts: string[]): Promise<void> {
  const { metadata, spec, status } = await readRollout();
  const replicas = await k8s.apps.readNamespacedReplicaSet({ name: 'web-5d4f', namespace: NS });
  const available = replicas.status?.availableReplicas ?? 0;
  const restartAt = spec?.restartAt;
  let restartedAt = status?.restartedAt;
  if (restartAt && restartAt !== restartedAt && Date.parse(restartAt) <= Date.now()) {
    restarts.push(restartAt);
    const { items } = await k8s.core.listNamespacedPod({ namespace: NS, labelSelector: 'app=web' });
    const old = items.find((pod) => (pod.metadata?.creationTimestamp?.getTime() ?? 0) < Date.parse(restartAt));
    const settled = available === 3 && items.every((pod) => pod.metadata?.deletionTimestamp === undefined);
    if (old && settled) await k8s.core.deleteNamespacedPod({ name: old.metadata?.name ?? '', namespace: NS });
    if (!old && settled) restartedAt = restartAt;
  }
  const value = {
    observedGeneration: String(metadata?.generation),
    replicas: 3,
    updatedReplicas: 3,
    availableReplicas: available,
    phase: 'Healthy',
    ...(restartedAt ? { restartedAt } : {}),
  };
  if (JSON.stringify(value) === JSON.stringify(status)) return;
  const body = [{ op: 'add', path: '/status', value }];
  await custom.patchNamespacedCustomObjectStatus({ ...ROLLOUTS, namespace: NS, name: 'web', body });
}
