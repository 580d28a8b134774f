import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { decode } from '../../src/kubernetes/base64.js';
import type { CustomObject } from '../../src/kubernetes/custom.js';
import { ifThere } from '../../src/kubernetes/errors.js';
import { createObjects, type KubernetesObject } from '../cluster/objects.js';
import { flags, startServer, until } from '../cluster/processes.js';
import type { Certificates } from '../linkerd/install/certificates.js';
import { ISSUER_SECRET, LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';
import type { SandboxOptions } from '../facts.js';
import { areCertificatesReady } from './certificates.js';
import { createDefinitions } from './definitions.js';
import { CERT_MANAGER_NAMESPACE, CLUSTER_BUNDLES } from './names.js';
import { bundleObject, clusterBundleObject, isMadeHere, issuanceObjects, sourceSecret } from './objects.js';
import { type CertManagerInstall, installOf } from './options.js';
import { outsideRoot } from './outside.js';
import { JOB, keepRootsSynced } from './synced.js';

/**
 * Starts cert-manager and trust-manager, and has them make what an install of Linkerd finds: the issuer Secret and the
 * trust roots. The namespace of Linkerd is there already.
 *
 * @returns what `linkerd install` or Helm finds out about them
 */
export async function installCertManager(
  folder: string,
  kubeconfig: string,
  { certManager = {}, install: installer }: Pick<SandboxOptions, 'certManager' | 'install'>,
): Promise<Certificates> {
  const install = installOf(certManager);
  const k8s = createKubernetes({ kubeconfig, requestsPerSecond: 500 });
  const create = async (...objects: KubernetesObject[]) => await createObjects(kubeconfig, objects);
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: CERT_MANAGER_NAMESPACE } });
  await createDefinitions(k8s, 'cert-manager');
  const server = startServer(folder, 'cert-manager', flags({ kubeconfig }));
  if (!isMadeHere(install)) await create(...outsideRoot(install));
  await create(...issuanceObjects(install));
  await until('the Certificates to be ready', server, async () => await areCertificatesReady(k8s));
  const isGiven = install.bundle === 'installer';
  if (!isGiven) await create(await previousRoot(k8s, install));
  if (!isGiven) await startBundle(folder, kubeconfig, k8s, install);
  return await certificatesOf(k8s, isGiven || installer === 'cli');
}

/** The guide copies the whole Secret of the root, with its key. */
async function previousRoot(k8s: Kubernetes, install: CertManagerInstall): Promise<KubernetesObject> {
  const { anchorSecret: name, previousSecret } = install;
  const { data = {}, type = '' } = await k8s.core.readNamespacedSecret({ name, namespace: CERT_MANAGER_NAMESPACE });
  return sourceSecret(previousSecret, data, type);
}

async function startBundle(folder: string, kubeconfig: string, k8s: Kubernetes, install: CertManagerInstall) {
  if (install.bundle === 'synced') return await keepRootsSynced(kubeconfig, install, JOB);
  await createDefinitions(k8s, 'trust-manager');
  if (install.bundle === 'ClusterBundle') return await playClusterBundle(kubeconfig, k8s, install);
  const server = startServer(folder, 'trust-manager', flags({ kubeconfig }));
  await createObjects(kubeconfig, [bundleObject(install)]);
  await until('the trust roots to be there', server, async () => (await trustRoots(k8s)) !== undefined);
}

/** By the marks that a trust-manager which reconciles it is to set (pkg/apis/trustmanager/v1alpha2). */
async function playClusterBundle(kubeconfig: string, k8s: Kubernetes, install: CertManagerInstall): Promise<void> {
  const body = clusterBundleObject(install);
  const { metadata } = (await k8s.custom.createClusterCustomObject({ ...CLUSTER_BUNDLES, body })) as CustomObject;
  const { apiVersion, kind } = body;
  const owner = { apiVersion, kind, name: TRUST_ROOTS, uid: metadata?.uid ?? '', controller: true };
  await keepRootsSynced(kubeconfig, install, {
    manager: 'trust-manager',
    metadata: { labels: { 'trust-manager.io/bundle': TRUST_ROOTS }, ownerReferences: [owner] },
  });
}

async function trustRoots(k8s: Kubernetes): Promise<string | undefined> {
  const request = k8s.core.readNamespacedConfigMap({ name: TRUST_ROOTS, namespace: LINKERD_NAMESPACE });
  return (await ifThere(request))?.data?.[TRUST_ROOTS_KEY];
}

/** The CLI takes the roots from the Secret's `ca.crt`, Helm from nowhere or from its values (linkerd2 cli/cmd/install.go, charts/linkerd-control-plane). */
async function certificatesOf(k8s: Kubernetes, isGiven: boolean): Promise<Certificates> {
  const { data = {} } = await k8s.core.readNamespacedSecret({ name: ISSUER_SECRET, namespace: LINKERD_NAMESPACE });
  return {
    anchors: isGiven ? decode(data['ca.crt'] ?? '') : '',
    issuer: decode(data['tls.crt'] ?? ''),
    issuerKey: decode(data['tls.key'] ?? ''),
  };
}
