import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { V1Deployment } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { PatchOperation } from '../../../../src/kubernetes/patch.js';
import { decode } from '../../../../src/kubernetes/base64.js';
import { editedValues, fieldOf } from '../../../../src/linkerd/layouts/fields.js';
import { type Layout, type Location, locationName } from '../../../../src/linkerd/layouts/layout.js';
import { LAYOUTS } from '../../../../src/linkerd/layouts/index.js';
import { changedBundle } from '../../../../src/linkerd/layouts/stores.js';
import { templateAnchors, templateEdits } from '../../../../src/linkerd/layouts/template.js';
import { readBundle } from '../../../../src/pki/bundle.js';
import { createRoot } from '../../../../src/pki/issue.js';

/** Real renderings of Linkerd's charts and of `linkerd inject`; they are not part of this repository. */
const FOLDER = path.resolve(import.meta.dirname, '../../../../../shared/linkerd/manifests');
const present = existsSync(FOLDER);
const files = present ? readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')) : [];

interface Document {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: V1Deployment['spec'];
}

const LAYOUT_OF: Record<string, Layout['id']> = { '2.7': 'A', '2.8': 'A', '2.9': 'B', '2.10': 'C' };
const next = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 3_600_000 }).certificate;
const fingerprints = (pem: string) => readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);

describe.skipIf(!present)(`the renderings of Linkerd (${present ? '' : 'skipped: there is no '}${FOLDER})`, () => {
  describe.each(files)('%s', (file) => {
    const documents = parseAllDocuments(readFileSync(path.join(FOLDER, file), 'utf8'))
      .map((document) => document.toJS() as Document | null)
      .filter((document) => document !== null);
    const deployments = documents.filter(({ kind }) => kind === 'Deployment') as (Document & V1Deployment)[];
    const identity = deployments.find(({ metadata }) => metadata.name === 'linkerd-identity');

    it.skipIf(!identity)('is of the layout that its identity Deployment shows', () => {
      const layouts = LAYOUTS.filter((layout) => layout.describes(identity as V1Deployment)).map(({ id }) => id);
      expect(layouts).toEqual([LAYOUT_OF[file.replace('.yaml', '')] ?? 'D']);
    });

    it.skipIf(!identity)('is of the same layout by what is stored', () => {
      const data = (name: string) => {
        const object = documents.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
        return object && (object.data ?? {});
      };
      const objects = { trustRoots: data('linkerd-identity-trust-roots'), config: data('linkerd-config') };
      const layouts = LAYOUTS.filter((layout) => layout.storedAs(objects)).map(({ id }) => id);
      expect(layouts).toEqual([LAYOUT_OF[file.replace('.yaml', '')] ?? 'D']);
    });

    it.skipIf(!identity)('keeps everything but the anchors byte for byte in every store', () => {
      const layout = LAYOUTS.find((candidate) => candidate.describes(identity as V1Deployment)) as Layout;
      const stores = layout.anchors.filter((location) => textOf(documents, location) !== undefined);
      expect(stores.length).toBe(layout.id === 'A' ? 1 : layout.id === 'D' ? 3 : 2);
      for (const location of stores) roundTrip(dataOf(documents, location), location);
    });

    it('finds and changes the anchors of pod templates, and nothing else in them', () => {
      for (const { spec, metadata } of deployments) {
        const found = templateAnchors(spec?.template);
        const template = structuredClone(spec?.template);
        const [first] = found;
        if (!first) continue;
        const old = fingerprints(first.pem);
        apply(template, templateEdits(template, [], { add: [next] }));
        const both = templateAnchors(template);
        for (const { pem } of both) expect(fingerprints(pem), metadata.name).toEqual([...old, next.fingerprint]);
        expect(templateEdits(template, [], { add: [next] })).toEqual([]);
        apply(template, templateEdits(template, [], { remove: old }));
        for (const { pem } of templateAnchors(template)) expect(fingerprints(pem)).toEqual([next.fingerprint]);
        for (const { path: at, value } of found) put(template, at, value);
        expect(template).toEqual(spec?.template);
      }
      const literal = deployments.filter(({ spec }) => templateAnchors(spec?.template).length > 0).length;
      const controlPlanes = deployments.filter(hasProxy).length;
      const carriers = /^2\.([789]|10)\.yaml$/.test(file) ? controlPlanes : Number(file.startsWith('injected'));
      expect(literal).toBe(carriers);
    });
  });
});

function hasProxy({ spec }: V1Deployment): boolean {
  const pod = spec?.template.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].some(({ name }) => name === 'linkerd-proxy');
}

function dataOf(documents: readonly Document[], { kind, name }: Location): Record<string, string> {
  const object = documents.find((document) => document.kind === kind && document.metadata.name === name);
  const data = Object.entries(object?.data ?? {});
  return Object.fromEntries(data.map(([key, value]) => [key, kind === 'Secret' ? decode(value) : value]));
}

function textOf(documents: readonly Document[], location: Location): string | undefined {
  return fieldOf(dataOf(documents, location), location);
}

/** Adds, prunes and restores; what is left when the certificates are cut out never changes. */
function roundTrip(data: Record<string, string>, location: Location): void {
  const name = locationName(location);
  const frame = (values: Record<string, string>) => withoutCertificates(values[location.key] ?? '');
  const edit = (values: Record<string, string>, change: (pem: string) => string | undefined) => ({
    ...values,
    ...Object.fromEntries(editedValues(values, [{ location, change }])),
  });
  const old = fingerprints(fieldOf(data, location) ?? '');
  expect(old.length, name).toBeGreaterThan(0);
  const both = edit(data, (pem) => changedBundle(pem, { add: [next] }));
  expect(fingerprints(fieldOf(both, location) ?? ''), name).toEqual([...old, next.fingerprint]);
  const pruned = edit(both, (pem) => changedBundle(pem, { remove: old }));
  expect(fingerprints(fieldOf(pruned, location) ?? ''), name).toEqual([next.fingerprint]);
  const restored = edit(both, (pem) => changedBundle(pem, { remove: [next.fingerprint] }));
  for (const values of [both, pruned, restored]) {
    expect(frame(values), name).toBe(frame(data));
    expect({ ...values, [location.key]: '' }).toEqual({ ...data, [location.key]: '' });
  }
  expect(fieldOf(restored, location)?.trim(), name).toBe(fieldOf(data, location)?.replaceAll(/^ +/gm, '').trim());
  expect(edit(restored, (pem) => changedBundle(pem, { remove: [next.fingerprint] }))).toEqual(restored);
}

function withoutCertificates(text: string): string {
  return text.replaceAll(/ *-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----(\\n|\n)?/g, '');
}

function apply(template: unknown, operations: readonly PatchOperation[]): void {
  for (const operation of operations) {
    const at = operation.path
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (operation.op === 'replace') put(template, at, operation.value);
    expect(operation).toMatchObject({ value: get(template, at) }); // what was tested, and what was written
  }
}

function get(object: unknown, at: readonly (string | number)[]): unknown {
  return at.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], object);
}

function put(object: unknown, at: readonly (string | number)[], value: unknown): void {
  const parent = get(object, at.slice(0, -1)) as Record<string, unknown>;
  parent[at.at(-1) ?? ''] = value;
}
