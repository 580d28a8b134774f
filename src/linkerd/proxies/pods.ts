import type { V1Container, V1ContainerStatus, V1EnvVar, V1Pod, V1PodCondition } from '@kubernetes/client-node';
import { boundedCache } from '../../ground/bounded-cache.js';
import type { WorkloadRef } from '../../ground/mesh.js';
import { LONGEST_NAME, plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { templateAnchors } from '../layouts/template.js';
import { MARK_ANNOTATION } from '../../kubernetes/own-names.js';
import {
  ADMIN_ADDRESS_VARIABLE,
  ADMIN_PORT,
  ADMIN_PORT_NAME,
  ANCHORS_VARIABLE,
  COMPONENT_LABEL,
  IDENTITY_DISABLED_VARIABLE,
  IDENTITY_VARIABLE,
  PROXY_CONTAINER,
  TRUST_ROOTS,
} from '../names.js';
import { workloadOf } from './pod-owner.js';

/** Waiting is usual for a container whose turn has not come. */
const USUAL_REASONS = /^(PodInitializing|ContainerCreating)$/;

/** What is kept of a meshed pod: enough to probe it and to find its workload. */
export interface MeshedPod {
  namespace: string;
  name: string;
  uid: string;
  address?: string;
  /** Its other addresses, where it has several (dual stack). */
  otherAddresses?: string[];
  /** Absent: the usual one. */
  adminPort?: number;
  /** Name in the leaf, and the SNI that the proxy's admin port answers to. */
  identity?: string;
  component?: string;
  ready: boolean;
  terminating: boolean;
  /** ISO 8601: when it should have been gone, with the grace that it was given. */
  deletedAt?: string;
  /** ISO 8601. */
  createdAt?: string;
  mark?: string;
  workload: WorkloadRef;
  /** PEM of the anchors when the pod carries it literally: fixed at container start, so what the process has. */
  literalAnchors?: string;
  /** Its anchors come from the ConfigMap of the trust roots, as it was when the container was started. */
  anchorsFromBundle: boolean;
  /** When the running container of the proxy was started; whole seconds. Absent while none runs. */
  startedAt?: Date;
  /** PEM of the anchors that the identity process next to the proxy was started with, where the pod carries them. */
  identityAnchors?: string;
  /** Why the scheduler or kubelet cannot start it, in their words. */
  pendingBecause?: string;
  /** Milliseconds from its creation to its readiness. */
  startMs?: number;
  /** Its proxy has no identity: it presents nothing to anybody, and trusts nobody. */
  identityOff?: true;
  /** All its own containers have ended for good: only the proxy runs on. */
  onlyProxy?: true;
}

/**
 * What is kept of a pod.
 * @returns undefined for pods without a proxy and for pods that have ended
 */
export function readMeshedPod(pod: V1Pod): MeshedPod | undefined {
  const proxy = proxyContainer(pod);
  if (!proxy || hasEnded(pod)) return undefined;
  const metadata = pod.metadata ?? {};
  const { namespace = '', name = '', uid = '', labels = {}, annotations = {} } = metadata;
  return {
    namespace,
    name,
    uid,
    ready: readyCondition(pod) !== undefined,
    terminating: metadata.deletionTimestamp !== undefined,
    workload: workloadOf(metadata),
    ...anchorsOf(pod, proxy),
    ...addressesOf(pod, proxy),
    ...peculiaritiesOf(pod, proxy),
    ...present({
      identity: said(expandedIdentity(pod, proxy), LONGEST_NAME),
      component: labels[COMPONENT_LABEL],
      mark: said(annotations[MARK_ANNOTATION]),
      startedAt: proxyStart(pod),
      pendingBecause: said(pendingReason(pod)),
      startMs: startTime(pod),
      deletedAt: isoTime(metadata.deletionTimestamp),
      createdAt: isoTime(metadata.creationTimestamp),
    }),
  };
}

/** What the pod itself says. */
function said(text: string | undefined, most?: number): string | undefined {
  return text === undefined ? undefined : plain(text, most);
}

/** Where its proxy is reached. */
function addressesOf(
  { status, spec }: V1Pod,
  proxy: V1Container,
): Pick<MeshedPod, 'address' | 'otherAddresses' | 'adminPort'> {
  const others = (status?.podIPs ?? []).flatMap(({ ip }) => (ip && ip !== status?.podIP ? [ip] : []));
  return present({
    address: status?.podIP,
    otherAddresses: others.length > 0 ? others : undefined,
    adminPort: spec?.hostNetwork ? undefined : adminPortOf(proxy),
  });
}

/**
 * Where its proxy listens, as the injector has written it for annotation `config.linkerd.io/admin-port`: the variable is what the
 * process reads, the name of a port what people see. A pod may so choose a port of its own, and none of the node's: not on the host's
 * network.
 */
function adminPortOf({ env, ports }: V1Container): number | undefined {
  const listens = /:(\d{1,5})$/.exec(lastValue(env, ADMIN_ADDRESS_VARIABLE)?.value ?? '')?.[1];
  const port = Number(listens ?? ports?.find(({ name }) => name === ADMIN_PORT_NAME)?.containerPort ?? ADMIN_PORT);
  return port !== ADMIN_PORT && isPort(port) ? port : undefined;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

function isoTime(time: Date | undefined): string | undefined {
  return time && new Date(time).toISOString();
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function peculiaritiesOf(pod: V1Pod, proxy: V1Container): Pick<MeshedPod, 'identityOff' | 'onlyProxy'> {
  return {
    ...(hasNoIdentity(proxy) ? { identityOff: true } : {}),
    ...(isOnlyProxy(pod) ? { onlyProxy: true } : {}),
  };
}

function hasNoIdentity({ env }: V1Container): boolean {
  return Boolean(lastValue(env, IDENTITY_DISABLED_VARIABLE)?.value);
}

/** Containers that are not started again: `Never`, or `OnFailure` and they have not failed (Kubernetes, "Pod Lifecycle"). */
function isOnlyProxy({ spec, status }: V1Pod): boolean {
  const own = (status?.containerStatuses ?? []).filter(({ name }) => name !== PROXY_CONTAINER);
  const { restartPolicy = 'Always' } = spec ?? {};
  if (own.length === 0 || restartPolicy === 'Always') return false;
  return own.every(({ state }) => state?.terminated && (restartPolicy === 'Never' || state.terminated.exitCode === 0));
}

/** Bytes of the texts that are kept to be shared. */
const SHARED_TEXTS = 256_000;
const texts = boundedCache<string>(SHARED_TEXTS);

/** Most pods of a mesh have the same: ten thousand of them keep one text. */
function sameText(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, text, text.length * 2);
  return text;
}

type PodAnchors = Pick<MeshedPod, 'literalAnchors' | 'anchorsFromBundle' | 'identityAnchors'>;

/** From where the processes of a pod have their anchors, as its own specification says. */
function anchorsOf(pod: V1Pod, proxy: V1Container): PodAnchors {
  const variable = lastValue(proxy.env, ANCHORS_VARIABLE);
  const literalAnchors = variable?.value ? sameText(variable.value) : undefined;
  return {
    anchorsFromBundle: literalAnchors === undefined && variable?.valueFrom?.configMapKeyRef?.name === TRUST_ROOTS,
    ...present({
      literalAnchors,
      identityAnchors: templateAnchors(pod).find(({ container }) => container === 'identity')?.pem,
    }),
  };
}

function readyCondition({ status }: V1Pod): V1PodCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** A pod with a container that was started anew has been ready before: since when it is says nothing of its start. */
function startTime(pod: V1Pod): number | undefined {
  if (containerStatuses(pod).some(({ restartCount }) => restartCount > 0)) return undefined;
  const ready = readyCondition(pod)?.lastTransitionTime;
  const created = pod.metadata?.creationTimestamp;
  return ready && created && new Date(ready).getTime() - new Date(created).getTime();
}

/** The proxy is an ordinary container, or a native sidecar among the init containers (default from Linkerd 2.20). */
export function proxyContainer(pod: Pick<V1Pod, 'spec'>): V1Container | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find((container) => container.name === PROXY_CONTAINER);
}

function proxyStart(pod: V1Pod): Date | undefined {
  const startedAt = containerStatuses(pod).find(({ name }) => name === PROXY_CONTAINER)?.state?.running?.startedAt;
  return startedAt && new Date(startedAt);
}

function containerStatuses({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

/** The last occurrence counts, as in the process (`config.linkerd.io/proxy-additional-env` can append one). */
export function lastValue(env: readonly V1EnvVar[] | undefined, name: string): V1EnvVar | undefined {
  return env?.findLast((variable) => variable.name === name);
}

/** Characters: a tenant writes the template and what it refers to, and each may be named any number of times. */
const LONGEST_TEMPLATE = 1024;
const REFERENCE = /\$\(([-._A-Za-z0-9]{1,253})\)/g;

/** The name that the proxy asks identity for, with its references to other variables resolved (kubelet's `$(NAME)`). */
function expandedIdentity(pod: V1Pod, proxy: V1Container): string | undefined {
  const template = lastValue(proxy.env, IDENTITY_VARIABLE)?.value;
  if (template === undefined || template.length > LONGEST_TEMPLATE) return undefined;
  const variables: Record<string, string | undefined> = {
    _pod_sa: pod.spec?.serviceAccountName ?? 'default',
    _pod_ns: pod.metadata?.namespace,
  };
  return template.replaceAll(REFERENCE, (whole, name: string) => {
    const value = variables[name] ?? lastValue(proxy.env, name)?.value ?? whole;
    return value.length > LONGEST_NAME ? whole : value;
  });
}

function pendingReason(pod: V1Pod): string | undefined {
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return unscheduled ? (unscheduled.message ?? unscheduled.reason) : waitingReason(pod);
}

function waitingReason(pod: V1Pod): string | undefined {
  for (const { name, state } of containerStatuses(pod)) {
    const reason = state?.waiting?.reason;
    if (reason && !USUAL_REASONS.test(reason)) return `container ${name}: ${reason}`;
  }
  return undefined;
}
