import type { V1ObjectMeta, V1OwnerReference, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import { workloadName } from '../../../../src/ground/mesh.js';
import { listMeshedPods } from '../../../../src/linkerd/proxies/list-pods.js';
import { readMeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { isWaived } from '../../../../src/rotation/findings.js';
import { UNFIT } from '../../hostile.js';

const spec = { containers: [{ name: 'linkerd-proxy' }] };

describe('a meshed pod', () => {
  it('says when it was made, and when it should be gone', () => {
    const creationTimestamp = new Date('2026-01-01T00:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', creationTimestamp }, spec })).toMatchObject({
      terminating: false,
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    const deletionTimestamp = new Date('2026-01-01T01:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', deletionTimestamp }, spec })).toMatchObject({
      terminating: true,
      deletedAt: '2026-01-01T01:00:00.000Z',
    });
  });
});

describe('where a proxy is reached', () => {
  const seen = (proxy: object, more: object = {}) =>
    readMeshedPod({ metadata: { name: 'x' }, spec: { containers: [{ name: 'linkerd-proxy', ...proxy }], ...more } })
      ?.adminPort;
  const listens = (value: string) => ({ env: [{ name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value }] });
  const named = (containerPort: number) => ({ ports: [{ name: 'linkerd-admin', containerPort }] });

  it.each<[string, object, number | undefined]>([
    ['the usual port', { ...listens('0.0.0.0:4191'), ...named(4191) }, undefined],
    ['another port', { ...listens('0.0.0.0:4999'), ...named(4999) }, 4999],
    ['another port of IPv6', listens('[::]:4999'), 4999],
    ['a port that has a name', named(5000), 5000],
    ['what the process reads, whatever is named', { ...listens('0.0.0.0:4999'), ...named(5000) }, 4999],
    ['the last of several', { env: [...listens('0.0.0.0:1').env, ...listens('0.0.0.0:4999').env] }, 4999],
    ['no port at all', listens('0.0.0.0'), undefined],
    ['port 0', listens('0.0.0.0:0'), undefined],
    ['a port that cannot be', listens('0.0.0.0:65536'), undefined],
    ['a port of another container', { env: [] }, undefined],
  ])('%s', (_what, proxy, port) => {
    expect(seen(proxy)).toBe(port);
  });
  it('on the host network it is none of the ports of the node', () => {
    expect(seen(listens('0.0.0.0:10250'), { hostNetwork: true })).toBeUndefined();
  });
  it('at each of its addresses', () => {
    const status = { podIP: 'fd00::5', podIPs: [{ ip: 'fd00::5' }, { ip: '10.0.0.5' }] };
    expect(readMeshedPod({ metadata: { name: 'x' }, spec, status })).toMatchObject({
      address: 'fd00::5',
      otherAddresses: ['10.0.0.5'],
    });
  });
});

describe('the proxy of a meshed pod', () => {
  const off = { name: 'LINKERD2_PROXY_IDENTITY_DISABLED', value: 'disabled' };
  it('has no identity where that is switched off (until Linkerd 2.11)', () => {
    const read = (env: { name: string; value?: string }[]) =>
      readMeshedPod({ spec: { containers: [{ name: 'linkerd-proxy', env }] } })?.identityOff;
    expect(read([off])).toBe(true);
    expect(read([])).toBeUndefined();
    expect(read([off, { name: off.name, value: '' }])).toBeUndefined();
  });

  const ended = (exitCode: number) => ({ terminated: { exitCode } });
  const running = { running: {} };
  it.each<[string, boolean | undefined, string, (object | undefined)[]]>([
    ['runs on alone when all others have ended', true, 'Never', [ended(0), ended(1)]],
    ['runs on alone when they have succeeded and are started again only when they fail', true, 'OnFailure', [ended(0)]],
    ['does not where one has failed and is started again', undefined, 'OnFailure', [ended(0), ended(1)]],
    ['does not where one runs', undefined, 'Never', [ended(0), running]],
    ['does not where they are always started again', undefined, 'Always', [ended(0)]],
    ['does not where nothing is known of the others', undefined, 'Never', []],
  ])('%s', (_what, only, restartPolicy, states) => {
    const statuses = [
      ...states.map((state, index) => ({ name: `main-${index}`, state })),
      { name: 'linkerd-proxy', state: running },
    ];
    const status = { phase: 'Running', containerStatuses: statuses } as unknown as NonNullable<V1Pod['status']>;
    expect(readMeshedPod({ spec: { ...spec, restartPolicy }, status })?.onlyProxy).toBe(only);
  });
});

