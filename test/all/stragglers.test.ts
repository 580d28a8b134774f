import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import type { RotationReport } from '../../src/rotation/report.js';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  reportOf,
  startRotation,
  startWorker,
  statusOf,
  statusWhere,
} from '../integration/support.js';

const NS = 'late';
const FINALIZER = 'example.com/held';
const NODE_LABEL = 'example.com/late';
const POLICY = 'late-frozen';

/** What holds up a rollout, and that the others go on. */
describe('stragglers', () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = startWorker();
    await createAll();
  });
  afterAll(async () => {
    await endRotations();
    await worker.stop();
    await mesh.setFaults({});
    await allowFrozen().catch(() => undefined);
    await release().catch(() => undefined);
    await labelNode('node-1', null);
    await labelNode('node-2', null);
    await k8s.core.deleteNamespace({ name: NS });
    await eventually('the namespace to go', async () => (await proxiesOf('')).length === 0);
  });

  it('are named, each by what holds it up: a pod that does not end, one that is not ready, a policy', async () => {
    const handle = await startRotation({
      ...FAST,
      approvals: 'everyPhase',
      rollout: { deletePods: true, stuckAfter: '8s' },
    });
    await statusWhere(handle, 'the first question', ({ waiting }) => waiting?.kind === 'approval');
    await holdPod('holder');
    await freeze();
    await mesh.setFaults({ refuseLeafFor: [`${NS}/agent`] });
    await labelNode('node-2', 'yes');
    await eventually('the pod without a leaf', async () => (await proxiesOf('agent')).length === 2);
    const approver = approving(handle);

    const { stragglers, phase } = await statusWhere(
      handle,
      'all three',
      ({ waiting, stragglers: found }) => waiting?.kind === 'attention' && found.length >= 3,
    );
    expect(phase).toBe('trust');
    const here = stragglers.map(({ reason, subject }) => `${subject.name} ${reason}`).toSorted();
    expect(here).toEqual([
      `${NS}/DaemonSet/agent RolloutStuck`,
      `${NS}/Deployment/frozen RollRefused`,
      `${NS}/Deployment/holder TerminatingStuck`,
    ]);
    expect(stragglers.find(({ reason }) => reason === 'RollRefused')?.message).toContain('no changes on Fridays');
    const free = await proxiesOf('free');
    expect(free.map(({ anchors }) => anchors.length)).toEqual([2, 2]); // rolled all the same: both roots

    await release();
    await allowFrozen();
    await mesh.setFaults({});
    await eventually('the pod to be ready', async () => (await proxiesOf('agent')).every(({ ready }) => ready));
    await handle.executeUpdate('retry', { args: [] });
    const report = await reportOf(handle);
    await approver;
    await expectAllUnder(report);
  });

  it('are no pods without a proxy: an injector that is away for a moment is waited for, and what it missed is rolled', async () => {
    const count = async () => (await mesh.status()).proxies.length;
    const before = await count();
    const handle = await startRotation({ ...FAST, rollout: { deletePods: true, namespaces: 1, workloads: 1 } });
    await statusWhere(handle, 'a namespace to be rolled', ({ phase, namespaces }) =>
      namespaces.some(({ namespace, state }) => phase === 'trust' && namespace !== 'linkerd' && state === 'running'),
    );
    await scaleInjector(0);
    await sleep(5000);
    await scaleInjector(1);
    const retried = retrying(handle);
    const report = await reportOf(handle);
    await retried;
    await expectAllUnder(report);
    await eventually('every pod to have its proxy', async () => (await count()) === before);
  });
});

async function proxiesOf(prefix: string) {
  return (await mesh.status()).proxies.filter(({ namespace, pod }) => namespace === NS && pod.startsWith(prefix));
}

async function expectAllUnder({ newRoot }: RotationReport): Promise<void> {
  for (const { pod, anchors } of (await mesh.status()).proxies) expect(anchors, pod).toEqual([newRoot.fingerprint]);
}

/** Approves whatever is asked, until the rotation ends. */
async function approving(handle: WorkflowHandle): Promise<void> {
  await until(handle, async () => {
    const { waiting } = await statusOf(handle);
    if (waiting?.kind === 'approval')
      await handle.executeUpdate('approve', { args: [{ planHash: waiting.planHash ?? '' }] });
  });
}

