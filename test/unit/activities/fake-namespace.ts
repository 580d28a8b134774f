import type {
  V1Container,
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1OwnerReference,
  V1Pod,
} from '@kubernetes/client-node';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Dependencies } from '../../../activities/kit/dependencies.js';
import type { PhaseContext } from '../../../activities/kit/stored-rotation.js';
import { rollNamespace } from '../../../activities/reinject.js';
import { rollWaves } from '../../../activities/reinject-namespaces.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../src/kubernetes/errors.js';
import { present } from '../../../src/ground/present.js';
import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import { RESTARTED_AT } from '../../../src/kubernetes/restarted-at.js';
import { trustsTarget } from '../../../src/rotation/gates.js';
import type {
  NamespaceProgress,
  ReinjectInput,
  ReinjectNamespacesInput,
  ReinjectNamespacesResult,
  ReinjectResult,
  RolloutProgress,
  UndoneRolls,
} from '../../../src/rotation/rollout-payloads.js';
import { request, target } from '../rotation/support.js';
import { authority } from '../support.js';

const { root: old } = authority('old');
const { root: wanted } = authority('new');
export const [OLD, NEW] = [old.certificate.pem, `${old.certificate.pem}${wanted.certificate.pem}`];

export const NS = 'shop';
const MARK = 'reroot.dev/rolled-for';

/** One workload of the fake; its pods are made anew with each roll, or one by one by evictions (`OnDelete`). */
export interface FakeWorkload {
  kind: 'Deployment' | 'DaemonSet';
  name: string;
  generation: number;
  annotations: Record<string, string>;
  mark?: string;
  /** What restarts an operator's, in its template. */
  restartedAt?: string;
  owner?: V1OwnerReference;
  /** Who has written its template, as its managedFields say. */
  manager?: string;
  pods: FakePod[];
}

export interface FakePod {
  name: string;
  /** PEM that its proxy was started with; absent: it has no proxy. */
  anchors?: string;
  ready: boolean;
  /** ISO 8601: it is being deleted and should have been gone by then. */
  deletedAt?: string;
}

export interface FakeNamespace {
  workloads: Map<string, FakeWorkload>;
  /** Their controllers are gone, and their pods are still there. */
  orphans: FakeWorkload[];
  /** Pods that somebody has made by hand. */
  strays: V1Pod[];
  /** Ready replicas of the injector; with none, new pods have no proxy. */
  injectors: number;
  /** What new pods are started with; empty: they come without a proxy. */
  injects: string;
  /** Names of what was patched, in this order. */
  patched: string[];
  evicted: string[];
  /** Called before a patch or an eviction is carried out; throws what the API server would answer. */
  onPatch(name: string): void;
  onEvict(pod: string): void;
  /** Called with each list of workloads. */
  onLook(): void;
  k8s: Kubernetes;
}

export function workload(name: string, change: Partial<FakeWorkload> = {}): FakeWorkload {
  const pods = [0, 1].map((index) => ({ name: `${name}-${index}`, anchors: OLD, ready: true }));
  return { kind: 'Deployment', name, generation: 1, annotations: {}, pods, ...change };
}

export function fakeNamespace(...workloads: FakeWorkload[]): FakeNamespace {
  const fake: FakeNamespace = {
    workloads: new Map(workloads.map((one) => [one.name, one])),
    orphans: [],
    strays: [],
    injectors: 1,
    injects: NEW,
    patched: [],
    evicted: [],
    onPatch: () => undefined,
    onEvict: () => undefined,
    onLook: () => undefined,
    k8s: {} as Kubernetes,
  };
  const nothing = () => Promise.resolve({ items: [] });
  const apps = {
    listNamespacedDeployment: () => {
      fake.onLook();
      return Promise.resolve({ items: [...fake.workloads.values()].filter(isA('Deployment')).map(deployment) });
    },
    listNamespacedDaemonSet: () =>
      Promise.resolve({ items: [...fake.workloads.values()].filter(isA('DaemonSet')).map(daemonSet) }),
    listNamespacedStatefulSet: nothing,
    listNamespacedReplicaSet: () =>
      Promise.resolve({
        items: [...fake.workloads.values(), ...fake.orphans].filter(isA('Deployment')).map(replicaSet),
      }),
    readNamespacedDeployment: () => Promise.resolve({ status: { readyReplicas: fake.injectors } }),
    patchNamespacedDeployment: async ({ name, body }: { name: string; body: PatchOperation[] }) => {
      fake.onPatch(name);
      const found = fake.workloads.get(name);
      if (!found) throw refusal('NotFound', 404, `deployments.apps "${name}" not found`);
      fake.patched.push(name);
      roll(found, body, injection(fake));
      return await Promise.resolve({});
    },
  };
  const core = {
    listNamespacedPod: () =>
      Promise.resolve({
        items: [
          ...[...fake.workloads.values(), ...fake.orphans].flatMap((one) => one.pods.flatMap(podOf(one))),
          ...fake.strays,
        ],
      }),
    listNamespacedReplicationController: nothing,
    createNamespacedPodEviction: async ({ name }: { name: string }) => {
      fake.onEvict(name);
      fake.evicted.push(name);
      for (const { pods } of fake.workloads.values())
        for (const pod of pods) if (pod.name === name) inject(pod, `${name}-new`, injection(fake));
      return await Promise.resolve({});
    },
  };
  const batch = { listNamespacedCronJob: nothing };
  const custom = { getAPIResources: () => Promise.resolve({ resources: [] }) };
  const forAll = (api: object): object => {
    const inAll = (name: string) => name.replace(/^listNamespaced(.*)$/, 'list$1ForAllNamespaces');
    const calls = Object.entries(api).map(([name, call]): [string, unknown] => [inAll(name), call]);
    return { ...api, ...Object.fromEntries(calls) };
  };
  fake.k8s = { apps: forAll(apps), core: forAll(core), batch: forAll(batch), custom } as unknown as Kubernetes;
  return fake;
}

