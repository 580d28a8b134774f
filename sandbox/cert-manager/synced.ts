import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { decode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import { LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';
import { CERT_MANAGER_NAMESPACE } from './names.js';

/** How the API server notes what the job wrote. */
const SYNC_MANAGER = 'linkerd-roots-sync';
const EVERY_MS = 1000;

/**
 * Copies the roots of these Secrets, each once, into Linkerd's ConfigMap, and goes on doing so every second for as long
 * as this process lives: what people have as a CronJob, or by Reflector.
 */
export async function keepRootsSynced(kubeconfig: string, secrets: readonly string[]): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  await syncRoots(api, secrets);
  void (async () => {
    for (;;) {
      await sleep(EVERY_MS);
      // what is not there now may be there in a second
      await syncRoots(api, secrets).catch((error: unknown) =>
        process.stderr.write(`roots not synced: ${String(error)}\n`),
      );
    }
  })();
}

async function syncRoots(api: KubernetesObjectApi, secrets: readonly string[]): Promise<void> {
  const texts: string[] = [];
  for (const name of secrets) {
    const at = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: CERT_MANAGER_NAMESPACE } };
    const { data } = (await api.read(at)) as { data?: Record<string, string> };
    texts.push(decode(data?.['tls.crt'] ?? ''));
  }
  const roots = readBundle(texts.join('\n')).certificates.map(({ pem }) => pem.trim());
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: TRUST_ROOTS, namespace: LINKERD_NAMESPACE },
    data: { [TRUST_ROOTS_KEY]: `${roots.join('\n')}\n` },
  };
  await api.patch(body, undefined, undefined, SYNC_MANAGER, true, PatchStrategy.ServerSideApply);
}
