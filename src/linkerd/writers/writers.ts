import type { V1ObjectMeta } from '@kubernetes/client-node';
import { LONGEST_NAME, plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { ifThere } from '../../kubernetes/errors.js';
import { controllerOf, type Owner } from '../../kubernetes/owners.js';
import type { Linkerd } from '../detect.js';
import { ISSUER_KEYS } from '../identity/issuer.js';
import { ISSUER_SECRET, TRUST_ROOTS } from '../names.js';
import { readBuoyant } from './buoyant.js';
import { type AutomaticRenewals, readAutomaticRenewals } from './cert-manager.js';
import { type KeyOwner, keyOwners } from './field-managers.js';
import { BUOYANT, CERT_MANAGER, KNOWN_WRITERS, type KnownWriter, TRUST_MANAGER } from './known.js';

/** Somebody else who writes an object of the rotation. */
export interface CompetingWriter {
  /** `Kind namespace/name`. */
  object: string;
  /** What of the rotation the object holds. */
  of: 'bundle' | 'issuer';
  manager: string;
  /** It puts the old content back by itself; else at its next run, or nobody knows. */
  reverts: boolean;
  /** It copies the content from other objects of the cluster. */
  copies?: true;
  /** What it is going to do, one sentence each, as far as it says. */
  will: string[];
  /** Its own resources say that it writes; else it shows by its mark, which also stays when it has been stopped. */
  certain: boolean;
  /** It begins a rotation of its own when the root's Certificate is renewed. */
  drives?: true;
  cure: string;
}

type Writer = Omit<CompetingWriter, 'object' | 'of'>;

/** What the resources of writers say of themselves. */
export interface SaidOfThemselves extends AutomaticRenewals {
  /** Of Buoyant's operators: about the bundle that the control plane reads. */
  buoyant: string[];
}

/**
 * Who writes the bundle or the issuer beside reroot. cert-manager and trust-manager are asked for by their own resources
 * where these may be read: they say exactly what comes, and a mark left by a Certificate that is gone does no harm.
 */
export async function competingWriters(k8s: Kubernetes, linkerd: Linkerd): Promise<CompetingWriter[]> {
  const { namespace, installedBy } = linkerd;
  const [renewals, buoyant] = await Promise.all([readAutomaticRenewals(k8s, namespace), readBuoyant(k8s)]);
  const [first] = linkerd.anchors;
  const found: CompetingWriter[] = [];
  for (const [object, keys] of writtenKeys(linkerd)) {
    const [kind = '', name = ''] = object.split(' ');
    const metadata = (await readMetadata(k8s, namespace, kind, name)) ?? {};
    const said = { ...renewals, buoyant: name === first?.name ? buoyant : [] };
    const writers = [...writersOf(name, controllersOf(metadata, keys), said), ...otherManagers(metadata, keys)]
      // HelmValues says it better of the release that installed Linkerd
      .filter(({ manager }) => manager !== 'Helm' || installedBy !== 'helm');
    const of = name === ISSUER_SECRET ? 'issuer' : 'bundle';
    for (const writer of writers) found.push({ object: `${kind} ${namespace}/${name}`, of, ...writer });
  }
  return found;
}

/** The keys that a rotation writes, by object: `Kind name`. */
export function writtenKeys({ anchors, layout, scheme }: Linkerd): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  const add = (kind: string, name: string, key: string): void => {
    const object = `${kind} ${name}`;
    keys.set(object, [...new Set([...(keys.get(object) ?? []), key])]);
  };
  for (const { kind, name, key } of anchors) add(kind, name, key);
  const { certificate, key } = ISSUER_KEYS[scheme];
  add('Secret', ISSUER_SECRET, certificate);
  add('Secret', ISSUER_SECRET, key);
  for (const copy of layout.issuerCopies)
    for (const at of [copy.certificate, copy.key ?? copy.certificate]) add(at.kind, at.name, at.key);
  return keys;
}

