import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLLOUTS } from '../../src/kubernetes/argo-rollouts.js';
import { createDefinition, deleteDefinition } from '../integration/custom-resources.js';
import { creations, withoutRights } from '../integration/rights/beyond.js';
import { createVictims, removeVictims } from '../integration/rights/make-victims.js';
import { onObjects, writes } from '../integration/rights/objects.js';
import { leaseVersion, notRefused, refused, worker } from '../integration/rights/tries.js';
import { ROLLOUT, TARGETS } from '../integration/rights/victims.js';
import { onWorkload, rolls } from '../integration/rights/workloads.js';
import { eventually, k8s } from '../integration/support.js';

/** What somebody can do who has got hold of the worker's token, under the RBAC and the policy of deploy. */
const ALL = [...TARGETS, ROLLOUT];

beforeAll(async () => {
  await createDefinition({ ...ROLLOUTS, kind: 'Rollout', scope: 'Namespaced' });
  await createVictims(ALL);
});
afterAll(async () => {
  await removeVictims();
  await deleteDefinition(ROLLOUTS);
});

describe.each(ALL)('a $kind', (target) => {
  it('is changed in nothing but what a rotation changes', async () => {
    expect(await notRefused(onWorkload(target), 'policy')).toEqual([]);
  });
  it('is rolled, and gets the anchors that are written out in it', async () => {
    expect(await refused(rolls(target))).toEqual([]);
  });
});

it('Secrets, ConfigMaps, the Lease and pods are written as a rotation does it, and in no other way', async () => {
  expect(await notRefused(onObjects(await leaseVersion()), 'policy')).toEqual([]);
  expect(await refused(writes(await leaseVersion()), { dryRun: true })).toEqual([]);
});

it('everything else that is worth a try needs a right that it has not', async () => {
  expect(await notRefused(withoutRights(), 'rbac')).toEqual([]);
});

describe('with the right to create, which an earlier version needed, and to patch another Secret', () => {
  beforeAll(async () => {
    const group = { apiGroup: 'rbac.authorization.k8s.io' };
    const metadata = { name: 'old-reroot', namespace: 'linkerd' };
    const rule = (apiGroup: string, ...resources: string[]) => ({
      apiGroups: [apiGroup],
      resources,
      verbs: ['create'],
    });
    const patch = { apiGroups: [''], resources: ['secrets'], resourceNames: ['other'], verbs: ['patch'] };
    await k8s.core.createNamespacedSecret({ namespace: 'linkerd', body: { metadata: { name: 'other' } } });
    await k8s.rbac.createNamespacedRole({
      namespace: 'linkerd',
      body: { metadata, rules: [rule('', 'secrets', 'configmaps'), rule('coordination.k8s.io', 'leases'), patch] },
    });
    await k8s.rbac.createNamespacedRoleBinding({
      namespace: 'linkerd',
      body: {
        metadata,
        roleRef: { ...group, kind: 'Role', name: metadata.name },
        subjects: [{ kind: 'ServiceAccount', name: 'reroot', namespace: 'reroot' }],
      },
    });
    await eventually('the right', async () => (await worker(probe)).message.includes('Policy'));
  });
  afterAll(async () => {
    const name = 'old-reroot';
    await k8s.core.deleteNamespacedSecret({ name: 'other', namespace: 'linkerd' });
    await k8s.rbac.deleteNamespacedRoleBinding({ name, namespace: 'linkerd' });
    await k8s.rbac.deleteNamespacedRole({ name, namespace: 'linkerd' });
  });

  const { refused: strange, allowed } = creations();
  const [probe = { what: '', method: 'GET', path: '/' }] = strange;

  it('nothing is made but its own objects, and no Secret that gets the token of a ServiceAccount', async () => {
    // its own are there already, so an admin could not make them either
    expect(
      await notRefused(
        strange.map((attempt) => ({ ...attempt, valid: false })),
        'policy',
      ),
    ).toEqual([]);
  });
  it('its own objects are made', async () => {
    const answers = await Promise.all(allowed.map(async (attempt) => await worker(attempt, { dryRun: true })));
    expect(answers.map(({ status }) => status)).toEqual(allowed.map(() => 409)); // they would be, were they not there
  });
});
