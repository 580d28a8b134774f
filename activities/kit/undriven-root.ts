import { ApplicationFailure } from '@temporalio/activity';
import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import { isKeyOf, readPair, type StoredPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { hasSigned } from '../../src/pki/signatures.js';
import type { Dependencies } from './dependencies.js';
import { putCrossBehind } from './issuer-of-cert-manager.js';
import type { Managed } from './managed.js';
import { observeAnchors } from './proxies.js';
import { certifies, nameOf, type RootOfStart, TLS } from './root-secret.js';

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
  if (!certificate || !issuer) return undefined;
  const { k8s } = dependencies;
  const [root] = (await readPair(k8s, certificate.secret, TLS)).certificates;
  if (!root || !hasSigned(root, found.certificates[0])) return undefined;
  const proxies = await observeAnchors(dependencies, linkerd);
  if (proxies.every(trusts([root]))) return undefined;
  const start = sources && rootBefore(await readPair(k8s, sources.previous, sources.key), { anchors, root });
  if (start) {
    await putCross(k8s, { certificate, issuer }, { root, start, found });
    return start.root;
  }
  const roots = anchorsOfIssuer(found.certificates, anchors);
  refuseUnlessDriven(nameOf(certificate), { proxies, roots });
  return undefined;
}

async function putCross(
  k8s: Kubernetes,
  { certificate, issuer }: Record<'certificate' | 'issuer', ManagedCertificate>,
  { root, start, found }: { root: Certificate; start: RootOfStart; found: StoredIssuer },
): Promise<void> {
  const lacks = (chain: StoredIssuer['certificates']) =>
    hasSigned(root, chain[0]) && anchorsOfIssuer(chain, [start.root]).length === 0;
  if (!lacks(found.certificates)) return;
  const now = clusterNow(k8s);
  if (!certifies(start.root, now)) throw undriven(nameOf(certificate), start.root.notAfter > now ? 'narrow' : 'ended');
  await putCrossBehind(k8s, issuer, { root, start, lacks });
}

/** An identity that works under the new root has done already what a refusal would keep from being done. */
function refuseUnlessDriven(
  name: string,
  { proxies, roots }: { proxies: readonly ProxyObservation[]; roots: readonly Certificate[] },
): void {
  const identities = proxies.filter(({ component }) => component === 'identity');
  if (!identities.some(trusts(roots))) throw undriven(name, 'keyless');
}

/**
 * The root that the mesh works under when another has taken its place: the one in the slot of the previous root, whose key is
 * there too, as far as the bundle has it; undefined: it is the new one itself, or its key is not at hand.
 */
export function rootBefore(
  { certificates, keyPem }: Pick<StoredPair, 'certificates' | 'keyPem'>,
  { anchors, root: renewed }: { anchors: readonly Certificate[]; root: Certificate },
): RootOfStart | undefined {
  const isAnchor = (one: Certificate) => anchors.some(({ fingerprint }) => fingerprint === one.fingerprint);
  if (isKeyOf(keyPem, renewed)) return undefined;
  const root = certificates.find((one) => isKeyOf(keyPem, one) && isAnchor(one));
  return root && { root, keyPem };
}

/** Whether a process trusts one of some roots; one that does not show what it trusts is given the benefit of the doubt. */
export function trusts(roots: readonly Certificate[]): (proxy: ProxyObservation) => boolean {
  return ({ anchors }) => !anchors || roots.some(({ fingerprint }) => anchors.includes(fingerprint));
}

const TRUST_FIRST =
  'Restart every meshed workload outside the control plane: from the bundle they read both roots (put the one before into the ' +
  'Secret of the previous root first, if it is not there). Then restart the control plane. Then rotate';

/** Why the root before it cannot certify the new one, and what is left to do. */
const UNDRIVEN = {
  narrow: ['certifies no CA but the issuer', TRUST_FIRST],
  keyless: ['has no key in the Secret of the previous root', TRUST_FIRST],
  ended: ['has ended', 'Restart the control plane, then every meshed workload: they read the new bundle. Then rotate'],
} as const;

function undriven(name: string, why: keyof typeof UNDRIVEN): ApplicationFailure {
  const [fault, cure] = UNDRIVEN[why];
  return ApplicationFailure.nonRetryable(
    `Certificate ${name} has been renewed, and the issuer after it, while proxies trust the root before it alone; that one ` +
      `${fault}, so nothing makes them verify the new issuer. ${cure}`,
    'RootUndriven',
  );
}
