import { ApplicationFailure } from '@temporalio/activity';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { isKeyOf, readPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createCross } from '../../src/pki/issue.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { parseKey } from '../../src/pki/key.js';
import { hasSigned } from '../../src/pki/signatures.js';
import type { Dependencies } from './dependencies.js';
import { chainOf } from './issuer-of-cert-manager.js';
import type { Managed } from './managed.js';
import { observeAnchors } from './proxies.js';
import { bringPair, certifies, nameOf, TLS } from './root-secret.js';

/**
 * cert-manager has renewed the root, then the issuer under it, and nobody has driven that: proxies trust the root before it
 * alone, and once identity is restarted they refuse whatever it signs. The issuer gets the new root's key as that root certifies
 * it: identity takes it, whichever of the two it trusts, and so does every proxy.
 * @returns the root that the mesh works under; undefined: it is the one that signs
 * @throws ApplicationFailure `RootUndriven`
 */
export async function rootBehind(
  dependencies: Dependencies,
  { root: certificate, issuer, sources }: Managed,
  { linkerd, anchors, found }: { linkerd: Linkerd; anchors: readonly Certificate[]; found: StoredIssuer },
): Promise<Certificate | undefined> {
  if (!certificate || !issuer || !sources) return undefined;
  const { k8s } = dependencies;
  const [root] = (await readPair(k8s, certificate.secret, TLS)).certificates;
  if (!root || !hasSigned(root, found.certificates[0])) return undefined;
  const start = await startIn(k8s, sources, anchors);
  if (!start || start.root.publicKeyDer.equals(root.publicKeyDer)) return undefined;
  if (await isTrusted(dependencies, linkerd, root)) return undefined;
  if (anchorsOfIssuer(found.certificates, [start.root]).length === 0)
    await putCrossBehind(k8s, { root: certificate, issuer }, { root, start });
  return start.root;
}

/**
 * What the new root has signed gets that root's key behind it, as the root before it certifies it.
 * @throws ApplicationFailure `RootUndriven`
 */
async function putCrossBehind(
  k8s: Dependencies['k8s'],
  { root: certificate, issuer }: Required<Pick<Managed, 'root' | 'issuer'>>,
  { root, start }: { root: Certificate; start: Start },
): Promise<void> {
  if (!certifies(start.root, clusterNow(k8s))) throw undriven(nameOf(certificate));
  const cross = createCross({ root, by: start.root, byKey: parseKey(start.keyPem) });
  await bringPair(k8s, issuer, (read) => {
    const chain = chainOf(read);
    if (!chain || !hasSigned(root, chain[0]) || anchorsOfIssuer(chain, [start.root]).length > 0) return undefined;
    return { certificates: [...chain, cross] };
  });
}

interface Start {
  root: Certificate;
  keyPem: string;
}

/** The root of the slot of the previous one, with its key, as far as the bundle has it. */
async function startIn(
  k8s: Dependencies['k8s'],
  { previous, key }: NonNullable<Managed['sources']>,
  anchors: readonly Certificate[],
): Promise<Start | undefined> {
  const { certificates, keyPem } = await readPair(k8s, previous, key);
  const isAnchor = (one: Certificate) => anchors.some(({ fingerprint }) => fingerprint === one.fingerprint);
  const root = certificates.find((one) => isKeyOf(keyPem, one) && isAnchor(one));
  return root && { root, keyPem };
}

async function isTrusted(dependencies: Dependencies, linkerd: Linkerd, { fingerprint }: Certificate): Promise<boolean> {
  const proxies = await observeAnchors(dependencies, linkerd);
  return proxies.every(({ anchors }) => !anchors || anchors.includes(fingerprint));
}

function undriven(name: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `Certificate ${name} has been renewed, and the issuer after it, while proxies trust the root before it alone; that one has ` +
      'ended, or certifies no CA but the issuer, so nothing makes them verify the new issuer. Restart the control plane, then ' +
      'every meshed workload: they read the new bundle. Then rotate',
    'RootUndriven',
  );
}
