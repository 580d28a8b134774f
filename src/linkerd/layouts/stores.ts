import { StateError } from '../../ground/state-error.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { addAnchors, type Anchor, bundleAnchors, formatBundle, readBundle, removeAnchors } from '../../pki/bundle.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Linkerd } from '../detect.js';
import { editFields, type FieldEdit, readField } from './fields.js';
import { type Location, locationName } from './layout.js';

/** One copy of the trust anchors, as found. */
export interface StoredAnchors {
  store: string;
  location: Location;
  pem: string;
  certificates: Certificate[];
}

/**
 * Every copy that exists, the authoritative one first.
 * @throws StateError when the authoritative one is missing
 */
export async function readAnchors(k8s: Kubernetes, linkerd: Linkerd): Promise<[StoredAnchors, ...StoredAnchors[]]> {
  const stores: StoredAnchors[] = [];
  for (const location of linkerd.anchors) {
    const pem = await readField(k8s, linkerd.namespace, location);
    if (pem !== undefined)
      stores.push({ store: locationName(location), location, pem, certificates: readBundle(pem).certificates });
  }
  const [first, ...others] = stores;
  if (!first)
    throw new StateError('BundleMissing', 'no store of trust anchors found', 'put the bundle back, as Linkerd had it');
  return [first, ...others];
}

/** The anchors of each copy, as fingerprints. */
export function anchorsHeld(stores: readonly StoredAnchors[]): string[][] {
  return stores.map(({ certificates }) => certificates.map(({ fingerprint }) => fingerprint));
}

export interface BundleChange {
  add?: readonly Certificate[];
  /** Fingerprints. */
  remove?: readonly string[];
}

/**
 * Adds and removes anchors in every store, each relative to what that store holds, so that foreign anchors stay.
 * The copies that `linkerd upgrade` and the CLI read are written before the one that takes effect.
 * @returns the stores that had to be written
 */
export async function changeAnchors(k8s: Kubernetes, linkerd: Linkerd, change: BundleChange): Promise<string[]> {
  const written: string[] = [];
  for (const location of linkerd.anchors.toReversed()) {
    const edit: FieldEdit = { location, change: (current) => changedBundle(current, change) };
    if (await editFields(k8s, linkerd.namespace, [edit])) written.push(locationName(location));
  }
  return written;
}

/** The new text of a bundle, or undefined when its set of anchors is already as wanted. An empty bundle is refused. */
export function changedBundle(current: string, change: BundleChange): string | undefined {
  return changed(current, readBundle(current).certificates, change);
}

/**
 * The same of a copy in somebody's pod template, which is the business of whoever wrote it: certificates are not looked into,
 * and what cannot be changed stays as it is. The gate says so of its pods.
 */
export function changedCopy(current: string, change: BundleChange): string | undefined {
  try {
    return changed(current, bundleAnchors(current), change);
  } catch (error) {
    if (error instanceof StateError) return undefined;
    throw error;
  }
}

function changed(
  current: string,
  anchors: readonly Anchor[],
  { add = [], remove = [] }: BundleChange,
): string | undefined {
  const wanted = removeAnchors(addAnchors<Anchor>(anchors, add), remove);
  if (wanted.length === 0) {
    throw new StateError(
      'EmptyBundleRefused',
      'refused to write a trust bundle without any anchor',
      'look at the bundle, and put the anchors of the start back',
    );
  }
  const same =
    wanted.length === anchors.length &&
    wanted.every(({ fingerprint }, index) => fingerprint === anchors[index]?.fingerprint);
  return same ? undefined : formatBundle(wanted, { finalNewline: current.endsWith('\n') });
}

/** Brings the copies of the issuer (values that a later upgrade renders from) in step with the issuer Secret. */
export async function changeIssuerCopies(
  k8s: Kubernetes,
  linkerd: Linkerd,
  certificatePem: string,
  keyPem: string,
): Promise<string[]> {
  const written: string[] = [];
  for (const { certificate, key } of linkerd.layout.issuerCopies) {
    const edits = [replacePem(certificate, certificatePem), ...(key ? [replacePem(key, keyPem)] : [])];
    if (await editFields(k8s, linkerd.namespace, edits)) written.push(locationName(certificate));
  }
  return written;
}

function replacePem(location: Location, pem: string): FieldEdit {
  const body = pem.trimEnd();
  return {
    location,
    change: (current) => (current.trimEnd() === body ? undefined : `${body}${current.endsWith('\n') ? '\n' : ''}`),
  };
}
