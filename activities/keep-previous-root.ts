import { withFreshRead } from '../src/kubernetes/patch.js';
import { isKeyOf, writePair } from '../src/linkerd/cert-manager/pair.js';
import { addAnchors } from '../src/pki/bundle.js';
import { missingFromPrevious, type RenewalLook } from '../src/rotation/watch.js';
import type { RenewalInput } from './look-for-renewal.js';
import type { Dependencies } from './kit/dependencies.js';
import { lookAtRoot, slotFacts } from './kit/renewal-look.js';

/**
 * keepPreviousRoot: the roots in use into the Secret of the previous root, before what it holds; with the key of the first, if
 * that is at hand, as in the copy that Linkerd's guide makes. Nobody who trusts the bundle trusts less for it. A rotation that
 * begins meanwhile writes that Secret first, so that this write is refused.
 * @returns what is there afterwards
 */
export async function keepPreviousRoot(
  dependencies: Dependencies,
  { linkerdNamespace }: RenewalInput,
): Promise<RenewalLook> {
  return await withFreshRead(async () => {
    const { look, previous, inUse, rootKeyPem } = await lookAtRoot(dependencies, linkerdNamespace);
    const missing = missingFromPrevious(look);
    if (!previous || missing.length === 0) return look;
    const { reference, key, certificates: held } = previous;
    const roots = inUse.filter(({ fingerprint }) => missing.includes(fingerprint));
    const [first] = roots;
    const isAtHand = isKeyOf(rootKeyPem, first);
    const certificates = isAtHand ? addAnchors(roots, held) : addAnchors(held, roots);
    const wanted = { certificates, ...(isAtHand && first ? { keyPem: rootKeyPem, ca: first } : {}) };
    await writePair(dependencies.k8s, reference, { read: previous, key, wanted });
    return { ...look, previous: slotFacts({ reference, certificates }) };
  });
}
