import { createHash } from 'node:crypto';
import type { HelmUpgrade } from '../ground/helm.js';
import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { type Anchor, formatBundle, issuerFile, readBundle, sameBundle } from '../pki/bundle.js';
import type { Linkerd } from './detect.js';
import { helmName, helmPaths, helmValues, keyFlag, type KeyReference, valuesFile } from './helm-values.js';
import { findIssuer, ISSUER_KEYS } from './identity/issuer.js';
import { readField } from './layouts/fields.js';
import type { Location } from './layouts/layout.js';
import { type BundleChange, changedBundle, readAnchors } from './layouts/stores.js';
import { ISSUER_SECRET, LINKERD_CONFIG } from './names.js';

/**
 * What Helm would render anew, and from which values (docs/development/linkerd.md, "What Helm renders"). The texts are those
 * of linkerd-config, where the chart writes its values down as it was given them: a newline more would change that object,
 * and the hash of the anchors in every template of the control plane, which would restart it.
 */

/**
 * The values that keep a release in step with what the cluster has.
 * @param keyAt where the issuer's key is, if not in the issuer Secret
 * @returns undefined where Linkerd was not installed by Helm, or Helm renders neither bundle nor issuer
 */
export async function readHelmUpgrade(
  k8s: Kubernetes,
  linkerd: Linkerd,
  keyAt?: KeyReference,
): Promise<HelmUpgrade | undefined> {
  if (linkerd.installedBy !== 'helm') return undefined;
  const anchors = await anchorsValue(k8s, linkerd);
  const certificate = rendersIssuer(linkerd) ? await certificateValue(k8s, linkerd) : undefined;
  if (anchors === undefined && certificate === undefined) return undefined;
  const secret = { namespace: linkerd.namespace, secret: ISSUER_SECRET, key: ISSUER_KEYS[linkerd.scheme].key };
  return {
    values: valuesFile(helmValues(linkerd, present({ anchors, certificate }))),
    ...(certificate === undefined ? {} : { keyFlag: keyFlag(helmPaths(linkerd).key, keyAt ?? secret) }),
  };
}

/** The names of the values from which Helm would render the old certificates again; none where others make them. */
export async function helmNames(k8s: Kubernetes, linkerd: Linkerd): Promise<string[]> {
  if (linkerd.installedBy !== 'helm') return [];
  const { anchors, certificate, key } = helmPaths(linkerd);
  const rendersBundle = (await anchorsValue(k8s, linkerd)) !== undefined;
  return [...(rendersBundle ? [anchors] : []), ...(rendersIssuer(linkerd) ? [certificate, key] : [])].map(helmName);
}

/**
 * The hash of the anchors that the chart writes into the templates of the control plane, once the bundle is changed so.
 * @returns undefined where the bundle is not from Helm's values
 */
export async function changedAnchorsHash(
  k8s: Kubernetes,
  linkerd: Linkerd,
  change: BundleChange,
): Promise<string | undefined> {
  if (linkerd.installedBy !== 'helm') return undefined;
  const text = await shownValue(k8s, linkerd, 'anchors');
  if (text === undefined) return undefined;
  return createHash('sha256')
    .update(changedBundle(text, change) ?? text)
    .digest('hex');
}

/** With scheme kubernetes.io/tls the issuer Secret is somebody else's. */
function rendersIssuer({ scheme }: Linkerd): boolean {
  return scheme === 'linkerd.io/tls';
}

/** Empty in linkerd-config with `identity.externalCA`. The bundle that counts is the one that the control plane reads. */
async function anchorsValue(k8s: Kubernetes, linkerd: Linkerd): Promise<string | undefined> {
  const shown = await shownValue(k8s, linkerd, 'anchors');
  if (shown === undefined) return undefined;
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  return likeShown(linkerd, shown, { certificates, holds: readBundle(shown).certificates });
}

async function certificateValue(k8s: Kubernetes, linkerd: Linkerd): Promise<string> {
  const { certificates } = await findIssuer(k8s, linkerd);
  const shown = (await shownValue(k8s, linkerd, 'issuer')) ?? '\n';
  return likeShown(linkerd, shown, { certificates, holds: issuerFile(shown) });
}

/** As it is shown, where it has these certificates in this order; else those, ending as it does. */
function likeShown(
  { layout }: Linkerd,
  shown: string,
  { certificates, holds }: { certificates: readonly Anchor[]; holds: readonly Anchor[] },
): string {
  const same =
    sameBundle(certificates, holds) && certificates[0]?.fingerprint === holds[0]?.fingerprint && layout.id !== 'A';
  return same ? shown : formatBundle(certificates, { finalNewline: shown.endsWith('\n') });
}

/** The value as the chart has written it down. */
async function shownValue(k8s: Kubernetes, linkerd: Linkerd, of: 'anchors' | 'issuer'): Promise<string | undefined> {
  const { layout, namespace } = linkerd;
  const all: Location[] = of === 'anchors' ? [...layout.anchors] : layout.issuerCopies.map((copy) => copy.certificate);
  const shown = all.find(({ name }) => name === LINKERD_CONFIG);
  return shown && (await readField(k8s, namespace, shown));
}
