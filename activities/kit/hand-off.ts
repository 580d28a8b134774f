import { createHash } from 'node:crypto';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import type { Location } from '../../src/linkerd/layouts/layout.js';
import { keyOwners } from '../../src/linkerd/writers/field-managers.js';
import { KNOWN_WRITERS } from '../../src/linkerd/writers/known.js';
import { readMetadata } from '../../src/linkerd/writers/writers.js';
import { type HandOff, type HandOffPlace, withinBounds } from '../../src/rotation/hand-off.js';

/** What both hand-offs share: whose an object is, and what stands for what is shown. */

const SEEN_LENGTH = 16;

/** The hand-off with what stands for it: another one is shown anew. */
export function seenAs(whole: Omit<HandOff, 'seen'>): HandOff {
  const handOff = withinBounds(whole);
  const { difference, places = [] } = handOff;
  const text = JSON.stringify([handOff.for, difference, places.map(({ value, privateKey }) => [value, privateKey])]);
  return { ...handOff, seen: createHash('sha256').update(text).digest('hex').slice(0, SEEN_LENGTH) };
}

/**
 * Of several objects those that the writer of the first writes too: by its marks on them, or as the owner of the key that
 * matters. Copies that Linkerd's CLI keeps may be nobody's, and are then written by reroot.
 */
export async function sameWriter<T extends Location>(
  k8s: Kubernetes,
  namespace: string,
  first: Location,
  others: readonly T[],
): Promise<T[]> {
  const its = await writersOfField(k8s, namespace, first);
  const same: T[] = [];
  for (const other of others) {
    const writers = await writersOfField(k8s, namespace, other);
    if (writers.some((name) => its.includes(name))) same.push(other);
  }
  return same;
}

async function writersOfField(k8s: Kubernetes, namespace: string, location: Location): Promise<string[]> {
  const metadata = (await readMetadata(k8s, namespace, location.kind, location.name)) ?? {};
  const marks = [...Object.keys(metadata.labels ?? {}), ...Object.keys(metadata.annotations ?? {})];
  const managers = keyOwners(metadata, [location.key]).map(({ manager }) => manager);
  const known = KNOWN_WRITERS.filter(
    ({ marks: its, managers: named }) =>
      marks.some((mark) => its?.test(mark)) || managers.some((manager) => named?.test(manager)),
  );
  // a controller has taken the object over from whoever made it, who may own the key still while its value is the same
  const controllers = known.filter(({ how }) => how === 'reverts');
  if (controllers.length > 0) return controllers.map(({ name }) => name);
  const others = known.filter(({ how }) => how === 'nextApply').map(({ name }) => name);
  return [...others, ...managers].filter((name) => name !== FIELD_MANAGER);
}

/** Where a field is, as a place of a hand-off. */
export function placeAt(namespace: string, { kind, name, key, path }: Location, value: string): HandOffPlace {
  return { kind, namespace, name, key, ...(path ? { path } : {}), value };
}

const WHILE_SHOWN = 'Only while this is shown: not after `pause` or `abort`.';

/** What to do about it, however it is written. */
export function todoOf(what: string, isBack: boolean): string {
  const back = isBack ? 'This is the way back of the abort. ' : '';
  return `${back}\`reroot hand-off\` prints ${what}: put exactly that where the object comes from. The rotation goes on by itself when the cluster shows it. ${WHILE_SHOWN}`;
}
