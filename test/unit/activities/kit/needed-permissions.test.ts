import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Circumstances, neededPermissions } from '../../../../activities/kit/needed-permissions.js';
import { formatPermission, type Permission } from '../../../../src/kubernetes/permissions.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { LAYOUTS } from '../../../../src/linkerd/layouts/index.js';
import type { OwnName } from '../../../../src/records/absent.js';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

interface Role {
  kind: string;
  metadata: { namespace?: string };
  rules?: Rule[];
}

const folder = path.resolve(import.meta.dirname, '../../../../deploy/rbac');
const files = new Map(
  readdirSync(folder).map((file) => {
    const documents = parseAllDocuments(readFileSync(path.join(folder, file), 'utf8'));
    return [`deploy/rbac/${file}`, documents.map((document) => document.toJS() as Role)];
  }),
);

/** Whether the file that a permission names grants it. */
function isGranted({ verb, group, resource, subresource, namespace, name, file }: Permission): boolean {
  const wanted = subresource ? `${resource}/${subresource}` : resource;
  const roles = (files.get(file) ?? []).filter(
    ({ kind, metadata }) => kind === 'ClusterRole' || (kind === 'Role' && metadata.namespace === namespace),
  );
  return roles
    .flatMap(({ rules = [] }) => rules)
    .some(
      ({ apiGroups, resources, verbs, resourceNames }) =>
        apiGroups.includes(group) &&
        resources.includes(wanted) &&
        verbs.includes(verb) &&
        (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
    );
}

const ALL: Circumstances = {
  ...{ reach: 'port-forward', deletePods: true, rollouts: true, absent: [], rehearsal: true },
  inCluster: true,
  members: [
    { group: 'multicluster.linkerd.io', version: 'v1alpha3', plural: 'links' },
    { group: 'workload.linkerd.io', version: 'v1beta1', plural: 'externalworkloads' },
  ],
};

describe('the rights of a rotation', () => {
  it.each(LAYOUTS.map(({ id, anchors }) => [id, anchors] as const))(
    'are each granted by the file that is named with it, with layout %s',
    (_id, anchors) => {
      const linkerd = { namespace: 'linkerd', anchors } as Linkerd;
      const needed = neededPermissions(linkerd, ALL);
      expect(needed.filter((permission) => !isGranted(permission)).map(formatPermission)).toEqual([]);
      expect(new Set(needed.map(({ file }) => file))).toEqual(
        new Set([...files.keys()].filter((file) => !/cert-manager|buoyant/.test(file))),
      );
    },
  );

  const needs = (change: Partial<Circumstances>) =>
    neededPermissions({ namespace: 'linkerd', anchors: [] } as unknown as Linkerd, { ...ALL, ...change });

  it('have no create and no delete where the objects are made beforehand', () => {
    const writes = needs({ deletePods: false, reach: 'address' }).filter(({ verb }) => /create|delete/.test(verb));
    expect(writes.map(formatPermission)).toEqual(['create pods in namespace reroot-rehearsal']);
  });
  it.each<[OwnName, string]>([
    [{ kind: 'Secret', name: 'reroot-rotation' }, 'create secrets in namespace linkerd'],
    [{ kind: 'ConfigMap', name: 'reroot-report' }, 'create configmaps in namespace linkerd'],
    [{ kind: 'Lease', name: 'reroot' }, 'create leases.coordination.k8s.io in namespace linkerd'],
  ])('have one to create what is not there: $kind', (own, what) => {
    const [creation, ...others] = needs({ absent: [own] }).filter(({ file }) => file === 'deploy/objects.yaml');
    expect(others).toEqual([]);
    expect(creation && formatPermission(creation)).toBe(what);
    expect(creation?.neededFor).toContain(own.name);
  });
  it('have pods everywhere where there is no namespace to rehearse in', () => {
    const [create] = needs({ rehearsal: false }).filter((one) => one.verb === 'create' && !one.subresource);
    expect(create).toMatchObject({ resource: 'pods', file: 'deploy/objects.yaml and deploy/rbac/core.yaml' });
    expect(create).not.toHaveProperty('namespace');
  });
});
