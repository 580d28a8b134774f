import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { Finding } from '../../src/rotation/findings.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { createDefinition, type Definition, deleteDefinition } from '../integration/custom-resources.js';
import {
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  startRotation,
  startWorker,
  statusWhere,
} from '../integration/support.js';
import { type BarePods, type Care, createOwner, startToyOperator, type ToyOperator } from './operated.js';
import { preflight, type PreflightSaid } from './row.js';

/** A namespace of operators, and two rotations of it: one that asks, and one that may evict and goes on with the first one's root. */

export const NS = 'operated';
export const PROMETHEUS = definition('monitoring.coreos.com', 'v1', 'prometheuses', 'Prometheus');
export const CLONE_SET = definition('apps.kruise.io', 'v1alpha1', 'clonesets', 'CloneSet');
const VM_CLUSTER = definition('operator.victoriametrics.com', 'v1beta1', 'vmclusters', 'VMCluster');
const GRAFANA = definition('monitoring.grafana.com', 'v1alpha1', 'grafanaagents', 'GrafanaAgent');
const POD_SET = definition('core.strimzi.io', 'v1beta2', 'strimzipodsets', 'StrimziPodSet');
const DEFINITIONS = [PROMETHEUS, VM_CLUSTER, GRAFANA, POD_SET];

const CARES: readonly Care[] = [
  { kind: 'StatefulSet', name: 'prometheus-main', putsBack: 'template', manager: 'prometheus-operator' },
  { kind: 'Deployment', name: 'vminsert-main', putsBack: 'annotations', manager: 'vm-operator' },
  { kind: 'DaemonSet', name: 'vmagent-main', putsBack: 'template', manager: 'vm-operator' },
  { kind: 'StatefulSet', name: 'grafana-agent', putsBack: 'all', manager: 'grafana-agent-operator' },
  { kind: 'Deployment', name: 'storefront', putsBack: 'all', manager: 'argocd-controller' },
].map((care) => ({ ...care, namespace: NS }) as Care);

const KAFKA = ['kafka-0', 'kafka-1', 'kafka-2'];
/** Pods of all of them. */
const PODS = 3 + 2 + 1 + 3 + 3 + 1 + 2 + KAFKA.length;

/** What the two rotations have shown. */
export interface Shown {
  warned: PreflightSaid;
  /** What the first asked for. */
  asked: Finding[];
  /** What its gate said after the rollout of bare pods was waived. */
  gate: Finding[];
  /** How often what is put back was rolled by the first, up to then. */
  putBack: Record<string, number>;
  report: RotationReport;
  refused: number;
  operator: Pick<ToyOperator, 'seen' | 'gone'>;
  /** Anchors of every proxy at the end, by the name of its pod. */
  anchors: [string, string[]][];
}

let shown: Promise<Shown> | undefined;

/** Made once, for all rows of it; it leaves nothing behind. */
export async function rotationsOfOperated(): Promise<Shown> {
  shown ??= make();
  return await shown;
}

async function make(): Promise<Shown> {
  const worker = startWorker();
  for (const each of DEFINITIONS) await createDefinition(each);
  let operator: ToyOperator | undefined;
  try {
    operator = startToyOperator(CARES, [await createAll()]);
    const ready = async () => (await proxies()).filter((proxy) => proxy.ready).length === PODS;
    await eventually('the pods of operators', ready);
    const warned = await preflight();
    return { warned, ...(await rotate(operator)), operator };
  } finally {
    await endRotations();
    await worker.stop();
    await operator?.stop();
    await removeNamespace(NS);
    for (const each of DEFINITIONS) await deleteDefinition(each);
  }
}

async function rotate(operator: ToyOperator): Promise<Omit<Shown, 'warned' | 'operator'>> {
  const { result, refused } = await refusalsDuring(async () => {
    const first = await startRotation(FAST);
    const { stragglers: asked } = await statusWhere(
      first,
      'the questions',
      ({ waiting }) => waiting?.kind === 'attention',
    );
    const gate = await waivedIn(first);
    const putBack = Object.fromEntries(CARES.map(({ name }) => [name, operator.seen(name).putBack]));
    await endRotations();
    const report = await reportOf(await startRotation({ ...FAST, rollout: { deletePods: true } }));
    return { asked, gate, putBack, report };
  });
  const anchors = (await proxies()).map((proxy): [string, string[]] => [proxy.pod, proxy.anchors]);
  return { ...result, refused, anchors };
}

