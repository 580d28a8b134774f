/** What somebody else has to write (Git, Helm values, Terraform, another team), as a step asks for it: pure, and public parts only. */

import { jsonBytes } from '../ground/size.js';

/** Steps that may come to something that is not theirs to write. Each looks first, so each may be asked again. */
export type HandOffStep = 'addTarget' | 'dropRetired' | 'writeIssuer' | 'keepBridge';

/** What has to be there, and what there is. */
export interface HandOff {
  /** Who has to write it, for people: `Argo CD`; absent where nobody knows. */
  who?: string;
  /** A clause: `the bundle to have the new root beside the old one`. */
  for: string;
  /** What the cluster shows instead, a line each; what a person has to know before they write it comes last. */
  difference: string[];
  /** What a person has to do, in a sentence or two. */
  todo: string;
  /** Absent where no object's content can be shown: `todo` says it all. */
  places?: HandOffPlace[];
  /** The values of the chart, as a file for `helm upgrade -f`; absent where no chart renders it. */
  helm?: string;
  /** Stands for all of the above: another one means that there is something else to show. */
  seen: string;
}

/** One field of an object in the cluster, and what it has to hold. */
export interface HandOffPlace {
  kind: 'ConfigMap' | 'Secret';
  namespace: string;
  name: string;
  /** Of `data`. */
  key: string;
  /** Where the key's value is a YAML or JSON document: the field in it. */
  path?: readonly string[];
  /** What it has to be: certificates, PEM. */
  value: string;
  /** With `path`: all of the key's value with that field in it; absent where it is too long, or may not be shown. */
  document?: string;
  /** The private key that belongs to it, by the Secret that has it: it is never shown. Absent: the key in use stays. */
  privateKey?: { namespace: string; secret: string; key: string; into: string };
}

/** What any step that may come to a hand-off answers with. */
export interface MayHandOff {
  /** Nothing was written: somebody else has to. */
  handOff?: HandOff;
}

/** What the workflow remembers of a hand-off, and gives the step again. */
export interface HandOffMemory {
  /** By `placeName`: what was asked for first. What others add meanwhile is not what was asked for. */
  wanted?: Record<string, string>;
  /** The point of no return is past: the old root is not asked for any more. */
  past?: boolean;
}

/** `ConfigMap linkerd-config values identityTrustAnchorsPEM`. */
export function placeName({ kind, name, key, path }: Pick<HandOffPlace, 'kind' | 'name' | 'key' | 'path'>): string {
  return `${kind} ${name} ${key}${path ? ` ${path.join('.')}` : ''}`;
}

/** What a hand-off asks for, to be asked for again. */
export function wantedOf({ places = [] }: Pick<HandOff, 'places'>): Record<string, string> {
  return Object.fromEntries(places.map((place) => [placeName(place), place.value]));
}

/** Bytes of content that travel with a status: a bundle of some roots has a few KB, every public root together 230. */
const MOST_CONTENT = 64_000;

/** The same in bounded size: without whole documents where that is enough, else without content, and with a word on it. */
export function withinBounds<T extends Pick<HandOff, 'places' | 'helm' | 'todo'>>(handOff: T): T {
  const fits = ({ places, helm }: Pick<HandOff, 'places' | 'helm'>): boolean =>
    jsonBytes([places, helm]) <= MOST_CONTENT;
  if (fits(handOff)) return handOff;
  const places = (handOff.places ?? []).map(withoutDocument);
  if (fits({ ...handOff, places })) return { ...handOff, places };
  const rest = { ...handOff };
  delete rest.places;
  delete rest.helm;
  return {
    ...rest,
    todo: `${handOff.todo} (It is too long to be shown: put in and take out what the difference names.)`,
  };
}

function withoutDocument(place: HandOffPlace): HandOffPlace {
  const short = { ...place };
  delete short.document;
  return short;
}
