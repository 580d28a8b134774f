import { setTimeout as sleep } from 'node:timers/promises';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { Repository } from './repository.js';

/**
 * What Argo CD does with `selfHeal` and server-side apply, and no more: the cluster gets what HEAD says, every two seconds,
 * whoever wrote what in between. Its marks are Argo CD's (argo-cd, "Resource Tracking", "Server-Side Apply").
 */

export const CONTROLLER = 'argocd-controller';
const TRACKING = 'argocd.argoproj.io/tracking-id';
const APPLICATION = 'mesh';
const EVERY_MS = 2000;

/** An object as a manifest has it. */
export interface Manifest {
  apiVersion: string;
  kind: 'ConfigMap' | 'Secret';
  type?: string;
  metadata: { name: string; namespace: string; annotations?: Record<string, string> };
  data: Record<string, string>;
}

export interface GitController {
  /** HEAD is in the cluster. */
  synced(): Promise<void>;
  /** It lets the objects go: what it has marked and owned is nobody's any more. */
  stop(): Promise<void>;
}

export function startGitController(k8s: Kubernetes, repository: Repository, everyMs = EVERY_MS): GitController {
  const stopping = new AbortController();
  let lastError: unknown;
  const sync = async (): Promise<void> => {
    for (const text of Object.values(await repository.head()))
      for (const manifest of manifestsIn(text)) await apply(k8s, manifest);
  };
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await sync().catch((error: unknown) => (lastError = error)); // as a controller does, it tries again
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    synced: sync,
    stop: async () => {
      stopping.abort();
      await loop;
      for (const text of Object.values(await repository.head()))
        for (const manifest of manifestsIn(text)) await letGo(k8s, manifest);
      if (lastError instanceof Error) process.stderr.write(`Git controller: ${lastError.message}\n`);
    },
  };
}

export function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

async function apply(k8s: Kubernetes, manifest: Manifest): Promise<void> {
  const { kind, metadata } = manifest;
  const { name, namespace } = metadata;
  const annotations = { ...metadata.annotations, [TRACKING]: `${APPLICATION}:/${kind}:${namespace}/${name}` };
  const body = { ...manifest, metadata: { ...metadata, annotations } };
  const request = { name, namespace, body, fieldManager: CONTROLLER, force: true };
  const asApply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  if (kind === 'Secret') await k8s.core.patchNamespacedSecret(request, asApply);
  else await k8s.core.patchNamespacedConfigMap(request, asApply);
}

/** As `argocd app delete --cascade=false` does, and without a trace of who has written it. */
async function letGo({ core }: Kubernetes, { kind, metadata: { name, namespace } }: Manifest): Promise<void> {
  const request = { name, namespace };
  const { metadata } =
    kind === 'Secret' ? await core.readNamespacedSecret(request) : await core.readNamespacedConfigMap(request);
  const { [TRACKING]: _, ...annotations } = metadata?.annotations ?? {};
  const others = (metadata?.managedFields ?? []).filter(({ manager }) => manager !== CONTROLLER);
  const body = [
    { op: 'add', path: '/metadata/annotations', value: annotations },
    // a list of one empty entry strips them all (Kubernetes, "Server-Side Apply", "Clearing managedFields")
    { op: 'replace', path: '/metadata/managedFields', value: others.length > 0 ? others : [{}] },
  ];
  if (kind === 'Secret') await core.patchNamespacedSecret({ ...request, body });
  else await core.patchNamespacedConfigMap({ ...request, body });
}
