import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { decode, encode } from '../../src/kubernetes/base64.js';
import { ifThere } from '../../src/kubernetes/errors.js';
import { createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import { createObjects, type KubernetesObject } from '../cluster/objects.js';
import { flags, startServer, until } from '../cluster/processes.js';
import type { Certificates } from '../linkerd/install/certificates.js';
import { ISSUER_SECRET, LINKERD_NAMESPACE, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../linkerd/install/names.js';
import type { SandboxOptions } from '../facts.js';
import { areCertificatesReady } from './certificates.js';
import { createDefinitions } from './definitions.js';
import { CERT_MANAGER_NAMESPACE, OUTSIDE_CA } from './names.js';
import { bundleObject, issuanceObjects, sourceSecret } from './objects.js';
import { type CertManagerInstall, installOf } from './options.js';
import { keepRootsSynced } from './synced.js';

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
  if (install.root === 'outside') await create(...outsideRoot(install));
  await create(...issuanceObjects(install));
  await until('the Certificates to be ready', server, async () => await areCertificatesReady(k8s));
  await create(await previousRoot(k8s, install));
  await startBundle(folder, kubeconfig, k8s, install);
  return await certificatesOf(k8s, installer);
}

/** A root that no Certificate of this cluster makes: its certificate for the bundle, and whoever signs with its key. */
function outsideRoot({ anchorSecret }: CertManagerInstall): KubernetesObject[] {
  const { certificate, privateKey } = createRoot({
    commonName: 'root.linkerd.cluster.local',
    validForMs: 365 * 86_400_000,
  });
  const data = { 'tls.crt': encode(certificate.pem) };
  const key = { 'tls.key': encode(toSec1Pem(privateKey)) };
  const vault = sourceSecret(OUTSIDE_CA, { ...data, ...key }, 'kubernetes.io/tls');
  return [
    sourceSecret(anchorSecret, data, 'Opaque'),
    { ...vault, metadata: { name: OUTSIDE_CA, namespace: CERT_MANAGER_NAMESPACE } },
  ];
}

/** The guide copies the whole Secret of the root, with its key. */
async function previousRoot(k8s: Kubernetes, install: CertManagerInstall): Promise<KubernetesObject> {
  const { anchorSecret: name, previousSecret } = install;
  const { data = {}, type = '' } = await k8s.core.readNamespacedSecret({ name, namespace: CERT_MANAGER_NAMESPACE });
  return sourceSecret(previousSecret, data, type);
}

async function startBundle(
  folder: string,
  kubeconfig: string,
  k8s: Kubernetes,
  install: CertManagerInstall,
): Promise<void> {
  if (install.bundle === 'synced')
    return await keepRootsSynced(kubeconfig, [install.anchorSecret, install.previousSecret]);
  await createDefinitions(k8s, 'trust-manager');
  const server = startServer(folder, 'trust-manager', flags({ kubeconfig }));
  await createObjects(kubeconfig, [bundleObject(install)]);
  await until('the trust roots to be there', server, async () => (await trustRoots(k8s)) !== undefined);
}

async function trustRoots(k8s: Kubernetes): Promise<string | undefined> {
  const request = k8s.core.readNamespacedConfigMap({ name: TRUST_ROOTS, namespace: LINKERD_NAMESPACE });
  return (await ifThere(request))?.data?.[TRUST_ROOTS_KEY];
}

/** The CLI takes the roots from the Secret's `ca.crt`, Helm from nowhere (linkerd2 cli/cmd/install.go, charts/linkerd-control-plane). */
async function certificatesOf(k8s: Kubernetes, installer: SandboxOptions['install']): Promise<Certificates> {
  const { data = {} } = await k8s.core.readNamespacedSecret({ name: ISSUER_SECRET, namespace: LINKERD_NAMESPACE });
  return {
    anchors: installer === 'cli' ? decode(data['ca.crt'] ?? '') : '',
    issuer: decode(data['tls.crt'] ?? ''),
    issuerKey: decode(data['tls.key'] ?? ''),
  };
}
