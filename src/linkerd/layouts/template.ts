import type { V1Container, V1PodTemplateSpec } from '@kubernetes/client-node';
import { type PatchOperation, pointer } from '../../kubernetes/patch.js';
import { decode, encode } from '../../kubernetes/base64.js';
import { ANCHORS_HASH, ANCHORS_VARIABLE, COMPONENT_LABEL, IDENTITY_CONTAINER, PROXY_CONTAINER } from '../names.js';
import { LAYOUTS } from './index.js';
import { type BundleChange, changedCopy } from './stores.js';

/**
 * Copies of the anchors that are written out in a pod template: the proxy's variable where it was injected by
 * `linkerd inject --manual` and in the control plane up to 2.10, and the identity process's own argument (2.9) or
 * variable (2.10). A restart alone brings these pods back as they were; the template has to change.
 */
export interface TemplateAnchors {
  /** Whose: the proxy's, or the identity process's own. */
  container: 'proxy' | 'identity';
  /** Where, as the path of a JSON Patch below the template. */
  path: (string | number)[];
  /** The whole string there, and the bundle in it. */
  value: string;
  pem: string;
  /** The string for another bundle. */
  format(pem: string): string;
}

/** How the anchors are written in a container, and whose container it is. */
interface Encoding {
  container: TemplateAnchors['container'];
  read(value: string): string;
  format(pem: string): string;
}

type Template = Pick<V1PodTemplateSpec, 'spec' | 'metadata'>;

const plain: Encoding = { container: 'proxy', read: (text) => text, format: (pem) => pem };
const base64: Encoding = { container: 'identity', read: decode, format: encode };

const IDENTITY_COPIES = LAYOUTS.flatMap(({ identityCopy }) => identityCopy ?? []);

/** Every copy in a template, whichever layout it is of. */
export function templateAnchors(template: Template | undefined): TemplateAnchors[] {
  const lists = ['initContainers', 'containers'] as const;
  return lists.flatMap((list) =>
    (template?.spec?.[list] ?? []).flatMap((container, index) => copiesIn(container, ['spec', list, index])),
  );
}

function copiesIn(container: V1Container, path: readonly (string | number)[]): TemplateAnchors[] {
  if (container.name === PROXY_CONTAINER) return inVariable(container, path, ANCHORS_VARIABLE, plain);
  if (container.name !== IDENTITY_CONTAINER) return [];
  return IDENTITY_COPIES.flatMap(({ variable, argument }) =>
    variable === undefined ? inArgument(container, path, argument) : inVariable(container, path, variable, base64),
  );
}

function inVariable(
  { env = [] }: V1Container,
  path: readonly (string | number)[],
  variable: string,
  { container, read, format }: Encoding,
): TemplateAnchors[] {
  return env.flatMap(({ name, value }, index) =>
    name === variable && value
      ? [{ container, path: [...path, 'env', index, 'value'], value, pem: read(value), format }]
      : [],
  );
}

function inArgument({ args = [] }: V1Container, path: readonly (string | number)[], prefix: string): TemplateAnchors[] {
  return args.flatMap((value, index) => {
    if (!value.startsWith(prefix)) return [];
    const pem = base64.read(value.slice(prefix.length));
    const format = (wanted: string) => prefix + base64.format(wanted);
    return [{ container: base64.container, path: [...path, 'args', index], value, pem, format }];
  });
}

/**
 * The operations that bring a template's own anchors to what a phase wants; empty when they are.
 * @param scope every copy, or only the identity process's own
 */
export function templateEdits(
  template: Template | undefined,
  prefix: readonly string[],
  change: BundleChange,
  scope: 'all' | 'identity' = 'all',
): PatchOperation[] {
  const copies = templateAnchors(template).filter(({ container }) => scope === 'all' || container === 'identity');
  return copies.flatMap(({ path, value, pem, format }) => {
    const wanted = changedCopy(pem, change);
    if (wanted === undefined) return [];
    const at = pointer(...prefix, ...path.map(String));
    return [
      { op: 'test', path: at, value },
      { op: 'replace', path: at, value: format(wanted) },
    ];
  });
}

/** The operations that bring the hash of the anchors in a template of the control plane up to date; empty when it is, or has none. */
export function hashEdits(
  template: Template | undefined,
  prefix: readonly string[],
  hash: string | undefined,
): PatchOperation[] {
  const { annotations, labels } = template?.metadata ?? {};
  const value = annotations?.[ANCHORS_HASH];
  if (hash === undefined || value === undefined || value === hash || !labels?.[COMPONENT_LABEL]) return [];
  const at = pointer(...prefix, 'metadata', 'annotations', ANCHORS_HASH);
  return [
    { op: 'test', path: at, value },
    { op: 'replace', path: at, value: hash },
  ];
}
