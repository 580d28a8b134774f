import type { KubernetesObject } from '../cluster/objects.js';
import type { App } from './app.js';
import { isTeam, scaledApps } from './scaled-apps.js';

/** Sample applications: what a small shop runs, meshed and not. */

type ShopSize = 'large' | 'demo' | 'small' | 'none';

/** `scale:3000`: that many meshed pods. */
export type AppsSize = ShopSize | `scale:${number}`;

const DEMO: readonly App[] = [
  { namespace: 'shop', kind: 'Deployment', name: 'web', replicas: 4 },
  { namespace: 'shop', kind: 'Deployment', name: 'cart', replicas: 3 },
  { namespace: 'shop', kind: 'Deployment', name: 'checkout', replicas: 3 },
  { namespace: 'shop', kind: 'StatefulSet', name: 'sessions', replicas: 3 },
  { namespace: 'shop', kind: 'Deployment', name: 'debug-tools', replicas: 1, inject: 'disabled' },
  { namespace: 'payments', kind: 'Deployment', name: 'api', replicas: 4 },
  { namespace: 'payments', kind: 'Deployment', name: 'ledger', replicas: 2 },
  { namespace: 'payments', kind: 'StatefulSet', name: 'journal', replicas: 3 },
  { namespace: 'catalog', kind: 'Deployment', name: 'search', replicas: 4 },
  { namespace: 'catalog', kind: 'Deployment', name: 'images', replicas: 3 },
  { namespace: 'catalog', kind: 'StatefulSet', name: 'index', replicas: 2 },
  { namespace: 'logging', kind: 'DaemonSet', name: 'collector' },
  { namespace: 'logging', kind: 'Deployment', name: 'gateway', replicas: 2 },
  { namespace: 'orders', kind: 'Deployment', name: 'intake', replicas: 3, inject: 'enabled' },
  { namespace: 'orders', kind: 'Deployment', name: 'workers', replicas: 4, inject: 'enabled' },
  { namespace: 'orders', kind: 'Deployment', name: 'legacy-import', replicas: 1 },
  { namespace: 'batch', kind: 'Deployment', name: 'runner', replicas: 3 },
];

const SMALL: readonly App[] = [
  { namespace: 'shop', kind: 'Deployment', name: 'web', replicas: 3 },
  { namespace: 'shop', kind: 'StatefulSet', name: 'sessions', replicas: 2 },
  { namespace: 'payments', kind: 'Deployment', name: 'api', replicas: 3 },
];

/** For benchmarks: 320 meshed pods of 42 workloads in 6 namespaces. */
const LARGE: readonly App[] = [
  ...['shop', 'payments', 'catalog', 'accounts', 'delivery'].flatMap((namespace) => team(namespace)),
  { namespace: 'logging', kind: 'DaemonSet', name: 'collector' },
  { namespace: 'logging', kind: 'Deployment', name: 'gateway', replicas: 6 },
];

/** 62 pods. */
function team(namespace: string): App[] {
  return [
    { namespace, kind: 'Deployment', name: 'web', replicas: 14 },
    { namespace, kind: 'Deployment', name: 'api', replicas: 12 },
    { namespace, kind: 'Deployment', name: 'workers', replicas: 12 },
    { namespace, kind: 'Deployment', name: 'cache', replicas: 8 },
    { namespace, kind: 'Deployment', name: 'mail', replicas: 4 },
    { namespace, kind: 'Deployment', name: 'reports', replicas: 4 },
    { namespace, kind: 'StatefulSet', name: 'store', replicas: 5 },
    { namespace, kind: 'StatefulSet', name: 'queue', replicas: 3 },
  ];
}

/** Namespaces whose annotation asks for injection; in `orders` the templates do, `batch` is not meshed. */
const MESHED_NAMESPACES = ['shop', 'payments', 'catalog', 'logging', 'accounts', 'delivery'];

const APPS: Record<ShopSize, readonly App[]> = { large: LARGE, demo: DEMO, small: SMALL, none: [] };

function appsOf(size: AppsSize): readonly App[] {
  const pods = /^scale:(\d+)$/.exec(size)?.[1];
  return pods === undefined ? APPS[size as ShopSize] : scaledApps(Number(pods));
}

function isMeshed(namespace: string): boolean {
  return MESHED_NAMESPACES.includes(namespace) || isTeam(namespace);
}

export function appObjects(size: AppsSize): KubernetesObject[] {
  const apps = appsOf(size);
  const namespaces = [...new Set(apps.map(({ namespace }) => namespace))];
  return [
    ...namespaces.map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        ...(isMeshed(name) ? { annotations: { 'linkerd.io/inject': 'enabled' } } : {}),
      },
    })),
    ...apps.map(({ namespace, name }) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } })),
    ...apps.map(workload),
  ];
}

/** Pods of these apps that will have a proxy; DaemonSets have one on each node. */
export function meshedPodCount(size: AppsSize, nodes: number): number {
  return appsOf(size)
    .filter(({ namespace, inject }) => inject === 'enabled' || (inject === undefined && isMeshed(namespace)))
    .reduce((sum, { replicas }) => sum + (replicas ?? nodes), 0);
}

function workload({ namespace, kind, name, replicas, inject }: App): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, ...(inject ? { annotations: { 'linkerd.io/inject': inject } } : {}) },
        spec: {
          serviceAccountName: name,
          // never left to kwok, which deletes by name alone (cluster/kwok.ts): the next pod has the same name
          ...(kind === 'StatefulSet' ? { terminationGracePeriodSeconds: 0 } : {}),
          containers: [{ name: 'app', image: 'example.invalid/app', resources: { requests: { cpu: '10m' } } }],
        },
      },
    },
  };
}
