import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartTool, type KubernetesObject, type Sandbox, startSandbox, type Values } from '../../sandbox/kit/index.js';
import { createDefinition, type Definition, deleteDefinition } from '../integration/custom-resources.js';
import { BUILDING_MS } from '../integration/own-mesh.js';
import { sandbox as shared } from '../integration/support.js';
import { type Grant, grantsIn, isRole, textOf } from './chart-grants.js';
import { type Said, sentenceOf, withoutEach } from './less-rights.js';

/** Each verb of each rule that the chart grants is taken away, alone: preflight names it, and nothing else. */

async function rendered(values: Values): Promise<KubernetesObject[]> {
  const chart = await chartTool();
  return await chart.render({ temporal: { address: 'temporal:7233' }, ...values });
}

/** Rights that are not named, or not alone; of `idle` ones, which this mesh has no use for, those that are. */
async function unexpected(place: Parameters<typeof withoutEach>[0], idle: readonly RegExp[]): Promise<string[]> {
  const { all, without } = await withoutEach(place);
  expect(all, 'with all of them').toEqual(NOTHING);
  const grants = place.objects.filter(isRole).flatMap(grantsIn);
  expect(without.size).toBe(new Set(grants.map(textOf)).size);
  return grants.flatMap((grant) => {
    const right = textOf(grant);
    const said = without.get(right) ?? NOTHING;
    const isIdle = idle.some((pattern) => pattern.test(right));
    return (isIdle ? isSilent(said) : names(said, grant)) ? [] : [`${right}: ${JSON.stringify(said)}`];
  });
}

const NOTHING: Said = { missing: [], blocking: [], without: [] };

function isSilent({ missing, blocking, without }: Said): boolean {
  return missing.length + blocking.length + without.length === 0;
}

/** As missing; or as one that a rotation goes on without; or as a policy that may not be read. */
function names({ missing, blocking, without }: Said, grant: Grant): boolean {
  const [only, ...others] = [...missing, ...blocking, ...without];
  if (only === undefined || others.length > 0) return false;
  return missing.length > 0
    ? only === sentenceOf(grant)
    : only.startsWith(`reroot may not ${sentenceOf(grant)}; a rotation goes on without: `) ||
        (grant.resource.startsWith('validatingadmissionpolic') && only.endsWith(`${grant.name} may not be read`));
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
  {
    group: 'trust.linkerd.io',
    version: 'v1alpha1',
    plural: 'trustanchorrotations',
    kind: 'TrustAnchorRotation',
    scope: 'Cluster',
  },
  {
    group: 'linkerd.buoyant.io',
    version: 'v1alpha1',
    plural: 'controlplanes',
    kind: 'ControlPlane',
    scope: 'Cluster',
  },
];

/** Of the policy of reroot's user, which these users are not: it is not looked at. */
const OTHER_POLICY = /\/reroot-cert-manager$/;
/** No VMs, no other cluster, no approval in the cluster, and none of Linkerd's older guide's Secrets. */
const NOT_THERE = [/externalworkloads/, /links/, /reroot-approval$/, /^linkerd: get \/secrets\/linkerd-trust-anchor$/];

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
    expect(await unexpected({ sandbox: shared, objects, input, reach: 'port-forward' }, [OTHER_POLICY])).toEqual([]);
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
    expect(await unexpected({ sandbox, objects, input: {}, reach: 'address' }, [OTHER_POLICY, ...NOT_THERE])).toEqual(
      [],
    );
  });
});