describe('what a tenant may have written into a pod', () => {
  const owned = (owner: { kind: string; name: string }) =>
    readMeshedPod({
      metadata: {
        ...{ name: 'web-1', namespace: 'shop' },
        ownerReferences: [{ ...owner, apiVersion: 'v1', uid: 'u', controller: true }],
      },
      spec,
    })?.workload;

  it('is its owner where there can be such an object', () => {
    expect(owned({ kind: 'StatefulSet', name: 'web' })).toMatchObject({ kind: 'StatefulSet', name: 'web', uid: 'u' });
    expect(owned({ kind: 'Foo2', name: 'web.v1' })).toMatchObject({ kind: 'Foo2', name: 'web.v1' });
  });
  it.each([
    ['a kind with a name in it, that a waiver of that name would cover', { kind: 'Deployment/web', name: 'x' }],
    ['a name with another in it', { kind: 'Deployment', name: 'web/x' }],
    ['escape sequences', { kind: 'Deployment', name: '\u001B[2Jweb' }],
    ['a link', { kind: '[approve](https://evil.example)', name: 'web' }],
    ['a kind of many lines', { kind: 'Job\n## done', name: 'web' }],
    ['a name of 1.5 MB', { kind: 'Deployment', name: 'x'.repeat(1_500_000) }],
    ['a kind of 1.5 MB', { kind: 'X'.repeat(1_500_000), name: 'web' }],
  ])('is no owner with %s: the pod stands for itself', (_what, owner) => {
    const workload = owned(owner);
    expect(workload).toEqual({ namespace: 'shop', kind: 'Pod', name: 'web-1' });
    const waivers = [{ subject: 'shop/Deployment/web', reason: 'r' }];
    expect(
      isWaived({ kind: 'workload', name: workloadName(workload ?? { namespace: '', kind: '', name: '' }) }, waivers),
    ).toBe(false);
  });
  it.each([
    [
      'a template without end',
      [{ name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME', value: '$('.repeat(500_000) }],
      undefined,
    ],
    [
      'a value that is named again and again',
      [
        { name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME', value: '$(A)'.repeat(200) },
        { name: 'A', value: 'x'.repeat(500_000) },
      ],
      '$(A)',
    ],
  ])('costs nothing as an identity with %s', (_what, env, begins) => {
    const started = performance.now();
    const identity = readMeshedPod({
      metadata: { name: 'web-1' },
      spec: { containers: [{ name: 'linkerd-proxy', env }] },
    })?.identity;
    expect(performance.now() - started).toBeLessThan(500);
    expect(identity?.slice(0, 4)).toBe(begins);
    expect((identity ?? '').length).toBeLessThan(2000);
  });
  it('comes in as plain text of bounded length', () => {
    const said = '\u001B[2J\n# Done \u202E'.repeat(1000);
    const pod = readMeshedPod({
      metadata: { name: 'web-1', namespace: 'shop', annotations: { 'reroot.dev/rolled-for': said } },
      spec: {
        containers: [
          { name: 'linkerd-proxy', env: [{ name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME', value: said.slice(0, 900) }] },
        ],
      },
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: said }] },
    });
    for (const text of [pod?.pendingBecause, pod?.mark, pod?.identity]) {
      expect(text).not.toMatch(UNFIT);
      expect(text).not.toContain('\n');
      expect(text?.length).toBeLessThanOrEqual(253);
      expect(text).toContain('# Done');
    }
  });
});

const by = (kind: string, name: string, uid: string, apiVersion = 'apps/v1'): V1OwnerReference => ({
  ...{ kind, name, uid, apiVersion },
  controller: true,
});

/** ReplicaSets of the cluster: of Deployment `web`, of identity, of a Rollout, of nobody, of an operator. */
const REPLICA_SETS: V1ObjectMeta[] = [
  { namespace: 'shop', name: 'web-6d4', uid: 'rs-web', ownerReferences: [by('Deployment', 'web', 'd-web')] },
  {
    namespace: 'shop',
    name: 'canary-7',
    uid: 'rs-canary',
    ownerReferences: [by('Rollout', 'canary', 'r-canary', 'argoproj.io/v1alpha1')],
  },
  { namespace: 'shop', name: 'alone', uid: 'rs-alone' },
  { namespace: 'shop', name: 'op-1', uid: 'rs-op', ownerReferences: [by('Machine', 'op', 'm-op', 'example.com/v1')] },
  {
    namespace: 'linkerd',
    name: 'linkerd-identity-5',
    uid: 'rs-identity',
    ownerReferences: [by('Deployment', 'linkerd-identity', 'd-identity')],
  },
  { namespace: 'linkerd', name: 'other-5', uid: 'rs-other', ownerReferences: [by('Deployment', 'other', 'd-other')] },
];

async function listed(metadata: V1ObjectMeta, pod: V1Pod['spec'] = spec) {
  const replicaSets = async ({ namespace }: { namespace?: string }) =>
    await Promise.resolve({
      items: REPLICA_SETS.filter((set) => !namespace || set.namespace === namespace).map((set) => ({ metadata: set })),
    });
  const k8s = {
    core: {
      listPodForAllNamespaces: async () =>
        await Promise.resolve({ items: [{ metadata: { namespace: 'shop', name: 'x-1', ...metadata }, spec: pod }] }),
    },
    apps: { listNamespacedReplicaSet: replicaSets, listReplicaSetForAllNamespaces: replicaSets },
  };
  const [found] = await listMeshedPods(k8s as unknown as Kubernetes, 'linkerd');
  return found;
}

describe('the workload of a pod', () => {
  const workload = async (ownerReferences: V1OwnerReference[], labels: Record<string, string> = {}) => {
    const { kind = '', name = '', uid } = (await listed({ ownerReferences, labels }))?.workload ?? {};
    return [`${kind}/${name}`, uid];
  };
  it.each<[string, V1OwnerReference, [string, string | undefined]]>([
    ['a Deployment', by('ReplicaSet', 'web-6d4', 'rs-web'), ['Deployment/web', 'd-web']],
    ['an Argo Rollout', by('ReplicaSet', 'canary-7', 'rs-canary'), ['Rollout/canary', 'r-canary']],
    ['a ReplicaSet', by('ReplicaSet', 'called-otherwise', 'rs-alone'), ['ReplicaSet/alone', 'rs-alone']],
    ['a ReplicaSet of an operator', by('ReplicaSet', 'op-1', 'rs-op'), ['ReplicaSet/op-1', 'rs-op']],
    ['a StatefulSet', by('StatefulSet', 'db', 'ss-db'), ['StatefulSet/db', 'ss-db']],
    ['a DaemonSet', by('DaemonSet', 'agent', 'ds-agent'), ['DaemonSet/agent', 'ds-agent']],
    ['a ReplicationController', by('ReplicationController', 'old', 'rc', 'v1'), ['ReplicationController/old', 'rc']],
    ['an operator of its own', by('Kafka', 'k', 'kafka', 'example.com/v1'), ['Kafka/k', 'kafka']],
    ['an operator’s Deployment', by('Deployment', 'd', 'x', 'example.com/v1'), ['Deployment/d', 'x']],
    ['a Job', by('Job', 'migrate', 'j', 'batch/v1'), ['Job/migrate', 'j']],
    ['a node', by('Node', 'node-1', 'n', 'v1'), ['StaticPod/x-1', undefined]],
  ])('is found by uid: %s', async (_what, reference, expected) => {
    expect(await workload([reference])).toEqual(expected);
  });
  it('is the CronJob that its label names, where its Job is named for it', async () => {
    const labels = { 'linkerd.io/proxy-cronjob': 'nightly' };
    expect(await workload([by('Job', 'nightly-29', 'j', 'batch/v1')], labels)).toEqual(['CronJob/nightly', undefined]);
    expect(await workload([by('Job', 'migrate', 'j', 'batch/v1')], labels)).toEqual(['Job/migrate', 'j']);
    expect(await workload([], labels)).toEqual(['Pod/x-1', undefined]);
  });

  it.each<[string, V1OwnerReference[]]>([
    ['its label', []],
    ['the name of its ReplicaSet alone', [by('ReplicaSet', 'web-6d4', 'made-up')]],
    ['a ReplicaSet of another namespace', [by('ReplicaSet', 'linkerd-identity-5', 'rs-identity')]],
    ['a Deployment as its owner, though no Deployment has pods of its own', [by('Deployment', 'web', 'd-web')]],
    ['a Rollout as its owner', [by('Rollout', 'canary', 'r-canary', 'argoproj.io/v1alpha1')]],
    ['a CronJob as its owner', [by('CronJob', 'nightly', 'c', 'batch/v1')]],
    ['an owner that does not control it', [{ ...by('ReplicaSet', 'web-6d4', 'rs-web'), controller: false }]],
  ])('is the pod itself where all it has to show is %s', async (_what, references) => {
    expect(await workload(references, { 'linkerd.io/proxy-deployment': 'web' })).toEqual(['Pod/x-1', undefined]);
  });
});

describe('a component of the control plane', () => {
  const component = async (metadata: V1ObjectMeta) =>
    (await listed({ labels: { 'linkerd.io/control-plane-component': 'identity' }, ...metadata }))?.component;
  const ofIdentity = [by('ReplicaSet', 'linkerd-identity-5', 'rs-identity')];

  it('is one in Linkerd’s own namespace, and identity is what its Deployment runs', async () => {
    expect(await component({ namespace: 'linkerd', ownerReferences: ofIdentity })).toBe('identity');
    const labels = { 'linkerd.io/control-plane-component': 'destination' };
    expect(await component({ namespace: 'linkerd', labels })).toBe('destination');
  });
  it.each<[string, V1ObjectMeta]>([
    ['in another namespace', { namespace: 'payments' }],
    ['in another namespace that names the owner', { namespace: 'payments', ownerReferences: ofIdentity }],
    ['in Linkerd’s namespace without an owner', { namespace: 'linkerd' }],
    [
      'of another Deployment there',
      { namespace: 'linkerd', ownerReferences: [by('ReplicaSet', 'other-5', 'rs-other')] },
    ],
  ])('is no identity pod %s', async (_what, metadata) => {
    expect(await component(metadata)).toBeUndefined();
  });
  it('alone tells the anchors of an identity process: a container of that name elsewhere is somebody’s own', async () => {
    const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
    const container = { name: 'identity', args: [`-identity-trust-anchors-pem=${encode(pem)}`] };
    const pod = { containers: [...spec.containers, container] };
    const labels = { 'linkerd.io/control-plane-component': 'identity' };
    expect(await listed({ namespace: 'payments', labels }, pod)).not.toHaveProperty('identityAnchors');
    const own = await listed({ namespace: 'linkerd', labels, ownerReferences: ofIdentity }, pod);
    expect(own?.identityAnchors).toContain('BEGIN CERTIFICATE');
  });
});
