import type {
  V1Container,
  V1EnvVar,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1Probe,
  V1Volume,
} from '@kubernetes/client-node';

/** What a kubelet reads of a pod, with Kubernetes' defaults put in. */
export interface PlayedPod {
  uid: string;
  name: string;
  namespace: string;
  /** Empty: it is not bound to a node yet, or has none. */
  address: string;
  deleting: boolean;
  graceMs: number;
  args: readonly string[];
  env: readonly V1EnvVar[];
  ports: ReadonlyMap<string, number>;
  probes: Pick<V1Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'>;
  /** Paths in the container, with what is mounted there. */
  mounts: readonly { path: string; volume: V1Volume }[];
  /** Absent: the pod has no token. */
  serviceAccount?: string;
}

export function playedPod({ metadata = {}, spec = { containers: [] }, status = {} }: V1Pod): PlayedPod {
  return { ...identityOf(metadata), ...containerOf(spec), ...lifeOf(metadata, spec), address: addressOf(spec, status) };
}

function identityOf({ uid = '', name = '', namespace = '' }: V1ObjectMeta) {
  return { uid, name, namespace };
}

function addressOf({ nodeName }: V1PodSpec, { podIP = '' }: V1PodStatus): string {
  return nodeName ? podIP : '';
}

function lifeOf({ deletionTimestamp, deletionGracePeriodSeconds }: V1ObjectMeta, spec: V1PodSpec) {
  const grace = deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  return { deleting: deletionTimestamp !== undefined, graceMs: grace * 1000 };
}

function containerOf({
  containers,
  volumes = [],
  serviceAccountName = 'default',
  automountServiceAccountToken,
}: V1PodSpec) {
  const container = own(containers);
  const { args = [], env = [], ports = [] } = container;
  return {
    ...{ args, env, probes: container, mounts: mountsOf(container, volumes) },
    ports: new Map(ports.map(({ name = '', containerPort }) => [name, containerPort])),
    ...(automountServiceAccountToken === false ? {} : { serviceAccount: serviceAccountName }),
  };
}

/** The container that is no proxy. */
function own(containers: readonly V1Container[]): V1Container {
  const found = containers.find(({ name }) => name !== 'linkerd-proxy');
  if (!found) throw new Error('a pod without a container');
  return found;
}

function mountsOf({ volumeMounts = [] }: V1Container, volumes: readonly V1Volume[]): PlayedPod['mounts'] {
  return volumeMounts.flatMap(({ name, mountPath }) => {
    const volume = volumes.find((each) => each.name === name);
    return volume ? [{ path: mountPath, volume }] : [];
  });
}

/** A probe's numbers, with Kubernetes' defaults. */
export function timesOf({ periodSeconds = 10, failureThreshold = 3, timeoutSeconds = 1 }: V1Probe) {
  return { periodMs: periodSeconds * 1000, failures: failureThreshold, timeoutMs: timeoutSeconds * 1000 };
}
