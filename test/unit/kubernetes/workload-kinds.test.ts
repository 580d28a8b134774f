import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import type { WorkloadReading } from '../../../src/kubernetes/workload.js';
import { KINDS } from '../../../src/kubernetes/workload-kinds.js';
import { isWorkloadKind, listWorkloads, rollOperations } from '../../../src/kubernetes/workloads.js';

const reading: WorkloadReading = { mark: 'mark', markedAt: 'at' };
const metadata = { name: 'web', namespace: 'shop', uid: 'u', generation: 2 };
const template = { metadata: { annotations: { mark: 'abc-trust' } } };
const rows = Object.entries(KINDS);

/** An API server that holds some objects of every kind, and keeps what it is sent. */
function serving(...items: object[]): { k8s: Kubernetes; calls: [string, Record<string, unknown>][] } {
  const calls: [string, Record<string, unknown>][] = [];
  const answer = (method: string) => async (parameters: Record<string, unknown>) => {
    calls.push([method, parameters]);
    if (method === 'getAPIResources') return { resources: [{ name: 'rollouts' }] };
    return { items };
  };
  const api = new Proxy({}, { get: (_, method) => answer(String(method)) });
  return { k8s: { core: api, apps: api, batch: api, custom: api } as unknown as Kubernetes, calls };
}

describe.each(rows)('a %s', (name, kind) => {
  it('is listed in a namespace and in all, and says what it is', async () => {
    const { k8s, calls } = serving({ metadata, spec: { template, jobTemplate: { spec: { template } } } });
    const [found] = (await kind.list(k8s, 'shop', reading)).items;
    expect(found).toMatchObject({ kind: name, namespace: 'shop', name: 'web', uid: 'u', generation: 2 });
    expect(calls.at(-1)?.[1]).toMatchObject({ namespace: 'shop' });
    await kind.list(k8s, undefined, reading);
    expect(calls.at(-1)?.[1]).not.toHaveProperty('namespace');
  });
  it.each([
    ['left to a Deployment that owns it', { apiVersion: 'apps/v1', kind: 'Deployment' }, []],
    ['left to an Argo Rollout that owns it', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }, []],
    [
      'listed with the operator’s resource that owns it',
      { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus' },
      [{ owner: { kind: 'Prometheus', name: 'main', group: 'monitoring.coreos.com' } }],
    ],
    [
      'listed with a Deployment of somebody else’s kind',
      { apiVersion: 'example.com/v1', kind: 'Deployment' },
      [{ owner: { kind: 'Deployment', name: 'main', group: 'example.com' } }],
    ],
  ])('is %s', async (_what, owner, found) => {
    const owned = { ...metadata, ownerReferences: [{ ...owner, name: 'main', uid: 'o', controller: true }] };
    const { k8s } = serving({ metadata: owned, spec: { jobTemplate: {} } });
    expect((await kind.list(k8s, 'shop', reading)).items).toMatchObject(found);
  });
  it('is patched under its own name', async () => {
    const { k8s, calls } = serving();
    await kind.patch(k8s, { name: 'web', namespace: 'shop', body: [], fieldManager: 'reroot' });
    const [[method, parameters] = ['', {}]] = calls;
    expect(method).toBe(kind.custom ? 'patchNamespacedCustomObject' : `patchNamespaced${name}`);
    expect(parameters).toMatchObject({
      name: 'web',
      namespace: 'shop',
      ...(kind.custom ? { plural: kind.plural } : {}),
    });
  });
  it('is rolled only as long as it is the one that was read', async () => {
    const { k8s } = serving({ metadata, spec: { template, jobTemplate: { spec: { template } } } });
    const [workload] = (await kind.list(k8s, 'shop', reading)).items;
    if (!workload) throw new Error('not listed');
    const operations = rollOperations(workload, { reading, mark: 'abc-retire', manager: 'reroot' }, new Date(0));
    expect(operations.slice(0, 2)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u' },
      { op: 'test', path: '/metadata/generation', value: 2 },
    ]);
    const written = operations.flatMap((operation) => ('value' in operation ? [operation.value] : []));
    expect(written).toEqual(expect.arrayContaining(['abc-retire', '1970-01-01T00:00:00.000Z']));
  });
});

describe('the table of kinds', () => {
  it('is all that is listed, or those of them that are asked for', async () => {
    const { k8s } = serving({ metadata, spec: { jobTemplate: {} } });
    const kinds = (await listWorkloads(k8s, undefined, reading)).map(({ kind }) => kind);
    expect(kinds).toEqual(Object.keys(KINDS));
    expect(await listWorkloads(k8s, undefined, reading, new Set(['DaemonSet']))).toHaveLength(1);
    expect([isWorkloadKind('Deployment'), isWorkloadKind('Job')]).toEqual([true, false]);
  });
  it('is what deploy/rbac allows to list, watch and patch, and what the policy is about', () => {
    const read = (file: string) =>
      parseAllDocuments(readFileSync(path.resolve(import.meta.dirname, '../../../deploy', file), 'utf8')).map(
        (document) => document.toJS() as Role,
      );
    const [core] = read('rbac/core.yaml');
    const [rollouts] = read('rbac/rollouts.yaml');
    const allowed = [...(core?.rules ?? []), ...(rollouts?.rules ?? [])]
      .filter(({ verbs }) => verbs.includes('patch'))
      .flatMap(({ apiGroups, resources, verbs }) =>
        resources.map((plural) => `${verbs.join('+')} ${plural}.${apiGroups[0]}`),
      );
    expect(allowed.toSorted()).toEqual(
      rows.map(([, { plural, group }]) => `list+watch+patch ${plural}.${group}`).toSorted(),
    );
    const [policy] = read('policy.yaml');
    const limited = (policy?.spec?.matchConstraints.resourceRules ?? []).flatMap(({ apiGroups, resources }) =>
      resources.map((plural) => `${plural}.${apiGroups[0]}`),
    );
    expect(limited).toEqual(expect.arrayContaining(rows.map(([, { plural, group }]) => `${plural}.${group}`)));
  });
});

interface Role {
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  spec?: { matchConstraints: { resourceRules: { apiGroups: string[]; resources: string[] }[] } };
}
