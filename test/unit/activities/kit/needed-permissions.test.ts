import { describe, expect, it } from 'vitest';
import { ofIssuerAlone } from '../../../../activities/kit/cert-manager-permissions.js';
import { type Circumstances, neededPermissions } from '../../../../activities/kit/needed-permissions.js';
import { formatPermission } from '../../../../src/kubernetes/permissions.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { LAYOUTS } from '../../../../src/linkerd/layouts/index.js';
import { EVIDENCE_CONFIGMAPS } from '../../../../src/records/names.js';
import type { OwnName } from '../../../../src/records/absent.js';
import { OWN } from '../../../../src/rotation/owners.js';
import { files, isGranted } from './granted.js';
import { DRIVEN, GUIDE } from '../../rotation/preflight/support.js';

const ALL: Circumstances = {
  ...{ reach: 'port-forward', deletePods: true, rollouts: true, absent: [], rehearsal: true },
  inCluster: true,
  members: [
    { group: 'multicluster.linkerd.io', version: 'v1alpha3', plural: 'links' },
    { group: 'workload.linkerd.io', version: 'v1beta1', plural: 'externalworkloads' },
  ],
};

describe('the rights of a rotation', () => {
  it.each(LAYOUTS.map((layout) => [layout.id, layout] as const))(
    'are each granted by the file that is named with it, with layout %s',
    (_id, layout) => {
      const linkerd = { namespace: 'linkerd', anchors: layout.anchors, layout } as Linkerd;
      const needed = neededPermissions(linkerd, { ...ALL, owners: DRIVEN.owners, certManager: GUIDE });
      expect(needed.filter((permission) => !isGranted(permission)).map(formatPermission)).toEqual([]);
      expect(new Set(needed.map(({ file }) => file))).toEqual(
        new Set([...files.keys()].filter((file) => !/buoyant|events/.test(file))),
      );
    },
  );

  const needs = (change: Partial<Circumstances>) =>
    neededPermissions(
      { namespace: 'linkerd', anchors: [TRUST_ROOTS], layout: { issuerCopies: [] } } as unknown as Linkerd,
      { ...ALL, ...change },
    );
  const TRUST_ROOTS = { kind: 'ConfigMap', name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' };
  const written = (change: Partial<Circumstances>) =>
    needs(change).flatMap(({ verb, resource, subresource, namespace = '', name = '' }) =>
      verb === 'patch' && name ? [`${resource}${subresource ? `/${subresource}` : ''} ${namespace}/${name}`] : [],
    );
  const OBJECTS = [
    'secrets linkerd/reroot-rotation',
    'secrets linkerd/reroot-trust-root',
    'configmaps linkerd/reroot-report',
    ...EVIDENCE_CONFIGMAPS.map((name) => `configmaps linkerd/${name}`),
  ];
  const ISSUER = 'secrets linkerd/linkerd-identity-issuer';
  const BUNDLE = 'configmaps linkerd/linkerd-identity-trust-roots';

  it.each<[string, Partial<Circumstances>, string[]]>([
    ['where reroot owns both', {}, [ISSUER, BUNDLE]],
    ['where both are handed off', { owners: { bundle: { kind: 'handOff' }, issuer: { kind: 'handOff' } } }, []],
    ['where the bundle is handed off', { owners: { ...OWN, bundle: { kind: 'handOff' } } }, [ISSUER]],
    ['where cert-manager is suspected', { owners: { ...OWN, issuer: { kind: 'certManager' } } }, [ISSUER, BUNDLE]],
    [
      'where cert-manager owns both',
      { owners: DRIVEN.owners, certManager: GUIDE },
      [
        ISSUER,
        'certificates/status linkerd/linkerd-identity-issuer',
        'certificates/status cert-manager/linkerd-trust-anchor',
        'secrets cert-manager/linkerd-trust-anchor',
        'secrets cert-manager/linkerd-previous-anchor',
      ],
    ],
    [
      'where its issuer alone is renewed',
      { owners: DRIVEN.owners, certManager: ofIssuerAlone(GUIDE) },
      [ISSUER, 'certificates/status linkerd/linkerd-identity-issuer'],
    ],
  ])('write by name what a rotation writes, %s', (_what, change, names) => {
    expect(new Set(written(change))).toEqual(new Set([...OBJECTS, ...names]));
  });
  it('include the copies that the CLI keeps, whoever owns the bundle: nobody else writes them', () => {
    const overrides = { kind: 'Secret', name: 'linkerd-config-overrides', key: 'linkerd-config-overrides' };
    const linkerd = { namespace: 'linkerd', anchors: [TRUST_ROOTS, overrides], layout: { issuerCopies: [] } };
    const owners = { bundle: { kind: 'handOff' }, issuer: { kind: 'handOff' } } as const;
    const needed = neededPermissions(linkerd as unknown as Linkerd, { ...ALL, owners }).map(formatPermission);
    expect(needed).toContain('patch secrets "linkerd-config-overrides" in namespace linkerd');
    expect(needed).not.toContain('patch configmaps "linkerd-identity-trust-roots" in namespace linkerd');
    const anchors = [...linkerd.anchors, { kind: 'Secret', name: 'linkerd-identity-issuer', key: 'ca.crt' }];
    const its = neededPermissions({ ...linkerd, anchors } as unknown as Linkerd, { ...ALL, owners });
    expect(its.map(formatPermission)).not.toContain('patch secrets "linkerd-identity-issuer" in namespace linkerd');
  });
  it('are asked of cert-manager nowhere else', () => {
    expect(needs({ certManager: GUIDE }).filter(({ file }) => file.includes('cert-manager'))).toEqual([]);
  });

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
