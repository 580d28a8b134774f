import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { borrowedPod, meshedPodsOf } from '../../../../src/linkerd/proxies/rehearsal-pod.js';

/** As the injector, the API server and the kubelet have left it. */
const LIVE: V1Pod = {
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u',
    labels: {
      app: 'web',
      team: 'blue',
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/proxy-deployment': 'web',
    },
    annotations: {
      'linkerd.io/inject': 'ingress',
      'linkerd.io/proxy-version': 'edge',
      'config.linkerd.io/proxy-cpu-limit': '1',
      'config.linkerd.io/proxy-additional-env': '[{"name":"LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"}]',
      'reroot.dev/rolled-for': 'abc-trust',
      owner: 'blue',
    },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }],
  },
  spec: {
    nodeName: 'node-1',
    priority: 7,
    priorityClassName: 'high',
    serviceAccountName: 'web',
    securityContext: { runAsNonRoot: true },
    initContainers: [{ name: 'linkerd-init' }, { name: 'linkerd-proxy' }, { name: 'migrate', image: 'corp/migrate' }],
    containers: [
      {
        name: 'app',
        image: 'corp/web',
        command: ['web', '--password=secret'],
        args: ['secret'],
        env: [
          { name: 'PASSWORD', value: 'secret' },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'web', key: 'token' } } },
        ],
        resources: { limits: { cpu: '1' } },
        livenessProbe: { httpGet: { path: '/', port: 80 } },
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'kube-api-access-abcde', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
        ],
      },
    ],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'kube-api-access-abcde', projected: {} },
      { name: 'linkerd-identity-end-entity', emptyDir: {} },
      { name: 'linkerd-identity-token', projected: {} },
      { name: 'linkerd-proxy-init-xtables-lock', emptyDir: {} },
    ],
  },
  status: { phase: 'Running' },
};

describe('a pod of the shape of a meshed one', () => {
  it('has what admission looks at', () => {
    expect(borrowedPod(LIVE, true)).toEqual({
      metadata: {
        generateName: 'reroot-rehearsal-',
        labels: { app: 'web', team: 'blue' },
        annotations: { owner: 'blue', 'config.linkerd.io/proxy-cpu-limit': '1', 'linkerd.io/inject': 'enabled' },
      },
      spec: {
        priorityClassName: 'high',
        automountServiceAccountToken: true,
        serviceAccountName: 'web',
        securityContext: { runAsNonRoot: true },
        initContainers: [{ name: 'migrate', image: 'corp/migrate' }],
        containers: [
          {
            name: 'app',
            image: 'corp/web',
            env: [{ name: 'PASSWORD' }, { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'web', key: 'token' } } }],
            resources: { limits: { cpu: '1' } },
            livenessProbe: { httpGet: { path: '/', port: 80 } },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', emptyDir: {} }],
      },
    });
  });
  it('has no ServiceAccount of another namespace, and nothing that may be a password', () => {
    const pod = borrowedPod(LIVE, false);
    expect(pod.spec).not.toHaveProperty('serviceAccountName');
    expect(JSON.stringify(pod)).not.toMatch(/"secret"|password=/);
  });
});

describe('the pods whose shape is borrowed', () => {
  const of = (name: string, owner: string, day: number, more: V1Pod['metadata'] = {}): V1Pod => ({
    ...LIVE,
    metadata: {
      ...more,
      name,
      creationTimestamp: new Date(2026, 0, day),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner }],
    },
  });
  it('are the newest of some workloads, and none that is going', async () => {
    const items = [
      of('a', 'web', 1),
      of('b', 'web', 5),
      of('c', 'api', 3),
      of('d', 'mail', 9, { deletionTimestamp: new Date() }),
    ];
    const core = { listNamespacedPod: () => Promise.resolve({ items }) } as unknown as CoreV1Api;
    expect((await meshedPodsOf({ core }, 'shop')).map(({ metadata }) => metadata?.name)).toEqual(['b', 'c']);
  });
});