/** What the API server answers. */
export function refusal(kind: KubernetesErrorKind, status: number, message: string): KubernetesError {
  return new KubernetesError({ kind, status, request: 'patchNamespacedDeployment', message });
}

/** Phase `trust`, as a step reads it. */
export function trustPhase(): PhaseContext {
  return {
    linkerd: { namespace: 'linkerd', rules: { environmentServed: true } },
    target: { ...target(), root: { ...target().root, fingerprint: wanted.certificate.fingerprint } },
    requirement: trustsTarget,
    evidence: { anchors: true, leaf: false },
    row: { templates: 'none' },
    wanted: [],
    roots: [],
  } as unknown as PhaseContext;
}

/** How a fake is rolled. */
export interface FakeRoll {
  rollout?: Partial<ReinjectInput['settings']['rollout']>;
  retry?: number;
  proveFirst?: boolean;
  undone?: UndoneRolls;
  /** What an earlier try has reported last. */
  reported?: Partial<NamespaceProgress>;
  until?: string;
}

type Rolled = ReinjectResult & Pick<ReinjectNamespacesResult, 'stopped' | 'closed'> & { seen: NamespaceProgress[] };

/** Rolls the fake's namespace in phase `trust`, by itself. */
export async function rollFake(fake: FakeNamespace, change: FakeRoll = {}): Promise<Rolled> {
  const input: ReinjectInput = { ...inputOf(change), namespace: NS };
  const { result, seen } = await run(change.reported, async (dependencies) => {
    return await rollNamespace(dependencies(fake), trustPhase(), input);
  });
  return { ...(result as ReinjectResult), seen: seen as NamespaceProgress[] };
}

/** The same as one of many namespaces; without a canary, unless the change says so. */
export async function rollFakeAmongOthers(fake: FakeNamespace, change: FakeRoll = {}): Promise<Rolled> {
  const { settings, ...rest } = inputOf(change);
  const rollout = { ...settings.rollout, canary: 'none' as const, maxStragglers: { count: 100 }, ...change.rollout };
  const input: ReinjectNamespacesInput = {
    ...{ ...rest, settings: { ...settings, rollout } },
    waves: [['nothing-here'], [NS]],
    ...present({ until: change.until }),
  };
  const { result, seen } = await run(change.reported, async (dependencies) => {
    return await rollWaves(dependencies(fake), trustPhase(), input);
  });
  const { stragglers, stopped, closed, ...progress } = result as ReinjectNamespacesResult;
  const own = (one: RolloutProgress): NamespaceProgress => ({
    ...one.shown.find(({ namespace }) => namespace === NS)!,
    ...present({ undone: one.undone }),
  });
  return { ...own(progress), stragglers, ...present({ stopped, closed }), seen: (seen as RolloutProgress[]).map(own) };
}

function inputOf(change: FakeRoll): Omit<ReinjectInput, 'namespace'> {
  const { settings, ...rest } = request({ strategy: 'standard' });
  return {
    ...rest,
    settings: {
      ...settings,
      timing: { ...settings.timing, poll: 5 },
      rollout: { ...settings.rollout, ...change.rollout },
    },
    linkerdNamespace: 'linkerd',
    phase: 'trust',
    waivers: [],
    retry: change.retry ?? 0,
    ...(change.proveFirst ? { proveFirst: true } : {}),
    ...present({ undone: change.undone }),
  };
}

async function run(
  reported: unknown,
  work: (dependencies: (fake: FakeNamespace) => Dependencies) => Promise<unknown>,
): Promise<{ result: unknown; seen: unknown[] }> {
  const environment = new MockActivityEnvironment(
    { heartbeatDetails: reported },
    { logger: new DefaultLogger('ERROR') },
  );
  const seen: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => void seen.push(details));
  const dependencies = ({ k8s }: FakeNamespace) => ({ k8s, prober: { concurrency: 8 } }) as unknown as Dependencies;
  return { result: await environment.run(async () => await work(dependencies)), seen };
}