/** A person waives the rollout of bare pods, so that all namespaces are looked at again; what the gate says then. */
async function waivedIn(handle: WorkflowHandle): Promise<Finding[]> {
  const subject = `${NS}/StrimziPodSet/kafka`;
  await handle.executeUpdate('waive', { args: [{ subject, reason: 'its team restarts it' }] });
  const isWaited = ({ subject: { name } }: Finding) => name === subject;
  const { gate } = await statusWhere(handle, 'the gate', ({ waiting, stragglers }) => {
    return waiting?.kind === 'attention' && stragglers.length > 0 && !stragglers.some(isWaited);
  });
  return gate?.findings ?? [];
}

async function createAll(): Promise<BarePods> {
  await createNamespace(NS);
  const prometheus = await createOwner(PROMETHEUS, { name: 'main', namespace: NS });
  const vm = await createOwner(VM_CLUSTER, { name: 'main', namespace: NS });
  const grafana = await createOwner(GRAFANA, { name: 'agent', namespace: NS });
  const kafka = await createOwner(POD_SET, { name: 'kafka', namespace: NS });
  const namespace = NS;
  const at = (name: string, ownerReferences: object[]) => ({ name, ownerReferences }) as { name: string };
  const set = (name: string, owner: object, replicas: number, type = 'RollingUpdate') => ({
    metadata: at(name, [owner]),
    spec: { ...specOf(name, replicas), serviceName: name, podManagementPolicy: 'Parallel', updateStrategy: { type } },
  });
  await k8s.apps.createNamespacedStatefulSet({
    namespace,
    fieldManager: managerOf('prometheus-main'),
    body: set('prometheus-main', prometheus, 3),
  });
  await k8s.apps.createNamespacedStatefulSet({
    namespace,
    fieldManager: managerOf('grafana-agent'),
    body: set('grafana-agent', grafana, 3),
  });
  await k8s.apps.createNamespacedStatefulSet({ namespace, body: set('vmstorage-main', vm, 2, 'OnDelete') });
  const deployment = (name: string, owners: object[], replicas: number) => ({
    metadata: at(name, owners),
    spec: specOf(name, replicas),
  });
  await k8s.apps.createNamespacedDeployment({ namespace, body: deployment('vminsert-main', [vm], 2) });
  await k8s.apps.createNamespacedDeployment({
    namespace,
    fieldManager: managerOf('storefront'),
    body: deployment('storefront', [], 3),
  });
  await k8s.apps.createNamespacedReplicaSet({ namespace, body: deployment('vmauth-main', [vm], 1) });
  const { selector, template } = specOf('vmagent-main', 1);
  const onOneNode = { ...template, spec: { ...template.spec, nodeSelector: { 'kubernetes.io/hostname': 'node-1' } } };
  await k8s.apps.createNamespacedDaemonSet({
    namespace,
    body: { metadata: at('vmagent-main', [vm]), spec: { selector, template: onOneNode as V1PodTemplateSpec } },
  });
  return { namespace: NS, owner: kafka, names: KAFKA, template: templateOf('kafka') };
}

/** Who has created it, as its managedFields say. */
function managerOf(workload: string): string {
  return CARES.find(({ name }) => name === workload)?.manager ?? 'kubectl';
}

export function specOf(app: string, replicas: number) {
  return { replicas, selector: { matchLabels: { app } }, template: templateOf(app) };
}

/** Without a time to end: the next pod may have the same name (sandbox/linkerd/apps.ts). */
export function templateOf(app: string): V1PodTemplateSpec {
  return {
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'example.invalid/app' }] },
  };
}

export async function createNamespace(name: string): Promise<void> {
  await k8s.core.createNamespace({ body: { metadata: { name, annotations: { 'linkerd.io/inject': 'enabled' } } } });
  const namespace = name;
  await eventually(
    'the default account',
    async () => await k8s.core.readNamespacedServiceAccount({ name: 'default', namespace }),
  );
}

export async function removeNamespace(name: string): Promise<void> {
  await k8s.core.deleteNamespace({ name });
  await eventually(`namespace ${name} to go`, async () => {
    const { items } = await k8s.core.listNamespace();
    return !items.some(({ metadata }) => metadata?.name === name);
  });
  await eventually('its proxies to go', async () => (await proxies(name)).length === 0);
}

export async function proxies(wanted = NS) {
  return (await mesh.status()).proxies.filter(({ namespace }) => namespace === wanted);
}

/** The question about one of them. */
export function questionOf(asked: readonly Finding[], workload: string, reason: string): Finding {
  const found = asked.find(({ subject }) => subject.name === `${NS}/${workload}`);
  expect(found, `${workload} among ${asked.map(({ subject }) => subject.name).join(', ')}`).toMatchObject({ reason });
  return found as Finding;
}

function definition(group: string, version: string, plural: string, kind: string): Definition {
  return { group, version, plural, kind, scope: 'Namespaced' };
}
