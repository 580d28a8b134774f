import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import pMap from 'p-map';
import { parseAllDocuments } from 'yaml';
import { FAKE_NODE } from './kwok.js';
import type { Network } from './network.js';
import { CHECKOUT } from './paths.js';

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** Who wrote an object, as the API server notes it: what is played is `linkerd install | kubectl apply -f -`. */
const MANAGER = 'kubectl-client-side-apply';

/** Creates objects, some at a time; namespaces first, because others are in them. */
export async function createObjects(kubeconfig: string, objects: readonly KubernetesObject[]): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const early = objects.filter(({ kind }) => kind === 'Namespace');
  const late = objects.filter(({ kind }) => kind !== 'Namespace');
  for (const group of [early, late]) {
    await pMap(group, async (object) => await api.create(object as never, undefined, undefined, MANAGER), {
      concurrency: 8,
    });
  }
}

export const NODES = 4;

/**
 * Fake nodes; each gives its pods addresses of its own quarter of the sandbox's network. kwok does not end where the addresses do: it
 * goes on in the quarter of the next node.
 */
export function nodeObjects({ net }: Network): KubernetesObject[] {
  return Array.from({ length: NODES }, (_, index) => {
    const cidr = `127.${net}.${index * 64}.0/18`;
    const resources = { cpu: '1000', memory: '1000Gi', pods: '11000' };
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: `node-${index + 1}`,
        annotations: FAKE_NODE,
        labels: {
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'kubernetes.io/hostname': `node-${index + 1}`,
        },
      },
      spec: { podCIDR: cidr, podCIDRs: [cidr] },
      status: { allocatable: resources, capacity: resources },
    };
  });
}

/** What is in the namespaces of cert-manager. */
const OF_CERT_MANAGER = 'cert-manager-renew.yaml';

/**
 * Everything in deploy, for its own user: RBAC, also what only some need, the policy and the objects made beforehand.
 * @param renamed Secrets of cert-manager that have other names, as somebody writes them into the files; undefined: there is no cert-manager
 */
export function permissionObjects(renamed?: Readonly<Record<string, string>>): KubernetesObject[] {
  const folder = path.join(CHECKOUT, 'deploy');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files
    .filter(
      (file) =>
        file !== 'kustomization.yaml' && !file.startsWith('chart') && (renamed || !file.endsWith(OF_CERT_MANAGER)),
    )
    .flatMap((file) =>
      parseAllDocuments(withNames(readFileSync(path.join(folder, file), 'utf8'), renamed)).map(
        (document) => document.toJS() as KubernetesObject,
      ),
    );
}

/** Where Secrets are named: in the rules of a Role, and in the policy. */
function withNames(text: string, renamed: Readonly<Record<string, string>> = {}): string {
  return Object.entries(renamed).reduce(
    (changed, [name, other]) =>
      changed
        .replaceAll(`'secrets/${name}'`, `'secrets/${other}'`)
        .replaceAll(
          /(resources: \[secrets\]\n +resourceNames: )(.+)/g,
          (_, before: string, names: string) => before + names.replace(name, other),
        ),
    text,
  );
}
