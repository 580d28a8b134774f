import { gunzipSync } from 'node:zlib';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { decode } from '../../src/kubernetes/base64.js';
import { LAST_APPLIED } from '../../src/kubernetes/last-applied.js';
import { findKey } from '../key-search.js';

/** Leaves on Linkerd's Secrets what `linkerd install | kubectl apply` leaves there: the manifest, with the key. */
export async function asKubectlApplied(k8s: Kubernetes): Promise<void> {
  for (const name of ['linkerd-identity-issuer', 'linkerd-config-overrides']) {
    const secret = await k8s.core.readNamespacedSecret({ name, namespace: 'linkerd' });
    const { annotations = {}, labels } = secret.metadata ?? {};
    const manifest = {
      ...{ apiVersion: 'v1', data: secret.data, kind: 'Secret' },
      metadata: { annotations, labels, name, namespace: 'linkerd' },
    };
    await k8s.core.patchNamespacedSecret({
      ...{ name, namespace: 'linkerd', fieldManager: 'kubectl-client-side-apply' },
      body: [
        {
          op: 'add',
          path: '/metadata/annotations',
          value: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(manifest)}\n` },
        },
      ],
    });
  }
}

/** Every object in which an administrator finds a key: its data, labels and annotations, as they are and decoded. */
export async function holdersOf(k8s: Kubernetes, pem: string): Promise<string[]> {
  const lists = {
    Secret: await k8s.core.listSecretForAllNamespaces(),
    ConfigMap: await k8s.core.listConfigMapForAllNamespaces(),
    Event: await k8s.core.listEventForAllNamespaces(),
    Pod: await k8s.core.listPodForAllNamespaces(),
    Namespace: await k8s.core.listNamespace(),
    Deployment: await k8s.apps.listDeploymentForAllNamespaces(),
    ReplicaSet: await k8s.apps.listReplicaSetForAllNamespaces(),
    Lease: await k8s.coordination.listLeaseForAllNamespaces(),
  };
  return Object.entries(lists).flatMap(([kind, { items }]) =>
    items.flatMap((item) => (findKey(decodedIn(JSON.stringify(item)), pem) ? [`${kind} ${item.metadata?.name}`] : [])),
  );
}

/** A text with all base64 in it decoded, twice; what is compressed is unpacked. */
export function decodedIn(text: string): string {
  const once = (encoded: string) =>
    encoded.replaceAll(/[A-Za-z0-9+/]{40,}={0,2}/g, (part) => `${part} ${unpacked(part) ?? decode(part)}`);
  return once(once(text));
}

function unpacked(part: string): string | undefined {
  if (!part.startsWith('H4sI')) return undefined; // gzip (RFC 1952)
  try {
    return gunzipSync(Buffer.from(part, 'base64')).toString('utf8');
  } catch {
    return undefined;
  }
}
