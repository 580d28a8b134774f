import { helmValues, valuesFile } from '../../src/linkerd/helm-values.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { editedValues, readField } from '../../src/linkerd/layouts/fields.js';
import { type Location, locationName } from '../../src/linkerd/layouts/layout.js';
import { readAnchors, type StoredAnchors } from '../../src/linkerd/layouts/stores.js';
import { addAnchors, formatBundle, readBundle, removeAnchors } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { type HandOff, type HandOffPlace, wantedOf } from '../../src/rotation/hand-off.js';
import { bundleDifference } from '../../src/rotation/hand-off-difference.js';
import type { BundleWritten, StepInput } from '../../src/rotation/payloads.js';
import { changeBundle } from './change-bundle.js';
import type { Dependencies } from './dependencies.js';
import { placeAt, sameWriter, seenAs, todoOf } from './hand-off.js';
import type { StoredRotation } from './stored-rotation.js';

/** How the bundle has to be, and what has to hold before anybody is told so. */
export interface BundleAsk {
  /** A clause: what the bundle is to have. */
  for: string;
  add: readonly Certificate[];
  /** Fingerprints. */
  remove: readonly string[];
  /** @param wanted the bundle that the control plane reads, as it is to be, and as it is */
  prove?(wanted: Certificate[], found: Certificate[]): Promise<void>;
}

/** One copy that somebody else writes. */
interface Asked {
  store: StoredAnchors;
  wanted: Certificate[];
  value: string;
}

/** Documents of values are some KB; a longer one is shown as the field alone. */
const LONGEST_DOCUMENT = 24_000;

/**
 * The bundle of somebody else: nothing of theirs is written. Shown is the exact set of certificates: what each copy held when
 * it was asked for first, with what comes and without what goes. When every copy of theirs has it, reroot's own follow.
 */
export async function askForBundle(
  dependencies: Dependencies,
  input: StepInput,
  { linkerd, isBack }: Pick<StoredRotation, 'linkerd' | 'isBack'>,
  ask: BundleAsk,
): Promise<BundleWritten> {
  const { k8s } = dependencies;
  const { wanted: memory, past = false } = input.handOff ?? {};
  const stores = await readAnchors(k8s, linkerd);
  const theirs = await theirStores(dependencies, linkerd, stores, memory);
  const asked = theirs.map((store) => askedOf(store, ask, memory?.[store.store]));
  const difference = bundleDifference(asked.map(placeOf), { retired: ask.remove, past });
  if (difference.length === 0) {
    const names = theirs.map(({ store }) => store);
    const anchors = linkerd.anchors.filter((location) => !names.includes(locationName(location)));
    return await changeBundle(dependencies, linkerd, ask, anchors);
  }
  const [main] = asked;
  if (main) await ask.prove?.(main.wanted, main.store.certificates);
  return { written: [], handOff: await shown(dependencies, input, { linkerd, isBack, ask, asked, difference }) };
}

/** The one that the control plane reads, and every copy that has the same writer; once asked for, always these. */
async function theirStores(
  { k8s }: Dependencies,
  { namespace }: Linkerd,
  [main, ...copies]: [StoredAnchors, ...StoredAnchors[]],
  memory: Record<string, string> | undefined,
): Promise<StoredAnchors[]> {
  if (memory) return [main, ...copies.filter(({ store }) => store in memory)];
  const locations = copies.map(({ location }) => location);
  const same = await sameWriter(k8s, namespace, main.location, locations);
  return [main, ...copies.filter(({ location }) => same.includes(location))];
}

function askedOf(store: StoredAnchors, { add, remove }: BundleAsk, remembered: string | undefined): Asked {
  const base = remembered === undefined ? store.certificates : readBundle(remembered).certificates;
  const wanted = removeAnchors(addAnchors(base, add), remove);
  return { store, wanted, value: formatBundle(wanted, { finalNewline: (remembered ?? store.pem).endsWith('\n') }) };
}

function placeOf({ store: { store, pem, certificates }, wanted }: Asked) {
  const { identityReads } = readBundle(pem);
  const unreadable = identityReads instanceof Error ? identityReads.message : undefined;
  return { name: store, found: certificates, wanted, unreadable };
}

interface Shown {
  linkerd: Linkerd;
  isBack: boolean;
  ask: BundleAsk;
  asked: Asked[];
  difference: string[];
}

async function shown(
  { k8s }: Dependencies,
  { owners }: StepInput,
  { linkerd, isBack, ask, asked, difference }: Shown,
): Promise<HandOff> {
  const places: HandOffPlace[] = [];
  for (const { store, value } of asked) {
    const place = placeAt(linkerd.namespace, store.location, value);
    const document = await documentWith({ k8s }, linkerd.namespace, store.location, value);
    places.push({ ...place, ...(document === undefined ? {} : { document }) });
  }
  const who = owners?.bundle.who;
  const [anchors] = Object.values(wantedOf({ places }));
  return seenAs({
    ...(who === undefined ? {} : { who }),
    for: ask.for,
    difference,
    todo: todoOf('the whole bundle', isBack),
    places,
    ...(anchors ? { helm: valuesFile(helmValues(linkerd, { anchors })) } : {}),
  });
}

/** A document of values with the field in it. Of a Secret it is not shown: private keys are in it. */
async function documentWith(
  { k8s }: Pick<Dependencies, 'k8s'>,
  namespace: string,
  location: Location,
  value: string,
): Promise<string | undefined> {
  const { path: _, ...whole } = location;
  if (!location.path || location.kind === 'Secret') return undefined;
  const text = (await readField(k8s, namespace, whole)) ?? '';
  const document =
    editedValues({ [location.key]: text }, [{ location, change: () => value }]).get(location.key) ?? text;
  return document.length > LONGEST_DOCUMENT || document.includes('PRIVATE KEY') ? undefined : document;
}
