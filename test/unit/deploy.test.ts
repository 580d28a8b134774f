import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { MARK_ANNOTATION, MARKED_AT_ANNOTATION } from '../../src/kubernetes/own-names.js';
import { RESTARTED_AT } from '../../src/kubernetes/restarted-at.js';
import { USUAL_PREVIOUS } from '../../src/linkerd/cert-manager/find.js';
import { ISSUER_CA } from '../../src/linkerd/detect.js';
import { ISSUER_KEYS } from '../../src/linkerd/identity/issuer.js';
import { LAYOUTS } from '../../src/linkerd/layouts/index.js';
import {
  ANCHORS_HASH,
  ANCHORS_VARIABLE,
  IDENTITY_CONTAINER,
  ISSUER_SECRET,
  PROXY_CONTAINER,
} from '../../src/linkerd/names.js';
import { REHEARSAL_NAMESPACE } from '../../src/linkerd/proxies/injection.js';
import { leaseOf } from '../../src/records/lease.js';
import { LEASE, REPORT_CONFIGMAP, RETIRE_ANNOTATION, ROOT_SECRET, ROTATION_SECRET } from '../../src/records/names.js';
import { ISSUER_ANNOTATION, ROTATION_ANNOTATION, RUN_ANNOTATION, TIMELINE_CONFIGMAP } from '../../src/records/names.js';
import { reportObject } from '../../src/records/report.js';
import { SECRET_KEYS } from '../../src/records/rotation-secret.js';
import { TIMELINE_KEY } from '../../src/records/timeline.js';

/** What deploy says has to be what the program does: each name is written in both. */

interface Document {
  kind: string;
  metadata: { name: string };
  type?: string;
  data?: object;
  spec?: { variables: { name: string; expression: string }[]; validations: { expression: string }[] };
}

const read = (file: string) =>
  parseAllDocuments(readFileSync(path.resolve(import.meta.dirname, '../../deploy', file), 'utf8')).map(
    (document) => document.toJS() as Document,
  );
const [policy] = read('policy.yaml');
const variable = (wanted: string) => policy?.spec?.variables.find(({ name }) => name === wanted)?.expression ?? '';

it('the policy lets through the keys that a rotation writes, of each object', () => {
  const keys = JSON.parse(variable('keys').replaceAll("'", '"')) as Record<string, string[]>;
  const written = new Map<string, Set<string>>([
    [`secrets/${ROTATION_SECRET}`, new Set(Object.values(SECRET_KEYS))],
    [`secrets/${ROOT_SECRET}`, new Set([SECRET_KEYS.root, SECRET_KEYS.rootKey])],
    [
      `secrets/${ISSUER_SECRET}`,
      new Set(Object.values(ISSUER_KEYS).flatMap(({ certificate, key }) => [certificate, key])),
    ],
    ['secrets/linkerd-trust-anchor', new Set(['tls.crt', 'tls.key', 'ca.crt'])],
    [`secrets/${USUAL_PREVIOUS}`, new Set(['tls.crt', 'tls.key', 'ca.crt'])],
    [`configmaps/${REPORT_CONFIGMAP}`, new Set(Object.keys(reportObject({}).data))],
    [`configmaps/${TIMELINE_CONFIGMAP}`, new Set([TIMELINE_KEY])],
    [`leases/${LEASE}`, new Set()],
  ]);
  const copies = LAYOUTS.flatMap(({ issuerCopies }) =>
    issuerCopies.flatMap(({ certificate, key }) => [certificate, key ?? certificate]),
  );
  for (const { kind, name, key } of [...LAYOUTS.flatMap(({ anchors }) => anchors), ...copies, ISSUER_CA]) {
    const object = `${kind.toLowerCase()}s/${name}`;
    written.set(object, (written.get(object) ?? new Set()).add(key));
  }
  expect(Object.fromEntries(Object.entries(keys).map(([object, names]) => [object, new Set(names)]))).toEqual(
    Object.fromEntries(written),
  );
});

it('the policy lets through the annotations that a rotation writes', () => {
  const holder = { workflowId: '', runId: '', temporalNamespace: '', temporalNamespaceId: '', temporalAddress: '' };
  const ofRotation = [ROTATION_ANNOTATION, RETIRE_ANNOTATION, RUN_ANNOTATION, ISSUER_ANNOTATION];
  const written = [...ofRotation, MARK_ANNOTATION, MARKED_AT_ANNOTATION];
  const named = [...variable('annotations').matchAll(/'(reroot\.dev\/[^']+)'/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set([...written, ...Object.keys(leaseOf(holder).metadata?.annotations ?? {})]));
});

it('the policy lets through the annotations that a roll writes on a pod template', () => {
  const named = JSON.parse(variable('templateAnnotations').replaceAll("'", '"')) as string[];
  expect(named).toEqual([MARK_ANNOTATION, RESTARTED_AT, ANCHORS_HASH]);
});

it('the policy lets through every copy of the anchors in a container', () => {
  const text = policy?.spec?.validations.at(-1)?.expression ?? '';
  expect(text).toContain(`['${PROXY_CONTAINER}', '${ANCHORS_VARIABLE}']`);
  const copies = LAYOUTS.flatMap(({ identityCopy }) => identityCopy ?? []);
  const expected = copies.map(({ variable: name, argument }) =>
    name === undefined
      ? `c.name == '${IDENTITY_CONTAINER}' && a.startsWith('${argument}')`
      : `['${IDENTITY_CONTAINER}', '${name}']`,
  );
  expect(expected).toHaveLength(2);
  expect(
    expected.filter((part) => text.split(part).length !== 3),
    'of what was, and of what is to be',
  ).toEqual([]);
});

it('the objects that are made beforehand are those that reroot writes, and empty', () => {
  const objects = read('objects.yaml');
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    `Secret ${ROTATION_SECRET}`,
    `Secret ${ROOT_SECRET}`,
    `ConfigMap ${REPORT_CONFIGMAP}`,
    `ConfigMap ${TIMELINE_CONFIGMAP}`,
    'ConfigMap reroot-approval',
    `Lease ${LEASE}`,
    `Namespace ${REHEARSAL_NAMESPACE}`,
  ]);
  // to apply them again must not touch what a rotation has written
  expect(objects.filter(({ data, spec }) => data ?? spec)).toEqual([]);
});
