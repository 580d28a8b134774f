import type { V1Container, V1PodTemplateSpec } from '@kubernetes/client-node';
import { type PatchOperation, pointer } from '../../kubernetes/patch.js';
import { decode, encode } from '../../kubernetes/base64.js';
import { IDENTITY_ANCHORS_ARGUMENT } from './layout-b.js';
import { IDENTITY_ANCHORS_VARIABLE } from './layout-c.js';
import { ANCHORS_VARIABLE, PROXY_CONTAINER } from '../names.js';
import { type BundleChange, changedBundle } from './stores.js';

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

type Template = Pick<V1PodTemplateSpec, 'spec'>;

export function templateAnchors(template: Template | undefined): TemplateAnchors[] {
  const lists = ['initContainers', 'containers'] as const;
  return lists.flatMap((list) =>
    (template?.spec?.[list] ?? []).flatMap((container, index) => {
      const path = ['spec', list, index];
      if (container.name === PROXY_CONTAINER) return variable(container, ANCHORS_VARIABLE, path, plain);
      if (container.name !== 'identity') return [];
      return [...variable(container, IDENTITY_ANCHORS_VARIABLE, path, base64), ...argument(container, path)];
    }),
  );
}

interface Encoding {
  container: TemplateAnchors['container'];
  read(value: string): string;
  format(pem: string): string;
}

const plain: Encoding = { container: 'proxy', read: (text) => text, format: (pem) => pem };
const base64: Encoding = { container: 'identity', read: decode, format: encode };

function variable(
  { env = [] }: V1Container,
  name: string,
  path: (string | number)[],
  { container, read, format }: Encoding,
): TemplateAnchors[] {
  return env.flatMap((entry, index) =>
    entry.name === name && entry.value
      ? [{ container, path: [...path, 'env', index, 'value'], value: entry.value, pem: read(entry.value), format }]
      : [],
  );
}

function argument({ args = [] }: V1Container, path: (string | number)[]): TemplateAnchors[] {
  const prefix = IDENTITY_ANCHORS_ARGUMENT;
  return args.flatMap((text, index) =>
    text.startsWith(prefix)
      ? [
          {
            container: 'identity',
            path: [...path, 'args', index],
            value: text,
            pem: decode(text.slice(prefix.length)),
            format: (pem: string) => prefix + encode(pem),
          },
        ]
      : [],
  );
}

/** The operations that bring a template's own anchors to what a phase wants; empty when they are.
 *  @param scope every copy, or only the identity process's own */
export function templateEdits(
  template: Template | undefined,
  prefix: readonly string[],
  change: BundleChange,
  scope: 'all' | 'identity' = 'all',
): PatchOperation[] {
  const copies = templateAnchors(template).filter(({ container }) => scope === 'all' || container === 'identity');
  return copies.flatMap(({ path, value, pem, format }) => {
    const wanted = changedBundle(pem, change);
    if (wanted === undefined) return [];
    const at = pointer(...prefix, ...path.map(String));
    return [
      { op: 'test', path: at, value },
      { op: 'replace', path: at, value: format(wanted) },
    ];
  });
}
