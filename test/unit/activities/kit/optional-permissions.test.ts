import { describe, expect, it } from 'vitest';
import { optionalPermissions, watchPermissions } from '../../../../activities/kit/optional-permissions.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import { formatPermission } from '../../../../src/kubernetes/permissions.js';
import { isGranted } from './granted.js';

/** A cluster that serves these resources, beside Kubernetes' own. */
function serving(...served: string[]): Kubernetes {
  const resources = served.map((name) => ({ name }));
  return { custom: { getAPIResources: async () => await Promise.resolve({ resources }) } } as unknown as Kubernetes;
}

describe('permissions that a rotation does without', () => {
  it('are each granted by the file that is named', async () => {
    const custom = ['certificates', 'bundles', 'clusterbundles', 'trustanchorrotations', 'controlplanes', 'rollouts'];
    const all = await optionalPermissions(serving(...custom), 'linkerd');
    const text = all.map(formatPermission).join();
    for (const resource of custom) expect(text).toContain(` ${resource}.`);
    expect(all.filter((permission) => !isGranted(permission)).map(formatPermission)).toEqual([]);
  });
  it('are not asked about what the cluster does not have', async () => {
    const all = await optionalPermissions(serving(), 'linkerd');
    expect(all.filter(({ verb }) => verb === 'list')).toEqual([]);
    const asked = all.map(formatPermission);
    expect(asked).not.toContain('watch rollouts.argoproj.io in all namespaces');
    for (const permission of watchPermissions()) expect(asked).toContain(formatPermission(permission));
  });
});