function isA(wantedKind: FakeWorkload['kind']) {
  return ({ kind }: FakeWorkload) => kind === wantedKind;
}

/** Undefined: new pods come without a proxy. */
function injection({ injectors, injects }: FakeNamespace): string | undefined {
  return injectors > 0 && injects ? injects : undefined;
}

function roll(of: FakeWorkload, body: readonly PatchOperation[], injected: string | undefined): void {
  of.generation += 1;
  for (const operation of body) {
    const annotation = operation.path.split('/').at(-1)?.replaceAll('~1', '/') ?? '';
    if (!('value' in operation) || typeof operation.value !== 'string') continue;
    if (operation.path.startsWith('/metadata/')) of.annotations[annotation] = operation.value;
    else if (annotation === MARK) of.mark = operation.value;
    else if (annotation === RESTARTED_AT) of.restartedAt = operation.value;
  }
  for (const pod of of.pods) inject(pod, `${pod.name}-${of.generation}`, injected);
}

function inject(pod: FakePod, name: string, injected: string | undefined): void {
  pod.name = name;
  if (injected) pod.anchors = injected;
  else delete pod.anchors;
}

function metadataOf({ name, generation, annotations, owner, manager }: FakeWorkload): V1ObjectMeta {
  const fieldsV1 = { 'f:spec': { 'f:template': {} } };
  return {
    name,
    namespace: NS,
    uid: `uid-${name}`,
    generation,
    annotations: { ...annotations },
    ...(owner ? { ownerReferences: [owner] } : {}),
    ...(manager ? { managedFields: [{ manager, fieldsV1 }] } : {}),
  };
}

function templateOf({ mark, restartedAt }: FakeWorkload) {
  return { metadata: { annotations: present({ [MARK]: mark, [RESTARTED_AT]: restartedAt }) } };
}

function deployment(of: FakeWorkload): V1Deployment {
  const replicas = of.pods.length;
  const availableReplicas = of.pods.filter(({ ready }) => ready).length;
  return {
    metadata: metadataOf(of),
    spec: { replicas, selector: {}, template: templateOf(of) },
    status: { observedGeneration: of.generation, replicas, updatedReplicas: replicas, availableReplicas },
  };
}

function daemonSet(of: FakeWorkload): V1DaemonSet {
  const desiredNumberScheduled = of.pods.length;
  return {
    metadata: metadataOf(of),
    spec: { selector: {}, template: templateOf(of), updateStrategy: { type: 'OnDelete' } },
    status: {
      observedGeneration: of.generation,
      desiredNumberScheduled,
      currentNumberScheduled: desiredNumberScheduled,
      numberMisscheduled: 0,
      numberReady: 0,
      numberAvailable: of.pods.filter(({ ready }) => ready).length,
    },
  };
}

/** The one of a Deployment; its pods are of it. */
function replicaSet({ name }: FakeWorkload): { metadata: V1ObjectMeta } {
  const metadata = { name: `${name}-1`, namespace: NS, uid: `uid-${name}-1` };
  return { metadata: { ...metadata, ownerReferences: [ownedBy('Deployment', name)] } };
}

export function ownedBy(kind: string, name: string, uid = `uid-${name}`, apiVersion = 'apps/v1'): V1OwnerReference {
  return { apiVersion, controller: true, kind, name, uid };
}

/** A pod that falls short and that nobody's controller has made, whatever it says of itself. */
export function stray(
  name: string,
  claims: Pick<V1ObjectMeta, 'labels' | 'ownerReferences'>,
  anchors: string | undefined = OLD,
): V1Pod {
  const env = [{ name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', value: anchors ?? '' }];
  return {
    metadata: { ...claims, name, namespace: NS, uid: `uid-${name}-${anchors === OLD ? 'old' : 'new'}` },
    spec: { containers: [{ name: 'linkerd-proxy', env }] },
    status: { podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function podOf({ kind, name: owner }: FakeWorkload) {
  return ({ name, anchors, ready, deletedAt }: FakePod): V1Pod[] => {
    if (anchors === undefined) return []; // without a proxy it has no label of the mesh either
    const proxy: V1Container = {
      name: 'linkerd-proxy',
      env: [{ name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', value: anchors }],
    };
    return [
      {
        metadata: {
          name,
          namespace: NS,
          uid: `uid-${name}`,
          ownerReferences: [
            kind === 'Deployment' ? ownedBy('ReplicaSet', `${owner}-1`) : ownedBy(kind, owner), // as its controller writes
          ],
          ...(deletedAt ? { deletionTimestamp: new Date(deletedAt) } : {}),
        },
        spec: { containers: [proxy] },
        status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      },
    ];
  };
}
