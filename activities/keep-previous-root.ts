import { encode } from '../src/kubernetes/base64.js';
import { FIELD_MANAGER } from '../src/kubernetes/own-names.js';
import { pointer, unchanged, withFreshRead } from '../src/kubernetes/patch.js';
import { addAnchors, formatBundle } from '../src/pki/bundle.js';
import { missingFromPrevious, type RenewalLook } from '../src/rotation/watch.js';
import type { RenewalInput } from './look-for-renewal.js';
import type { Dependencies } from './kit/dependencies.js';
import { lookAtRoot } from './kit/renewal-look.js';

/**
 * keepPreviousRoot: the roots in use into the Secret of the previous root, beside what it holds. Nobody who trusts the bundle
 * trusts less for it. A rotation that begins meanwhile writes that Secret first, so that this write is refused.
 * @returns what is there afterwards
 */
export async function keepPreviousRoot(
  dependencies: Dependencies,
  { linkerdNamespace }: RenewalInput,
): Promise<RenewalLook> {
  const { core } = dependencies.k8s;
  return await withFreshRead(async () => {
    const { look, previous, inUse } = await lookAtRoot(dependencies, linkerdNamespace);
    const missing = missingFromPrevious(look);
    if (!previous || missing.length === 0) return look;
    const { reference, key, secret, certificates } = previous;
    const roots = inUse.filter(({ fingerprint }) => missing.includes(fingerprint));
    const text = formatBundle(addAnchors(certificates, roots), { finalNewline: true });
    await core.patchNamespacedSecret({
      ...reference,
      fieldManager: FIELD_MANAGER,
      body: [
        unchanged(secret.metadata),
        { op: secret.data?.[key] === undefined ? 'add' : 'replace', path: pointer('data', key), value: encode(text) },
      ],
    });
    return {
      ...look,
      previous: {
        secret: `${reference.namespace}/${reference.name}`,
        holds: [...(look.previous?.holds ?? []), ...missing],
      },
    };
  });
}
