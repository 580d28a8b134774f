import type { V1Deployment, V1Lease, V1OwnerReference, V1Pod } from '@kubernetes/client-node';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../../activities/index.js';
import { decode, encode } from '../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import type { ClusterClock } from '../../../src/kubernetes/clock.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import { EVIDENCE_CONFIGMAPS } from '../../../src/records/names.js';
import { type NewRotation, rotationSecretOf } from '../../../src/records/rotation-secret.js';
import type { CourseRef } from '../../../src/rotation/courses/index.js';
import type { StepInput } from '../../../src/rotation/payloads.js';
import { request } from '../rotation/support.js';
import { clusterWith as withCustom } from '../linkerd/custom.js';
import { authority } from '../support.js';

/** A cluster with a Linkerd of layout D, in memory: what activities read and write, with resource versions. */

interface Stored {
  metadata?: { name?: string; annotations?: Record<string, string>; resourceVersion?: string };
  data?: Record<string, string>;
  spec?: { holderIdentity?: string };
}

type Failure = 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Forbidden';

function failure(kind: Failure): KubernetesError {
  return new KubernetesError({ kind, request: 'test', message: kind.toLowerCase() });
}

interface Call {
  name: string;
  body: Stored;
}

/** Every object by `Kind/name`; `writes` lists what was done to which. */
export class FakeCluster {
  readonly objects = new Map<string, Stored>();
  readonly writes: string[] = [];
  readonly pods: V1Pod[] = [];
  readonly deployments: V1Deployment[] = [];
  /** What the injector gives a new pod; empty: it is away, and pods come without a proxy. */
  injected: readonly Certificate[] = [];
  /** What a policy says of any new pod. */
  refusesPods?: string;
  /** As the user that deploy/rbac makes: no right to create anything but pods. */
  mayCreate = true;
  /** What the API server's answers say of the time. */
  clock: ClusterClock | undefined;
  /** Custom resources, by `plural.version.group`. */
  custom: Parameters<typeof withCustom>[0] = {};
  /** Called with each list of pods. */
  onLook: () => void = () => undefined;
  #version = 0;

