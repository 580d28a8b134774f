import type { V1Container, V1EnvVar, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { COMPONENT_LABEL, CONTROL_PLANE_NS_LABEL, INJECT_ANNOTATION } from '../names.js';
import { proxyContainer } from './pods.js';

/** Newest pods of a namespace among which shapes are looked for. */
const LOOKED_AT = 50;
/** Shapes of a namespace that are tried: each of another workload. */
const SHAPES = 3;

/** Containers that the injector adds (linkerd2 pkg/inject, charts/partials/templates). */
const INJECTED_CONTAINER = /^linkerd-(?:proxy|init|network-validator|debug)$/;
/** Volumes that the injector, and the API server for a ServiceAccount, add. */
const INJECTED_VOLUME = /^(?:linkerd-(?:identity|proxy|tls)-|kube-api-access-)/;
/** What says of a pod whose it is, or what its proxy is to be: anchors may be among the additional variables. */
const FOREIGN_ANNOTATION =
  /^(?:linkerd\.io\/|reroot\.dev\/|kubectl\.kubernetes\.io\/|config\.linkerd\.io\/proxy-additional-env$)/;
const FOREIGN_LABEL = /^linkerd\.io\//;

/** What admission looks at, and what the API server does not compute by itself: no node, no priority, no overhead. */
const KEPT = [
  'affinity',
  'dnsConfig',
  'dnsPolicy',
  'enableServiceLinks',
  'hostAliases',
  'hostUsers',
  'imagePullSecrets',
  'nodeSelector',
  'os',
  'priorityClassName',
  'readinessGates',
  'resourceClaims',
  'restartPolicy',
  'runtimeClassName',
  'schedulerName',
  'securityContext',
  'shareProcessNamespace',
  'terminationGracePeriodSeconds',
  'tolerations',
  'topologySpreadConstraints',
] as const satisfies readonly (keyof V1PodSpec)[];

const GENERATE_NAME = 'reroot-rehearsal-';

/** Modest enough for the `restricted` pod security level. */
export function samplePod(): V1Pod {
  return {
    metadata: {
      generateName: GENERATE_NAME,
      annotations: { [INJECT_ANNOTATION]: 'enabled' },
    },
    spec: {
      automountServiceAccountToken: true,
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'rehearsal',
          image: 'reroot.invalid/never-pulled',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/**
 * Meshed pods of a namespace, newest first, each of another workload. What admission let in once is what it asks for.
 * @throws KubernetesError
 */
export async function meshedPodsOf({ core }: Pick<Kubernetes, 'core'>, namespace: string): Promise<V1Pod[]> {
  const labelSelector = `${CONTROL_PLANE_NS_LABEL},!${COMPONENT_LABEL}`;
  const { items } = await core.listNamespacedPod({ namespace, labelSelector, limit: LOOKED_AT });
  const alive = items.filter((pod) => proxyContainer(pod) && !pod.metadata?.deletionTimestamp);
  const newest = new Map<string, V1Pod>();
  for (const pod of alive.toSorted((one, other) => createdAt(other) - createdAt(one)))
    if (!newest.has(ownerOf(pod))) newest.set(ownerOf(pod), pod);
  return [...newest.values()].slice(0, SHAPES);
}

function createdAt({ metadata }: V1Pod): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}

function ownerOf({ metadata }: V1Pod): string {
  return metadata?.ownerReferences?.[0]?.uid ?? metadata?.name ?? '';
}

/**
 * A new pod of the shape that a meshed one has: its images, labels, resources, security context, probes, volumes. Nothing that
 * the injector added, nothing that it does (command, arguments), and no value of a variable: that may be a password.
 * @param inItsNamespace there, its ServiceAccount exists
 */
export function borrowedPod({ metadata = {}, spec }: V1Pod, inItsNamespace: boolean): V1Pod {
  const own = spec ?? { containers: [] };
  const volumes = (own.volumes ?? []).filter(({ name }) => !INJECTED_VOLUME.test(name));
  const names = volumes.map(({ name }) => name);
  const shaped = (containers: readonly V1Container[]) =>
    containers.filter(({ name }) => !INJECTED_CONTAINER.test(name)).map((container) => shapeOf(container, names));
  return {
    metadata: {
      generateName: GENERATE_NAME,
      labels: without(metadata.labels, FOREIGN_LABEL),
      annotations: { ...without(metadata.annotations, FOREIGN_ANNOTATION), [INJECT_ANNOTATION]: 'enabled' },
    },
    spec: {
      ...pick(own),
      automountServiceAccountToken: true, // without, the injector skips it (linkerd2 pkg/inject/report.go)
      ...(inItsNamespace && own.serviceAccountName ? { serviceAccountName: own.serviceAccountName } : {}),
      volumes,
      initContainers: shaped(own.initContainers ?? []),
      containers: shaped(own.containers),
    },
  };
}

function pick(spec: V1PodSpec): Partial<V1PodSpec> {
  return Object.fromEntries(KEPT.filter((key) => spec[key] !== undefined).map((key) => [key, spec[key]]));
}

function shapeOf(container: V1Container, volumes: readonly string[]): V1Container {
  const { command: _command, args: _args, lifecycle: _lifecycle, ...shape } = container;
  const { env, volumeMounts } = container;
  return {
    ...shape,
    ...(env ? { env: env.map(withoutValue) } : {}),
    ...(volumeMounts ? { volumeMounts: volumeMounts.filter(({ name }) => volumes.includes(name)) } : {}),
  };
}

function withoutValue({ name, valueFrom }: V1EnvVar): V1EnvVar {
  return valueFrom ? { name, valueFrom } : { name };
}

function without(map: Record<string, string> = {}, keys: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.test(key)));
}
