import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PatchStrategy, setHeaderOptions, type V1ObjectMeta } from '@kubernetes/client-node';
import type { RotationInput } from '../../src/rotation/input.js';
import {
  createDefinition,
  createObject,
  type Definition,
  deleteDefinition,
  type StoredObject,
} from '../integration/custom-resources.js';
import { k8s } from '../integration/support.js';
import { preflight, type PreflightSaid } from './row.js';

/** What rows change in the shared mesh, and put back. */

export const TRUST_ROOTS = { kind: 'ConfigMap', name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' } as const;
export const ISSUER = { kind: 'Secret', name: 'linkerd-identity-issuer', key: 'crt.pem' } as const;

type Target = typeof TRUST_ROOTS | typeof ISSUER;

/** While it lasts, a field manager owns a label of an object, and a key unless it is to own that label alone, by server-side apply. */
export async function ownedBy<T>(
  manager: string,
  { kind, name, key }: Target,
  work: () => Promise<T>,
  what: 'key' | 'label' = 'key',
): Promise<T> {
  const { data = {} } = await read({ kind, name });
  const owned = { metadata: { labels: { team: 'mesh' } }, ...(what === 'key' ? { data: { [key]: data[key] } } : {}) };
  await apply(manager, { kind, name }, owned);
  try {
    return await work();
  } finally {
    await apply(manager, { kind, name }, {}); // it owns nothing any more; what others own stays
  }
}

interface Applied {
  metadata?: V1ObjectMeta;
  data?: object;
}

async function read({ kind, name }: Pick<Target, 'kind' | 'name'>): Promise<{ data?: Record<string, string> }> {
  const request = { name, namespace: 'linkerd' };
  return kind === 'Secret'
    ? await k8s.core.readNamespacedSecret(request)
    : await k8s.core.readNamespacedConfigMap(request);
}

async function apply(manager: string, { kind, name }: Pick<Target, 'kind' | 'name'>, what: Applied): Promise<void> {
  const body = { apiVersion: 'v1', kind, ...what, metadata: { name, namespace: 'linkerd', ...what.metadata } };
  const request = { name, namespace: 'linkerd', fieldManager: manager, force: true, body };
  const asApply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  if (kind === 'Secret') await k8s.core.patchNamespacedSecret(request, asApply);
  else await k8s.core.patchNamespacedConfigMap(request, asApply);
}

/** While it lasts, an object has this metadata beside its own. */
export async function withMetadata<T>(
  { kind, name }: Target,
  metadata: Pick<V1ObjectMeta, 'annotations' | 'labels' | 'ownerReferences'>,
  work: () => Promise<T>,
): Promise<T> {
  await apply('kubectl', { kind, name }, { metadata });
  try {
    return await work();
  } finally {
    await apply('kubectl', { kind, name }, {});
  }
}

/** While it lasts, the cluster has these resources and objects. */
export async function withObjects<T>(
  made: readonly { definition: Definition; objects: readonly StoredObject[] }[],
  work: (created: StoredObject[]) => Promise<T>,
): Promise<T> {
  const created: StoredObject[] = [];
  try {
    for (const { definition, objects } of made) {
      await createDefinition(definition);
      for (const object of objects) created.push(await createObject(definition, object));
    }
    return await work(created);
  } finally {
    for (const { definition } of made) await deleteDefinition(definition).catch(() => undefined);
  }
}

/** Preflight of a rotation with this input. */
export async function preflightWith(input: RotationInput): Promise<PreflightSaid> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reroot-row-'));
  try {
    const file = path.join(folder, 'input.json');
    await writeFile(file, JSON.stringify(input));
    return await preflight(['-f', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
