import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, KubernetesObjectApi, PatchStrategy, type V1ObjectMeta } from '@kubernetes/client-node';
import { decode } from '../../src/kubernetes/base64.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { readBundle } from '../../src/pki/bundle.js';
import { LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';
import { CERT_MANAGER_NAMESPACE, SOURCE_LABEL } from './names.js';
import type { CertManagerInstall } from './options.js';

/** Who is seen to write the trust roots. */
export interface Syncer {
  /** As the API server notes it. */
  manager: string;
  metadata: Pick<V1ObjectMeta, 'labels' | 'ownerReferences'>;
}

/** What people have as a CronJob, or by Reflector. */
export const JOB: Syncer = { manager: 'linkerd-roots-sync', metadata: {} };

const EVERY_MS = 1000;

/**
 * Copies the roots of the source Secrets, each once, into Linkerd's ConfigMap, and goes on doing so every second for as
 * long as this process lives.
 */
export async function keepRootsSynced(kubeconfig: string, install: CertManagerInstall, by: Syncer): Promise<void> {
  const k8s = createKubernetes({ kubeconfig, requestsPerSecond: 500 });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const sync = async () => await api.patch(...applied(await rootsOf(k8s, install), by));
  await sync();
  void (async () => {
    for (;;) {
      await sleep(EVERY_MS);
      // what is not there now may be there in a second
      await sync().catch((error: unknown) => process.stderr.write(`roots not synced: ${String(error)}\n`));
    }
  })();
}

async function rootsOf(k8s: Kubernetes, install: CertManagerInstall): Promise<string> {
  const namespace = CERT_MANAGER_NAMESPACE;
  const labelSelector = Object.entries(SOURCE_LABEL).map(([key, value]) => `${key}=${value}`);
  const secrets =
    install.sources === 'labels'
      ? (await k8s.core.listNamespacedSecret({ namespace, labelSelector: labelSelector.join(',') })).items
      : await Promise.all(
          [install.anchorSecret, install.previousSecret].map(
            async (name) => await k8s.core.readNamespacedSecret({ name, namespace }),
          ),
        );
  const text = secrets.map(({ data }) => decode(data?.['tls.crt'] ?? '')).join('\n');
  return readBundle(text)
    .certificates.map(({ pem }) => `${pem.trim()}\n`)
    .join('');
}

/** Server-side apply, by force: the syncer owns the key. */
function applied(roots: string, { manager, metadata }: Syncer): Parameters<KubernetesObjectApi['patch']> {
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: TRUST_ROOTS, namespace: LINKERD_NAMESPACE, ...metadata },
    data: { [TRUST_ROOTS_KEY]: roots },
  };
  return [body, undefined, undefined, manager, true, PatchStrategy.ServerSideApply];
}
