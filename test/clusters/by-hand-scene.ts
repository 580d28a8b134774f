import { expect } from 'vitest';
import type { Finding } from '../../src/rotation/findings.js';
import { createDefinition, deleteDefinition } from '../integration/custom-resources.js';
import { eventually, k8s } from '../integration/support.js';
import { createOwner } from './operated.js';
import {
  CLONE_SET,
  createNamespace,
  PROMETHEUS,
  proxies,
  removeNamespace,
  specOf,
  templateOf,
} from './operated-scene.js';
import { preflight, type PreflightSaid } from './row.js';

/** A namespace of what no rollout replaces by itself, and what preflight says of it. */

const NS = 'by-hand';

let said: Promise<PreflightSaid> | undefined;

/** The warning about one of them; the mesh is ready all the same. */
export async function warningAbout(workload: string, reason: string): Promise<Finding> {
  said ??= make();
  const { code, findings } = await said;
  expect(code, findings.map(({ reason: each }) => each).join()).toBe(0);
  const found = findings.find(({ subject }) => subject.name === `${NS}/${workload}`);
  expect(found).toMatchObject({ reason, severity: 'warn' });
  return found as Finding;
}

async function make(): Promise<PreflightSaid> {
  for (const each of [PROMETHEUS, CLONE_SET]) await createDefinition(each);
  try {
    await createAll();
    await eventually('the pods', async () => (await proxies(NS)).filter(({ ready }) => ready).length === 6);
    return await preflight();
  } finally {
    await removeNamespace(NS);
    for (const each of [PROMETHEUS, CLONE_SET]) await deleteDefinition(each);
  }
}

async function createAll(): Promise<void> {
  await createNamespace(NS);
  const namespace = NS;
  const owner = await createOwner(PROMETHEUS, { name: 'main', namespace });
  await k8s.apps.createNamespacedStatefulSet({
    namespace,
    body: {
      metadata: { name: 'prometheus-main', ownerReferences: [owner] },
      spec: { ...specOf('prometheus-main', 1), serviceName: 'prometheus-main' },
    },
  });
  const paused = { metadata: { name: 'paused' }, spec: specOf('paused', 1) };
  await k8s.apps.createNamespacedDeployment({ namespace, body: paused });
  await eventually('its pod', async () => (await proxies(NS)).some(({ pod }) => pod.startsWith('paused')));
  const pause = [{ op: 'add', path: '/spec/paused', value: true }];
  await k8s.apps.patchNamespacedDeployment({ name: 'paused', namespace, body: pause });
  const { metadata, spec } = templateOf('long');
  const endless = {
    metadata: { ...metadata, annotations: { 'sandbox.reroot.dev/endless': 'yes' } },
    spec: { containers: spec?.containers ?? [], restartPolicy: 'Never' },
  };
  const job = { metadata: { name: 'long' }, spec: { template: endless } };
  await k8s.batch.createNamespacedJob({ namespace, body: job });
  const node = await k8s.core.readNode({ name: 'node-1' });
  const uid = node.metadata?.uid ?? '';
  const byNode = [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid, controller: true }];
  for (const [name, ownerReferences] of [
    ['alone', []],
    ['static', byNode],
    ['web-x7k2p', [await createOwner(CLONE_SET, { name: 'web', namespace })]],
  ] as const) {
    const body = {
      metadata: { name, ownerReferences: [...ownerReferences] },
      spec: { containers: spec?.containers ?? [] },
    };
    await k8s.core.createNamespacedPod({ namespace, body });
  }
}