/** Does what the hints say, until the rotation ends. */
async function retrying(handle: WorkflowHandle): Promise<void> {
  await until(handle, async () => {
    const { waiting } = await statusOf(handle);
    if (waiting?.kind === 'attention') await handle.executeUpdate('retry', { args: [] });
  });
}

async function until(handle: WorkflowHandle, step: () => Promise<void>): Promise<void> {
  while ((await handle.describe()).status.name === 'RUNNING') {
    await step().catch(() => undefined); // what was asked may be over by now
    await sleep(300);
  }
}

function template(app: string) {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] } };
}

async function createAll(): Promise<void> {
  await k8s.core.createNamespace({ body: { metadata: { name: NS, annotations: { 'linkerd.io/inject': 'enabled' } } } });
  await eventually(
    'the default account',
    async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace: NS }),
  );
  for (const name of ['free', 'frozen', 'holder']) {
    const spec = { replicas: 2, selector: { matchLabels: { app: name } }, template: template(name) };
    await k8s.apps.createNamespacedDeployment({ namespace: NS, body: { metadata: { name }, spec } });
  }
  await labelNode('node-1', 'yes');
  const pod = template('agent');
  await k8s.apps.createNamespacedDaemonSet({
    namespace: NS,
    body: {
      metadata: { name: 'agent' },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        updateStrategy: { type: 'OnDelete' },
        template: { ...pod, spec: { ...pod.spec, nodeSelector: { [NODE_LABEL]: 'yes' } } },
      },
    },
  });
  await eventually('all pods to be ready', async () => (await proxiesOf('')).filter(({ ready }) => ready).length === 7);
}

async function labelNode(name: string, value: string | null): Promise<void> {
  const { metadata } = await k8s.core.readNode({ name });
  const path = `/metadata/labels/${NODE_LABEL.replace('/', '~1')}`;
  const isLabelled = metadata?.labels?.[NODE_LABEL] !== undefined;
  if (value === null && !isLabelled) return;
  await k8s.core.patchNode({ name, body: [value === null ? { op: 'remove', path } : { op: 'add', path, value }] });
}

/** As on a node that is gone: the pod is deleted, and does not end. */
async function holdPod(app: string): Promise<void> {
  const { items } = await k8s.core.listNamespacedPod({ namespace: NS, labelSelector: `app=${app}` });
  const name = items[0]?.metadata?.name ?? '';
  const body = [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }];
  await k8s.core.patchNamespacedPod({ name, namespace: NS, body });
  await k8s.core.deleteNamespacedPod({ name, namespace: NS, gracePeriodSeconds: 1 });
}

async function release(): Promise<void> {
  const { items } = await k8s.core.listNamespacedPod({ namespace: NS });
  for (const { metadata } of items) {
    if (!metadata?.finalizers?.includes(FINALIZER)) continue;
    const body = [{ op: 'remove', path: '/metadata/finalizers' }];
    await k8s.core.patchNamespacedPod({ name: metadata.name ?? '', namespace: NS, body });
  }
}

async function freeze(): Promise<void> {
  await k8s.admission.createValidatingAdmissionPolicy({
    body: {
      metadata: { name: POLICY },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
          ],
        },
        matchConditions: [
          { name: 'frozen', expression: `object.metadata.namespace == '${NS}' && object.metadata.name == 'frozen'` },
        ],
        validations: [{ expression: 'object.spec == oldObject.spec', message: 'no changes on Fridays' }],
      },
    },
  });
  await k8s.admission.createValidatingAdmissionPolicyBinding({
    body: { metadata: { name: POLICY }, spec: { policyName: POLICY, validationActions: ['Deny'] } },
  });
  await eventually('the policy to hold', async () => !(await isFree()));
}

async function allowFrozen(): Promise<void> {
  await k8s.admission.deleteValidatingAdmissionPolicyBinding({ name: POLICY });
  await k8s.admission.deleteValidatingAdmissionPolicy({ name: POLICY });
  await eventually('the policy to go', isFree);
}

async function isFree(): Promise<boolean> {
  const body = [{ op: 'add', path: '/spec/minReadySeconds', value: 1 }];
  return await k8s.apps.patchNamespacedDeployment({ name: 'frozen', namespace: NS, body, dryRun: 'All' }).then(
    () => true,
    () => false,
  );
}

async function scaleInjector(replicas: number): Promise<void> {
  const body = [{ op: 'replace', path: '/spec/replicas', value: replicas }];
  await k8s.apps.patchNamespacedDeployment({ name: 'linkerd-proxy-injector', namespace: 'linkerd', body });
}
