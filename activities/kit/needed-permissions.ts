import type { Permission } from '../../src/kubernetes/permissions.js';
import { KINDS } from '../../src/kubernetes/workload-kinds.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import type { Reach } from '../../src/linkerd/proxies/reach.js';
import { IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT, ISSUER_SECRET } from '../../src/linkerd/names.js';
import { LEASE, REPORT_CONFIGMAP, ROOT_SECRET, ROTATION_SECRET } from '../../src/records/names.js';

/** What decides which permissions a rotation needs beside those that all need. */
export interface Circumstances {
  reach: Reach;
  /** The input allows evictions. */
  deletePods: boolean;
  /** The cluster has Argo Rollouts. */
  rollouts: boolean;
}

/** Every permission a rotation uses, with the phase that uses it; deploy/rbac.yaml grants the same. */
export function neededPermissions(linkerd: Linkerd, { reach, deletePods, rollouts }: Circumstances): Permission[] {
  const { namespace } = linkerd;
  const core = (verb: string, resource: string, neededFor: string, more: Partial<Permission> = {}): Permission => ({
    verb,
    group: '',
    resource,
    neededFor,
    ...more,
  });
  const apps = (verb: string, resource: string, neededFor: string): Permission => ({
    verb,
    group: 'apps',
    resource,
    neededFor,
  });
  const secrets = [ISSUER_SECRET, ROTATION_SECRET, ROOT_SECRET, ...storedIn(linkerd, 'Secret')];
  const configMaps = [REPORT_CONFIGMAP, ...storedIn(linkerd, 'ConfigMap')];
  const unique = (names: string[]) => [...new Set(names)];
  return [
    core('list', 'namespaces', 'every phase'),
    core('get', 'namespaces', 'knowing the cluster', { name: 'kube-system' }),
    core('list', 'pods', 'every gate'),
    core('create', 'pods', 'the injection rehearsal (dry run)'),
    ...(reach === 'port-forward'
      ? [
          core('get', 'pods', 'probing proxies', { subresource: 'portforward' }),
          core('create', 'pods', 'probing proxies', { subresource: 'portforward' }),
        ]
      : []),
    core('list', 'events', 'issue', { namespace }),
    ...Object.values(KINDS)
      .filter(({ custom }) => !custom || rollouts)
      .flatMap(({ group, plural }) =>
        ['list', 'patch'].map((verb) => ({ verb, group, resource: plural, neededFor: 'trust, renew, retire' })),
      ),
    ...(deletePods ? [core('create', 'pods', '`rollout.deletePods`', { subresource: 'eviction' })] : []),
    ...[IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT].map((name) => ({
      ...apps('get', 'deployments', 'preflight'),
      namespace,
      name,
    })),
    ...unique(secrets).flatMap((name) =>
      ['get', 'patch'].map((verb) => core(verb, 'secrets', 'generate, trust, issue, retire', { namespace, name })),
    ),
    core('create', 'secrets', 'generate', { namespace }),
    core('delete', 'secrets', 'finish', { namespace, name: ROTATION_SECRET }),
    ...unique(configMaps).flatMap((name) =>
      ['get', 'patch'].map((verb) => core(verb, 'configmaps', 'trust, retire, finish', { namespace, name })),
    ),
    core('create', 'configmaps', 'finish', { namespace }),
    ...['get', 'update', 'delete'].map((verb) => lease(verb, { namespace, name: LEASE })),
    lease('create', { namespace }),
    {
      verb: 'list',
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      neededFor: 'preflight',
    },
  ];
}

function storedIn(linkerd: Linkerd, kind: 'Secret' | 'ConfigMap'): string[] {
  return linkerd.anchors.filter((location) => location.kind === kind).map(({ name }) => name);
}

function lease(verb: string, more: Partial<Permission>): Permission {
  return { verb, group: 'coordination.k8s.io', resource: 'leases', neededFor: 'keeping other rotations out', ...more };
}
