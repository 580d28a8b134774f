import pc from 'picocolors';
import { stringify } from 'yaml';
import { plainLines } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { formatDuration } from '../../ground/duration.js';
import { type HandOff, type HandOffPlace, placeName } from '../../rotation/hand-off.js';
import type { RotationStatus, Waiting } from '../../rotation/status.js';
import { waitsOf } from '../../rotation/waits.js';
import { plainly } from './terminal.js';

/** What somebody else has to write, for a person and for a pipe. Certificates alone are in it; keys are named. */

/** How the content is printed: for a person, for `sh`, for `helm upgrade -f`, for a file in Git. */
export const HAND_OFF_FORMATS = ['text', 'patch', 'values', 'manifest', 'json', 'yaml'] as const;
export type HandOffFormat = (typeof HAND_OFF_FORMATS)[number];

export type WaitingHandOff = Waiting & { handOff: HandOff };

export function handOffsOf(status: Pick<RotationStatus, 'waiting' | 'alsoWaiting'>): WaitingHandOff[] {
  return waitsOf(status).filter((waiting): waiting is WaitingHandOff => waiting.handOff !== undefined);
}

/** For a person: who, since when, what there is, and what there has to be. */
export function handOffText(waiting: WaitingHandOff, now: Date): string {
  const { handOff, since, todo } = waiting;
  const lines = [
    pc.yellow(`Waiting for ${waiting.for}, since ${since} (${formatDuration(now.getTime() - Date.parse(since))})`),
    'Now:',
    ...handOff.difference.map((line) => `  - ${line}`),
    todo,
  ];
  for (const place of handOff.places ?? []) lines.push('', ...placeLines(place));
  if (handOff.places?.length) lines.push('', pc.dim('For a pipe: reroot hand-off -o patch | values | manifest'));
  return lines.join('\n');
}

function placeLines(place: HandOffPlace): string[] {
  const { namespace, value, privateKey } = place;
  const key = privateKey
    ? [`with the private key in ${privateKey.into}: \`${keyCommand(privateKey)} | base64 -d\``]
    : [];
  return [pc.bold(`${placeName(place)} (namespace ${namespace}) has to be exactly:`), value.trimEnd(), ...key];
}

/** Lines for `sh`: a merge patch for each object. A private key goes from Secret to Secret, and is not seen. */
export function patchText({ places = [] }: HandOff): string {
  return objectsOf(places).map(patchLine).join('\n');
}

function patchLine(object: HandOffObject): string {
  const { kind, namespace, name, data, comments, privateKey } = object;
  if (Object.keys(data).length === 0) return comments.join('\n');
  const command = `kubectl patch ${kind.toLowerCase()} -n ${namespace} ${name} --type merge -p`;
  if (!privateKey) return [...comments, `${command} ${quoted(JSON.stringify({ data }))}`].join('\n');
  // the shell puts the key in: base64 as the Secret has it
  const [open, close] = JSON.stringify({ data: { ...data, [privateKey.into]: '\u0000' } }).split(String.raw`\u0000`);
  return [...comments, `${command} ${quoted(open ?? '')}"$(${keyCommand(privateKey)})"${quoted(close ?? '')}`].join(
    '\n',
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Prints the private key in base64. */
function keyCommand({ namespace, secret, key }: NonNullable<HandOffPlace['privateKey']>): string {
  return `kubectl -n ${namespace} get secret ${secret} -o jsonpath='{.data.${key.replaceAll('.', String.raw`\.`)}}'`;
}

/** Objects as they stand in Git, with the keys that matter alone. */
export function manifestText({ places = [] }: HandOff): string {
  return objectsOf(places).map(manifest).join('---\n');
}

function manifest({ kind, namespace, name, data, comments, privateKey }: HandOffObject): string {
  const keep = privateKey
    ? [`# ${privateKey.into} goes with it, in the same write: ${keyCommand(privateKey)} | base64 -d`]
    : kind === 'Secret'
      ? ['# its private key stays as it is']
      : [];
  const object = { apiVersion: 'v1', kind, metadata: { name, namespace }, ...(hasAny(data) ? { data } : {}) };
  const text = hasAny(data) ? stringify(object, { lineWidth: 0, blockQuote: 'literal' }) : '';
  return `${[...keep, ...comments].map((line) => `${line}\n`).join('')}${text}`;
}

function hasAny(data: Record<string, string>): boolean {
  return Object.keys(data).length > 0;
}

interface HandOffObject extends Pick<HandOffPlace, 'kind' | 'namespace' | 'name' | 'privateKey'> {
  /** As in the object: a Secret's in base64. */
  data: Record<string, string>;
  /** Of fields whose document is not shown. */
  comments: string[];
}

/** Places of the same object together. */
function objectsOf(places: readonly HandOffPlace[]): HandOffObject[] {
  const objects = new Map<string, HandOffObject>();
  for (const place of places) {
    const { kind, namespace, name, key, path, value, document, privateKey } = place;
    const id = `${kind} ${namespace}/${name}`;
    const object = objects.get(id) ?? { kind, namespace, name, data: {}, comments: [] };
    objects.set(id, { ...object, ...(privateKey ? { privateKey } : {}) });
    const text = path ? document : value;
    if (text === undefined) object.comments.push(...fieldComment(place));
    else object.data[key] = kind === 'Secret' ? Buffer.from(text).toString('base64') : text;
  }
  return [...objects.values()];
}

function fieldComment(place: HandOffPlace): string[] {
  return [
    `# ${placeName(place)} has to be:`,
    ...place.value
      .trimEnd()
      .split('\n')
      .map((line) => `#   ${line}`),
  ];
}

/** The content in a format for a pipe; empty where a hand-off has none. */
export function handOffContent(handOff: HandOff, format: 'patch' | 'values' | 'manifest'): string {
  if (format === 'patch') return patchText(handOff);
  return format === 'values' ? (handOff.helm ?? '') : manifestText(handOff);
}

/** For programs: what `status` has, without the rest of it. */
export function handOffFacts(waits: readonly WaitingHandOff[]): object[] {
  return waits.map(({ since, handOff }) => ({ since, ...handOff }));
}

/** Characters of a line of a document. */
const LONGEST_LINE = 4000;

/** Whoever reaches the Temporal namespace may answer for the rotation: nothing hidden is printed, and nothing that a shell would do. */
export function plainWords(wait: WaitingHandOff): WaitingHandOff {
  const { handOff, ...rest } = wait;
  const { places = [], helm, ...words } = handOff;
  const lines = (text: string) => plainLines(text, LONGEST_LINE);
  const plainPlace = (place: HandOffPlace): HandOffPlace => ({
    ...plainly(place),
    kind: place.kind === 'Secret' ? 'Secret' : 'ConfigMap',
    namespace: word(place.namespace),
    name: word(place.name),
    value: lines(place.value),
    ...present({
      document: place.document && lines(place.document),
      privateKey: place.privateKey && {
        namespace: word(place.privateKey.namespace),
        secret: word(place.privateKey.secret),
        key: word(place.privateKey.key),
        into: word(place.privateKey.into),
      },
    }),
  });
  return {
    ...plainly(rest),
    handOff: { ...plainly(words), ...present({ helm: helm && lines(helm) }), places: places.map(plainPlace) },
  };
}

/** As names of Kubernetes are. */
function word(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_');
}