/** Those whose mark is on an object, corrected by what the writers' own resources say. */
export function writersOf(
  name: string,
  marked: readonly KnownWriter[],
  { issuer, hasBundle, bundle, buoyant }: SaidOfThemselves,
): Writer[] {
  const writers = new Map<string, KnownWriter & Pick<Writer, 'certain'> & { says: string[] }>(
    marked.map((writer) => [writer.name, { ...writer, says: writer.will ? [writer.will] : [], certain: false }]),
  );
  const say = (writer: KnownWriter, writes: boolean | undefined, says: string[]): void => {
    if (writes === false) writers.delete(writer.name);
    if (writes === true) writers.set(writer.name, { ...writer, says, certain: true });
  };
  if (name === ISSUER_SECRET) say(CERT_MANAGER, issuer && issuer.length > 0, issuer ?? []);
  if (name === TRUST_ROOTS) say(TRUST_MANAGER, hasBundle, bundle);
  // its operators can be stopped while their resources stay: a person may say so
  if (buoyant.length > 0) writers.set(BUOYANT.name, { ...BUOYANT, says: buoyant, certain: false });
  return [...writers.values()].map((writer) => ({
    manager: writer.name,
    reverts: true,
    will: writer.says,
    certain: writer.certain,
    cure: writer.cure,
    ...present({ copies: writer.copies, drives: writer.drives }),
  }));
}

/** Controllers that show on an object: by a label or annotation, as its owner, or because they own a key that matters. */
export function controllersOf(metadata: V1ObjectMeta, keys: readonly string[]): KnownWriter[] {
  const marks = [...Object.keys(metadata.labels ?? {}), ...Object.keys(metadata.annotations ?? {})];
  const managers = keyOwners(metadata, keys).map(({ manager }) => manager);
  const owner = controllerOf(metadata);
  const found = KNOWN_WRITERS.filter(
    (known) =>
      known.how === 'reverts' &&
      (marks.some((mark) => known.marks?.test(mark)) ||
        managers.some((manager) => known.managers?.test(manager)) ||
        (owner && known.owners?.test(kindOf(owner)))),
  );
  const isKnown = owner && KNOWN_WRITERS.some(({ owners }) => owners?.test(kindOf(owner)));
  return owner && !isKnown ? [...found, unknownController(owner)] : found;
}

/** Whatever it is: an object names as its controller what keeps it as it should be (Kubernetes, "Owners and Dependents"). */
function unknownController(owner: Owner): KnownWriter {
  const name = `${plain(owner.kind)} ${plain(owner.name, LONGEST_NAME)} (${plain(groupOf(owner))})`;
  return {
    name,
    how: 'reverts',
    will: `it names ${name} as its controller, and whoever acts for that keeps it as it was`,
    cure: `stop whatever acts for ${name} during the rotation, or put the new content into it`,
  };
}

function kindOf(owner: Owner): string {
  return `${groupOf(owner)}/${owner.kind}`;
}

function groupOf({ apiVersion = '' }: Owner): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : 'core';
}

/** Managers of the keys that matter which may put nothing back: tools that somebody starts, and those that nobody here knows. */
export function otherManagers(metadata: V1ObjectMeta, keys: readonly string[]): Writer[] {
  return keyOwners(metadata, keys).flatMap((owner) => {
    const known = KNOWN_WRITERS.find(({ managers }) => managers?.test(owner.manager));
    if (known && known.how !== 'nextApply') return [];
    const { name, will, cure } = known ?? UNKNOWN;
    return [
      { manager: name || owner.manager, reverts: false, will: [`${ownsText(owner)}: ${will}`], certain: false, cure },
    ];
  });
}

const UNKNOWN = {
  name: '',
  will: 'if it is a controller it will put the old content back; the gates notice that, the rotation pauses and asks',
  cure: 'find out what it is, and stop it for the rotation if it writes by itself; if it was a person, there is nothing to do',
};

function ownsText({ keys, since }: KeyOwner): string {
  return `it owns ${keys.join(', ')}${since ? `, and wrote last at ${since}` : ''} (managedFields)`;
}

/** Of a ConfigMap or Secret; undefined when there is no such object. */
export async function readMetadata(
  k8s: Kubernetes,
  namespace: string,
  kind: string,
  name: string,
): Promise<V1ObjectMeta | undefined> {
  const object = await ifThere<{ metadata?: V1ObjectMeta }>(
    kind === 'Secret'
      ? k8s.core.readNamespacedSecret({ name, namespace })
      : k8s.core.readNamespacedConfigMap({ name, namespace }),
  );
  return object?.metadata;
}
