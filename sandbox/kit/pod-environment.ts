import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { V1EnvVar, V1SecretVolumeSource } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { readAccess } from '../../src/kubernetes/access/access.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { PlayedPod } from './pod-facts.js';

/**
 * What a container would have, for a process of this machine: its variables, the files of its Secrets, the token of its ServiceAccount.
 * Addresses and paths in variables are made to fit: `0.0.0.0` is the pod's own address, a mounted folder is one in `folder`.
 */
export interface PodEnvironment {
  env: Record<string, string>;
  /** Asks for another token before this one ends. Absent: the pod has none. */
  refresh?: () => Promise<void>;
}

/** Whoever plays the kubelet. */
export interface Kubelet {
  k8s: Kubernetes;
  adminKubeconfig: string;
}

const TOKEN_SECONDS = 3600;
/** A kubelet asks again when four fifths of the time are over. */
export const REFRESH_AFTER_MS = TOKEN_SECONDS * 800;

/** @throws Error when a Secret that the pod names is not there (a kubelet's CreateContainerConfigError) */
export async function podEnvironment(kubelet: Kubelet, pod: PlayedPod, folder: string): Promise<PodEnvironment> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const folders = await writeMounts(kubelet, pod, folder);
  const { hostname, port } = new URL(kubelet.k8s.server);
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder },
    ...(await variablesOf(kubelet, pod, folders)),
    ...{ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  };
  const { serviceAccount } = pod;
  if (serviceAccount === undefined) return { env };
  const refresh = async () => await writeToken(kubelet, { ...pod, serviceAccount }, folder);
  await refresh();
  return { env: { ...env, KUBECONFIG: writeKubeconfig(kubelet, folder) }, refresh };
}

async function variablesOf(
  { k8s }: Kubelet,
  pod: PlayedPod,
  folders: ReadonlyMap<string, string>,
): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const variable of pod.env) {
    const value = await valueOf(k8s, pod, variable);
    variables[variable.name] = fitted(value, pod.address, folders);
  }
  return variables;
}

async function valueOf(k8s: Kubernetes, { namespace, ...pod }: PlayedPod, variable: V1EnvVar): Promise<string> {
  const { value = '', valueFrom } = variable;
  if (!valueFrom) return value;
  const { secretKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef)
    return (await secretKey(k8s, namespace, { ...secretKeyRef, name: secretKeyRef.name ?? '' })).toString();
  const fields: Record<string, string> = {
    ...{
      'metadata.name': pod.name,
      'metadata.namespace': namespace,
      'metadata.uid': pod.uid,
      'status.podIP': pod.address,
    },
  };
  const field = fields[fieldRef?.fieldPath ?? ''];
  if (field === undefined) throw new Error(`this kubelet does not know ${JSON.stringify(valueFrom)}`);
  return field;
}

async function secretKey(k8s: Kubernetes, namespace: string, at: { name: string; key: string }): Promise<Buffer> {
  const { data } = await k8s.core.readNamespacedSecret({ namespace, name: at.name });
  const found = data?.[at.key];
  if (found === undefined) throw new Error(`Secret ${at.name} has no key ${at.key}`);
  return Buffer.from(found, 'base64');
}

/** @returns folders of this machine, by the path in the container */
async function writeMounts(
  { k8s }: Kubelet,
  { namespace, mounts }: PlayedPod,
  folder: string,
): Promise<Map<string, string>> {
  const folders = new Map<string, string>();
  for (const { path: inside, volume } of mounts) {
    if (!volume.secret && !volume.emptyDir) continue; // the token, which a kubeconfig brings
    const target = path.join(folder, volume.name);
    mkdirSync(target, { recursive: true, mode: 0o700 });
    folders.set(inside, target);
    if (volume.secret) await writeSecret(k8s, namespace, { secret: volume.secret, target });
  }
  return folders;
}

async function writeSecret(
  k8s: Kubernetes,
  namespace: string,
  { secret: { secretName: name = '', items = [] }, target }: { secret: V1SecretVolumeSource; target: string },
): Promise<void> {
  if (items.length === 0) throw new Error('this kubelet mounts Secrets by their keys alone');
  for (const { key, path: file } of items)
    writeFileSync(path.join(target, file), await secretKey(k8s, namespace, { name, key }), { mode: 0o600 });
}

function fitted(value: string, address: string, folders: ReadonlyMap<string, string>): string {
  for (const [inside, outside] of folders)
    if (value.startsWith(`${inside}/`)) return outside + value.slice(inside.length);
  return value.replace(/^0\.0\.0\.0:/, `${address}:`);
}

/** A token of the pod's ServiceAccount, bound to the pod: it ends with it. */
async function writeToken(
  { k8s }: Kubelet,
  { uid, name, namespace, serviceAccount }: PlayedPod & { serviceAccount: string },
  folder: string,
): Promise<void> {
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
  const body = { spec: { audiences: [], expirationSeconds: TOKEN_SECONDS, boundObjectRef } };
  const request = { name: serviceAccount, namespace, body };
  const { status } = await k8s.core.createNamespacedServiceAccountToken(request);
  const file = tokenFile(folder);
  writeFileSync(`${file}.new`, status?.token ?? '', { mode: 0o600 });
  renameSync(`${file}.new`, file); // whoever reads it reads all of it
}

function tokenFile(folder: string): string {
  return path.join(folder, 'token');
}

/** The token's file is read again and again, as in a pod. */
function writeKubeconfig({ adminKubeconfig }: Kubelet, folder: string): string {
  const { cluster } = readAccess({ kubeconfig: adminKubeconfig });
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'pod',
    clusters: [{ name: 'pod', cluster: { server: cluster.server, 'certificate-authority-data': cluster.caData } }],
    users: [{ name: 'pod', user: { tokenFile: tokenFile(folder) } }],
    contexts: [{ name: 'pod', context: { cluster: 'pod', user: 'pod' } }],
  };
  const file = path.join(folder, 'kubeconfig');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}
