import { readCertificate, renew } from '../cert-manager/certificates.js';
import { ANCHOR_CERTIFICATE, CERT_MANAGER_NAMESPACE, ISSUER_CERTIFICATE } from '../cert-manager/names.js';
import { installOf } from '../cert-manager/options.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { LINKERD_NAMESPACE } from '../linkerd/install/names.js';
import { type HandStep, restartEverything, until } from './by-hand.js';
import { bundleKeys } from './measure.js';

/**
 * Linkerd's procedure for an install of cert-manager and trust-manager, as a script (linkerd.io, "Automatically Rotating
 * Control Plane TLS Credentials"). Its `cmctl renew` and `kubectl` return at once; a careful person waits for what they do.
 */
export function guideOrder(k8s: Kubernetes): HandStep[] {
  const restart = async () => await restartEverything(k8s);
  return [
    { name: 'renew anchor', run: async () => await renewAnchor(k8s) },
    { name: 'restart', run: restart },
    { name: 'renew issuer', run: async () => await renewIssuer(k8s) },
    { name: 'restart again', run: restart },
    { name: 'copy anchor over the previous', run: async () => await forgetPrevious(k8s) },
    { name: 'restart once more', run: restart },
  ];
}

/**
 * The same, and the issuer's Certificate renews at its own time meanwhile, as it does every 23 hours in the guide's sample:
 * signed by the new anchor, before anybody but the control plane trusts that.
 */
export function guideOrderWithRenewal(k8s: Kubernetes): HandStep[] {
  const [anchor, ...others] = guideOrder(k8s);
  const renewal = { name: 'issuer renews by itself', run: async () => await renewIssuer(k8s) };
  return [...(anchor ? [anchor] : []), renewal, ...others];
}

async function renewAnchor(k8s: Kubernetes): Promise<void> {
  await renewed(k8s, CERT_MANAGER_NAMESPACE, ANCHOR_CERTIFICATE);
  await until('both roots in the bundle', async () => (await bundleKeys(k8s)).length === 2);
}

export async function renewIssuer(k8s: Kubernetes): Promise<void> {
  await renewed(k8s, LINKERD_NAMESPACE, ISSUER_CERTIFICATE);
}

/** `cmctl renew`, then `kubectl wait` until the new certificate is in its Secret. */
async function renewed(k8s: Kubernetes, namespace: string, name: string): Promise<void> {
  const before = await renew(k8s, namespace, name);
  await until(`Certificate ${name}`, async () => {
    const { status } = await readCertificate(k8s, namespace, name);
    return (status?.revision ?? 0) > before;
  });
}

/** `kubectl get secret linkerd-trust-anchor -o yaml | sed … | kubectl apply`: the key goes with it. */
async function forgetPrevious(k8s: Kubernetes): Promise<void> {
  const namespace = CERT_MANAGER_NAMESPACE;
  const { anchorSecret, previousSecret } = installOf({});
  const { data = {} } = await k8s.core.readNamespacedSecret({ name: anchorSecret, namespace });
  const body = [{ op: 'replace', path: '/data', value: data }];
  await k8s.core.patchNamespacedSecret({ name: previousSecret, namespace, body });
  await until('the old root to leave the bundle', async () => (await bundleKeys(k8s)).length === 1);
}