  put(key: string, object: Stored): void {
    const name = key.split('/')[1] ?? '';
    this.#version += 1;
    const metadata = { ...object.metadata, name, resourceVersion: String(this.#version) };
    this.objects.set(key, { ...object, metadata });
  }

  /** A meshed pod of Deployment `shop/web` whose proxy was started with these anchors. */
  addPod(name: string, anchors: readonly Certificate[], address = '10.0.0.1'): void {
    this.pods.push({
      metadata: {
        ...{ name, namespace: 'shop', uid: name },
        labels: { 'linkerd.io/control-plane-ns': 'linkerd', 'linkerd.io/proxy-deployment': 'web' },
        ownerReferences: [owner('ReplicaSet', 'web-1', 'uid-web-1')],
      },
      ...proxyWith(anchors),
      status: { phase: 'Running', podIP: address },
    });
  }

  /** The same, not scheduled yet: it has no address. */
  addPendingPod(name: string, anchors: readonly Certificate[]): V1Pod {
    this.addPod(name, anchors);
    const pod = this.pods.at(-1) ?? {};
    pod.status = { phase: 'Pending' };
    return pod;
  }

  /** A pod of identity, started with these anchors. */
  addIdentity(anchors: readonly Certificate[]): void {
    this.pods.push({
      metadata: {
        ...{ name: 'identity', namespace: 'linkerd', uid: 'identity' },
        labels: { 'linkerd.io/control-plane-ns': 'linkerd', 'linkerd.io/control-plane-component': 'identity' },
        ownerReferences: [owner('ReplicaSet', 'linkerd-identity-1', 'uid-linkerd-identity-1')],
      },
      ...proxyWith(anchors),
      status: { phase: 'Running', podIP: '10.0.0.2' },
    });
  }

  /** Deployment `shop/web`, rolled out with this mark. */
  addDeployment(replicas: number, mark: string): void {
    this.deployments.push({
      metadata: { name: 'web', namespace: 'shop', uid: 'web', generation: 2 },
      spec: {
        replicas,
        selector: {},
        template: { metadata: { annotations: { 'reroot.dev/rolled-for': mark } } },
      },
      status: { observedGeneration: 2, replicas, updatedReplicas: replicas, availableReplicas: replicas },
    });
  }

  /** The objects of deploy/objects.yaml, and no right to make any. */
  withObjects(): this {
    const own = ['Secret/reroot-rotation', 'Secret/reroot-trust-root', 'ConfigMap/reroot-report', 'Lease/reroot'];
    for (const key of [...own, ...EVIDENCE_CONFIGMAPS.map((name) => `ConfigMap/${name}`)])
      if (!this.objects.has(key)) this.put(key, { metadata: { annotations: { theirs: 'stays' } } });
    this.mayCreate = false;
    return this;
  }

  text(key: string, field: string): string {
    return decode(this.objects.get(key)?.data?.[field] ?? '');
  }

  get lease(): V1Lease | undefined {
    return this.objects.get('Lease/reroot');
  }

  #get(key: string): Stored {
    const object = this.objects.get(key);
    if (!object) throw failure('NotFound');
    return structuredClone(object);
  }

  #calls(kind: string) {
    const key = (name: string) => `${kind}/${name}`;
    return {
      [`readNamespaced${kind}`]: async ({ name }: Call) => await Promise.resolve(this.#get(key(name))),
      [`createNamespaced${kind}`]: async ({ body }: Call) => {
        const name = key(body.metadata?.name ?? '');
        if (!this.mayCreate) throw failure('Forbidden');
        if (this.objects.has(name)) throw failure('AlreadyExists');
        this.put(name, body);
        this.writes.push(`create ${name}`);
        return await Promise.resolve(this.#get(name));
      },
      [`replaceNamespaced${kind}`]: async ({ name, body }: Call) => {
        if (this.#get(key(name)).metadata?.resourceVersion !== body.metadata?.resourceVersion)
          throw failure('Conflict');
        this.put(key(name), body);
        this.writes.push(`replace ${key(name)}`);
        return await Promise.resolve(this.#get(key(name)));
      },
      [`patchNamespaced${kind}`]: async ({ name, body }: { name: string; body: PatchOperation[] }) => {
        this.put(key(name), patched(this.#get(key(name)), body));
        this.writes.push(`patch ${key(name)}`);
        return await Promise.resolve(this.#get(key(name)));
      },
      [`deleteNamespaced${kind}`]: async ({ name }: Call) => {
        this.#get(key(name));
        this.objects.delete(key(name));
        this.writes.push(`delete ${key(name)}`);
        return await Promise.resolve({});
      },
    };
  }

  get k8s(): Kubernetes {
    const identity = {
      metadata: { namespace: 'linkerd', labels: { 'app.kubernetes.io/version': 'edge-26.6.3' } },
      spec: {
        replicas: 1,
        selector: {},
        template: {
          spec: {
            containers: [{ name: 'identity', args: [] }],
            volumes: [{ name: 'roots', configMap: { name: 'linkerd-identity-trust-roots' } }],
          },
        },
      },
    };
    const none = async () => await Promise.resolve({ items: [] });
    const replicaSetOf = (namespace: string, name: string) => ({
      metadata: {
        ...{ namespace, name: `${name}-1`, uid: `uid-${name}-1` },
        ownerReferences: [owner('Deployment', name, name)],
      },
    });
    const replicaSets = async () =>
      await Promise.resolve({ items: [replicaSetOf('shop', 'web'), replicaSetOf('linkerd', 'linkerd-identity')] });
    return {
      core: {
        ...this.#calls('Secret'),
        ...this.#calls('ConfigMap'),
        readNamespace: async () => await Promise.resolve({ metadata: { uid: 'uid' } }),
        listNamespace: async ({ fieldSelector }: { fieldSelector?: string } = {}) =>
          await Promise.resolve({ items: fieldSelector ? [] : [{ metadata: { name: 'linkerd' } }] }), // none is left out
        listPodForAllNamespaces: async () => {
          this.onLook();
          return await Promise.resolve({ items: this.pods });
        },
        listNamespacedPod: async () => await Promise.resolve({ items: this.pods }),
        listReplicationControllerForAllNamespaces: none,
        createNamespacedPod: async () => {
          if (this.refusesPods)
            throw new KubernetesError({ kind: 'Forbidden', request: 'test', message: this.refusesPods });
          return await Promise.resolve(
            this.injected.length > 0 ? proxyWith(this.injected) : { spec: { containers: [] } },
          );
        },
      },
      apps: {
        readNamespacedDeployment: async () => await Promise.resolve(identity),
        listDeploymentForAllNamespaces: async () => await Promise.resolve({ items: this.deployments }),
        listStatefulSetForAllNamespaces: none,
        listDaemonSetForAllNamespaces: none,
        listReplicaSetForAllNamespaces: replicaSets,
        listNamespacedReplicaSet: replicaSets,
      },
      admission: {
        listMutatingWebhookConfiguration: async () =>
          await Promise.resolve({ items: [{ metadata: { labels: { 'linkerd.io/control-plane-ns': 'linkerd' } } }] }),
      },
      batch: { listCronJobForAllNamespaces: none },
      custom: withCustom(this.custom).custom,
      coordination: this.#calls('Lease'),
      clock: this.clock,
    } as unknown as Kubernetes;
  }
}

/** The controller of an object, as it names it. */
function owner(kind: string, name: string, uid: string): V1OwnerReference {
  return { apiVersion: 'apps/v1', controller: true, kind, name, uid };
}

function proxyWith(anchors: readonly Certificate[]): Required<Pick<V1Pod, 'spec'>> {
  const value = anchors.map(({ pem }) => pem).join('');
  const env = [{ name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', value }];
  return { spec: { containers: [{ name: 'linkerd-proxy', env }] } };
}

/** As the API server applies a JSON Patch, in what reroot sends: no lists. */
function patched(object: Stored, operations: readonly PatchOperation[]): Stored {
  for (const operation of operations) {
    const path = operation.path.split('/').slice(1);
    const name = (path.pop() ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
    const parent = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
    if (parent === undefined) throw failure('Conflict');
    const fields = parent as Record<string, unknown>;
    const isFailed =
      operation.op === 'test' ? fields[name] !== operation.value : operation.op !== 'add' && !(name in fields);
    if (isFailed) throw failure('Conflict');
    if (operation.op === 'remove') delete fields[name];
    else fields[name] = operation.value;
  }
  return object;
}

/** Executions that a Temporal server knows, by workflow id: the newest last. */
export type Executions = Record<string, { runId: string; firstRunId?: string; status: string; memo?: object }[]>;

/** A client of a Temporal server whose namespace `default` has this id. */
export function temporalClient(namespaceId: string, executions: Executions = {}): Client {
  return {
    withAbortSignal: async <T>(_signal: AbortSignal, work: () => Promise<T>) => await work(),
    workflowService: {
      describeNamespace: async () => await Promise.resolve({ namespaceInfo: { id: namespaceId } }),
    },
    workflow: {
      getHandle: (workflowId: string, runId?: string) => ({
        describe: async () => {
          const known = executions[workflowId] ?? [];
          const found = known.findLast((execution) => runId === undefined || execution.runId === runId);
          if (!found) throw new WorkflowNotFoundError('not found', workflowId, runId);
          const raw = { workflowExecutionInfo: { firstRunId: found.firstRunId ?? found.runId } };
          return await Promise.resolve({ status: { name: found.status }, raw, memo: found.memo });
        },
      }),
    },
  } as unknown as Client;
}

const nothing = (): void => undefined;
const SILENT = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Carries out an activity of a workflow, as its worker would. */
export async function carryOut<I, R>(
  cluster: FakeCluster,
  activity: (activities: ReturnType<typeof createActivities>) => (input: I) => Promise<R>,
  input: I,
  {
    client = temporalClient('ns-1'),
    address = 'localhost:7233',
    approvals,
  }: { client?: Client; address?: string; approvals?: 'inCluster' | undefined } = {},
): Promise<R> {
  const activities = createActivities({
    k8s: cluster.k8s,
    prober: { reach: 'address', concurrency: 4, timeoutMs: 200 },
    temporalAddress: address,
    approvals,
  });
  const info = { workflowNamespace: 'default', workflowExecution: { workflowId: 'mine', runId: 'run-1' } };
  const environment = new MockActivityEnvironment(info, { client, logger: SILENT });
  return (await environment.run(activity(activities), input)) as R;
}

/** The certificates of the start, and those of a rotation. */
export const old = authority('old');
export const next = authority('next');

/** What a rotation has made. */
export function newRotation(change: Partial<NewRotation> = {}): NewRotation {
  return {
    id: next.root.certificate.fingerprint.slice(0, 12),
    rootPem: next.root.certificate.pem,
    issuerPem: next.issuer.certificate.pem,
    issuerKeyPem: toSec1Pem(next.issuer.privateKey),
    retire: [old.root.certificate],
    previousIssuerPem: old.issuer.certificate.pem,
    previousIssuerKeyPem: toSec1Pem(old.issuer.privateKey),
    ...change,
  };
}

/** Linkerd with this bundle and issuer; with the Secret of a rotation, if one is given. */
export function clusterWith({
  bundle = [old.root.certificate],
  issuer = { certificatePem: old.issuer.certificate.pem, keyPem: toSec1Pem(old.issuer.privateKey) },
  rotation,
}: {
  bundle?: Certificate[];
  issuer?: { certificatePem: string; keyPem: string };
  rotation?: NewRotation;
} = {}): FakeCluster {
  const cluster = new FakeCluster();
  cluster.put('ConfigMap/linkerd-identity-trust-roots', {
    data: { 'ca-bundle.crt': bundle.map(({ pem }) => pem).join('') },
  });
  cluster.put('ConfigMap/linkerd-config', { data: { values: 'clusterDomain: cluster.local\n' } });
  cluster.put('Secret/linkerd-identity-issuer', {
    data: { 'crt.pem': encode(issuer.certificatePem), 'key.pem': encode(issuer.keyPem) },
  });
  if (rotation) cluster.put('Secret/reroot-rotation', rotationSecretOf(rotation));
  return cluster;
}

/** What every step is given. */
export function step(change: Partial<StepInput> = {}, course: Partial<CourseRef> = {}): StepInput {
  const { settings } = request();
  return {
    settings,
    course: { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward', ...course },
    linkerdNamespace: 'linkerd',
    firstRunId: 'run-1',
    ...change,
  };
}

/** A Lease as a holder has written it. */
export function leaseOfHolder(annotations: Record<string, string>): Stored {
  const prefixed = Object.entries(annotations).map(([key, value]) => [`reroot.dev/${key}`, value]);
  return { metadata: { annotations: Object.fromEntries(prefixed) as Record<string, string> } };
}
