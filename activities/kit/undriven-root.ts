import { ApplicationFailure } from '@temporalio/activity';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { isKeyOf, readPair } from '../../src/linkerd/cert-manager/pair.js';
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
  if (!certificate || !issuer || !sources) return undefined;
  const { k8s } = dependencies;
  const [root] = (await readPair(k8s, certificate.secret, TLS)).certificates;
  if (!root || !hasSigned(root, found.certificates[0])) return undefined;
  const start = await startIn(k8s, sources, { anchors, root });
  if (!start) return undefined;
  if (await isTrusted(dependencies, linkerd, root)) return undefined;
  const lacks = (chain: StoredIssuer['certificates']) =>
    hasSigned(root, chain[0]) && anchorsOfIssuer(chain, [start.root]).length === 0;
  if (!lacks(found.certificates)) return start.root;
  if (!certifies(start.root, clusterNow(k8s))) throw undriven(nameOf(certificate));
  await putCrossBehind(k8s, issuer, { root, start, lacks });
  return start.root;
}

/** The root of the slot of the previous one, with its key, as far as the bundle has it; undefined: it is the new one itself. */
async function startIn(
  k8s: Dependencies['k8s'],
  { previous, key }: NonNullable<Managed['sources']>,
  { anchors, root: renewed }: { anchors: readonly Certificate[]; root: Certificate },
): Promise<RootOfStart | undefined> {
  const { certificates, keyPem } = await readPair(k8s, previous, key);
  const isAnchor = (one: Certificate) => anchors.some(({ fingerprint }) => fingerprint === one.fingerprint);
  if (isKeyOf(keyPem, renewed)) return undefined;
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
