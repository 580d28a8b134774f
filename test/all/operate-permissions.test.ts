import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartTool, type KubernetesObject, type Sandbox, startSandbox, type Values } from '../../sandbox/kit/index.js';
import { createDefinition, type Definition, deleteDefinition } from '../integration/custom-resources.js';
import { BUILDING_MS } from '../integration/own-mesh.js';
import { sandbox as shared } from '../integration/support.js';
import { grantsIn, isRole, textOf } from './chart-grants.js';
import { sentenceOf, withoutEach } from './less-rights.js';

/**
 * Each verb of each rule that the chart grants is taken away, alone: preflight names it, and nothing else. Where it does not, the rotation
 * has another way, which is said here.
 */
const OPTIONAL: readonly [right: RegExp, instead: string][] = [[/: watch /, 'everything is listed again at each look']];

async function rendered(values: Values): Promise<KubernetesObject[]> {
  const chart = await chartTool();
  return await chart.render({ temporal: { address: 'temporal:7233' }, ...values });
}

/** Rights that are neither named nor known to be optional, and optional ones that are named all the same. */
async function unexpected(place: Parameters<typeof withoutEach>[0]): Promise<string[]> {
  const { all, without } = await withoutEach(place);
  expect(all, 'with all of them').toEqual({ missing: [], blocking: [] });
  const grants = place.objects.filter(isRole).flatMap(grantsIn);
  expect(without.size).toBe(new Set(grants.map(textOf)).size);
  return grants.flatMap((grant) => {
    const right = textOf(grant);
    const said = without.get(right) ?? { missing: [], blocking: [] };
    const isOptional = OPTIONAL.some(([pattern]) => pattern.test(right));
    const expected = { missing: isOptional ? [] : [sentenceOf(grant)], blocking: [] };
    return JSON.stringify(said) === JSON.stringify(expected) ? [] : [`${right}: ${JSON.stringify(said)}`];
  });
}

const DEFINITIONS: readonly Definition[] = [
  { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout', scope: 'Namespaced' },
  {
    group: 'workload.linkerd.io',
    version: 'v1beta1',
    plural: 'externalworkloads',
    kind: 'ExternalWorkload',
    scope: 'Namespaced',
  },
  { group: 'multicluster.linkerd.io', version: 'v1alpha2', plural: 'links', kind: 'Link', scope: 'Namespaced' },
];

describe('a mesh that nobody else writes', () => {
  beforeAll(async () => {
    for (const definition of DEFINITIONS) await createDefinition(definition);
  }, BUILDING_MS);
  afterAll(async () => {
    for (const definition of DEFINITIONS) await deleteDefinition(definition);
  });

  it('misses each right by name', async () => {
    const rights = { eviction: true, portForward: true, rollouts: true, buoyant: true };
    const objects = await rendered({ rights });
    const input = { approvals: 'inCluster', rollout: { deletePods: true } } as const;
    expect(await unexpected({ sandbox: shared, objects, input, reach: 'port-forward' })).toEqual([]);
  });
});

describe('a mesh whose certificates cert-manager makes', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ certManager: {}, apps: 'small', kubeletLagMs: 500 });
  }, BUILDING_MS);
  afterAll(async () => await sandbox.stop());

  it('misses each right by name', async () => {
    const objects = await rendered({ owners: { bundle: 'certManager', issuer: 'certManager' } });
    expect(await unexpected({ sandbox, objects, input: {}, reach: 'address' })).toEqual([]);
  });
});
