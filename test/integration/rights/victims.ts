import type { V1PodTemplateSpec } from '@kubernetes/client-node';

/** Workloads that are tried: one of each kind, with nothing that runs. */

/** A kind of workload, and where its template is. */
export interface Target {
  kind: string;
  /** Of the API server, for example `apis/apps/v1`. */
  api: string;
  plural: string;
  template: string;
  replicas: boolean;
}

export const NAMESPACE = 'hostile';

export const TARGETS: readonly Target[] = [
  { kind: 'Deployment', api: 'apis/apps/v1', plural: 'deployments', template: '/spec/template', replicas: true },
  { kind: 'StatefulSet', api: 'apis/apps/v1', plural: 'statefulsets', template: '/spec/template', replicas: true },
  { kind: 'DaemonSet', api: 'apis/apps/v1', plural: 'daemonsets', template: '/spec/template', replicas: false },
  { kind: 'ReplicaSet', api: 'apis/apps/v1', plural: 'replicasets', template: '/spec/template', replicas: true },
  {
    kind: 'ReplicationController',
    api: 'api/v1',
    plural: 'replicationcontrollers',
    template: '/spec/template',
    replicas: true,
  },
  {
    kind: 'CronJob',
    api: 'apis/batch/v1',
    plural: 'cronjobs',
    template: '/spec/jobTemplate/spec/template',
    replicas: false,
  },
];

export const ROLLOUT: Target = {
  kind: 'Rollout',
  api: 'apis/argoproj.io/v1alpha1',
  plural: 'rollouts',
  template: '/spec/template',
  replicas: true,
};

export function collection({ api, plural }: Target, namespace = NAMESPACE): string {
  return `/${api}/namespaces/${namespace}/${plural}`;
}

export const ANCHORS = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';

/** A pod with everything that reroot may change in one, and with what it may not. */
export function podTemplate(): V1PodTemplateSpec {
  return {
    metadata: {
      labels: { app: 'victim' },
      annotations: { 'example.invalid/theirs': 'theirs', 'linkerd.io/inject': 'disabled' },
    },
    spec: {
      initContainers: [{ name: 'first', image: 'example.invalid/first', env: [{ name: 'A', value: '1' }] }],
      containers: [
        { name: 'app', image: 'example.invalid/app', args: ['-identity-trust-anchors-pem=app'], command: ['app'] },
        {
          name: 'linkerd-proxy',
          image: 'example.invalid/proxy',
          env: [
            { name: 'FIRST', value: '1' },
            { name: ANCHORS, value: 'old' },
            { name: 'LINKERD2_PROXY_LOG', value: 'warn' },
          ],
        },
        {
          name: 'identity',
          image: 'example.invalid/identity',
          args: ['identity', '-identity-trust-anchors-pem=old', '-identity-trust-domain=cluster.local'],
          env: [{ name: 'LINKERD2_IDENTITY_TRUST_ANCHORS', value: 'old' }],
        },
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  };
}

/** The workload that is tried: none of its pods ever runs. */
export function victim(target: Target): object {
  const { kind, api, plural } = target;
  return {
    apiVersion: api.replace(/^apis?\//, ''),
    kind,
    metadata: {
      name: 'victim',
      namespace: NAMESPACE,
      labels: { app: plural },
      annotations: { 'example.invalid/theirs': 'theirs' },
    },
    spec: specOf(target),
  };
}

function specOf({ kind, replicas }: Target): object {
  const { spec, ...template } = podTemplate();
  if (kind === 'CronJob') {
    const run = { ...template, spec: { ...spec, restartPolicy: 'Never' } };
    return { schedule: '0 3 1 1 *', jobTemplate: { spec: { template: run } } };
  }
  return {
    selector: kind === 'ReplicationController' ? { app: 'victim' } : { matchLabels: { app: 'victim' } },
    template: { ...template, spec: { ...spec, nodeSelector: { no: 'node' } } },
    ...(replicas ? { replicas: 0 } : {}),
    ...(kind === 'StatefulSet' ? { serviceName: 'victim' } : {}),
  };
}

/** A pod that runs nothing good. */
export function pod(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'evil-' },
    spec: { containers: [{ name: 'evil', image: 'example.invalid/evil' }] },
  };
}
