import { describe, expect, it } from 'vitest';
import type { V1Deployment } from '@kubernetes/client-node';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { deployment } from '../../../src/kubernetes/controllers.js';
import { fromResponse } from '../../../src/kubernetes/errors.js';
import { restartedAt } from '../../../src/kubernetes/restarted-at.js';
import type { WorkloadReading } from '../../../src/kubernetes/workload.js';
import { evictPod, rollOperations, rollWorkload } from '../../../src/kubernetes/workloads.js';

const reading: WorkloadReading = { mark: 'mark', markedAt: 'at' };
const object: V1Deployment = {
  metadata: { name: 'api', namespace: 'testing', uid: 'u', generation: 2 },
  spec: { replicas: 3, selector: {}, template: { metadata: { annotations: { meshed: 'no' } } } },
};

/** An API server that answers every write with a status. */
function answering(status: number, message: string): Kubernetes {
  const answer = async () => {
    throw fromResponse('patchNamespacedDeployment testing/api', status, {}, JSON.stringify({ message }));
  };
  const api = new Proxy({}, { get: () => answer });
  return { apps: api, core: api } as unknown as Kubernetes;
}

describe('a workload', () => {
  it('says how many pods it is to have, and whether they get a proxy', () => {
    expect(deployment(object, reading)).toMatchObject({ wanted: 3 });
    expect(deployment(object, reading).unmeshed).toBeUndefined();
    const unmeshed: WorkloadReading['unmeshed'] = (template) => template?.metadata?.annotations?.['meshed'] === 'no';
    expect(deployment(object, { ...reading, unmeshed }).unmeshed).toBe(true);
  });
});

it('what changes alongside is a part of a roll, and no reason for one', () => {
  const change = { op: 'replace' as const, path: '/spec/template/x', value: 'y' };
  const found = deployment(object, { ...reading, alongside: () => [change] });
  expect(found.edits).toEqual([]);
  expect(rollOperations(found, { reading, mark: 'abc-trust', manager: 'reroot' }, new Date(0))).toContainEqual(change);
});

describe('a workload of an operator', () => {
  const owner = { apiVersion: 'example.com/v1', kind: 'Cluster', name: 'main', uid: 'o', controller: true };
  const written = (manager: string, time: string, fields: object = { 'f:spec': { 'f:template': {} } }) => ({
    manager,
    time: new Date(time),
    fieldsV1: fields,
  });
  const managedFields = [
    written('first', '2026-01-01T00:00:00Z'),
    written('kubelet', '2026-01-03T00:00:00Z', { 'f:status': { 'f:template': {} } }),
    written('reroot', '2026-01-04T00:00:00Z'),
    written('last\n\u001b[31m', '2026-01-02T00:00:00Z'),
  ];
  const { metadata, ...rest } = object;
  const operated = (from = reading) =>
    deployment({ metadata: { ...metadata, ownerReferences: [owner], managedFields }, ...rest }, from);
  const paths = (from = reading) =>
    rollOperations(operated(from), { reading: from, mark: 'abc-trust', manager: 'reroot' }, new Date(0)).flatMap(
      (each) => ('value' in each && each.op === 'add' ? [`${each.path} ${JSON.stringify(each.value)}`] : []),
    );

  it('says whose it is, and who else writes its template, the last one first', () => {
    expect(operated()).toMatchObject({ owner: { kind: 'Cluster', name: 'main', group: 'example.com' } });
    expect(operated().writers).toEqual(['last \uFFFD[31m', 'first']);
  });
  it('gets the time of a restart in its template, and the mark on the object alone: nobody has to take it off', () => {
    expect(paths()).toEqual([
      `/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt ${JSON.stringify(restartedAt('abc-trust', new Date(0)))}`,
      '/metadata/annotations {}',
      '/metadata/annotations/mark "abc-trust"',
      '/metadata/annotations/at "1970-01-01T00:00:00.000Z"',
    ]);
  });
  it('gets the mark in its template too where its pods have to carry it', () => {
    expect(paths({ ...reading, marksPods: () => true })).toContain(
      '/spec/template/metadata/annotations/mark "abc-trust"',
    );
  });
});

describe('rollWorkload', () => {
  const roll = async (status: number, message: string) =>
    await rollWorkload(answering(status, message), deployment(object, reading), {
      reading,
      mark: 'abc-trust',
      manager: 'reroot',
    });
  it.each([
    [404, 'deployments.apps "api" not found', 'gone'],
    [409, 'the object has been modified', 'changed'],
    [422, 'the server rejected our request due to an error in our request', 'changed'],
    [422, 'testing value /metadata/uid failed: test failed', 'changed'],
  ])('is told by %i %s that the workload is not the one that was read', async (status, message, outcome) => {
    expect(await roll(status, message)).toBe(outcome);
  });
  it.each([
    [403, 'deployments.apps "api" is forbidden: denied', true],
    [422, 'deployments.apps "api" is forbidden: ValidatingAdmissionPolicy denied request', true],
    [500, 'Internal error occurred: failed calling webhook "policy"', false],
  ])('is refused by %i %s, in a namespace of any name', async (status, message, final) => {
    const outcome = await roll(status, message);
    expect(outcome).toMatchObject({ final, refused: expect.stringContaining(message) as string });
  });
  it.each([
    [401, 'Unauthorized'],
    [429, 'too many requests'],
    [503, 'etcdserver: leader changed'],
    [504, 'timed out'],
  ])('throws %i %s, which says nothing about the workload', async (status, message) => {
    await expect(roll(status, message)).rejects.toThrow(message);
  });
});

describe('evictPod', () => {
  const evict = async (status: number, message: string) =>
    await evictPod(answering(status, message), { namespace: 'testing', name: 'api-1', uid: 'u' });
  it.each([
    [404, 'pods "api-1" not found'],
    [409, 'the UID in the precondition does not match'],
  ])('is told by %i %s that the pod is gone', async (status, message) => {
    expect(await evict(status, message)).toBeUndefined();
  });
  it.each([
    [429, "Cannot evict pod as it would violate the pod's disruption budget.", { budget: true, final: false }],
    [
      500,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      { budget: true, final: true },
    ],
    [403, 'pods "api-1" is forbidden: denied', { budget: false, final: true }],
    [500, 'Internal error occurred: failed calling webhook "policy"', { budget: false, final: false }],
  ])('is refused by %i %s', async (status, message, refusal) => {
    expect(await evict(status, message)).toMatchObject({
      ...refusal,
      refused: expect.stringContaining(message) as string,
    });
  });
  it('throws what says nothing about the pod', async () => {
    await expect(evict(503, 'etcdserver: leader changed')).rejects.toThrow('leader changed');
  });
});
