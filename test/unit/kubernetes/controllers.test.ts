import type { V1DaemonSet, V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import {
  cronJob,
  daemonSet,
  deployment,
  replicaSet,
  replicationController,
  statefulSet,
} from '../../../src/kubernetes/controllers.js';

const reading = { mark: 'mark', markedAt: 'at' };
const metadata = { name: 'web', namespace: 'shop', uid: 'u', generation: 3 };
const selector = {};
const template = {};

describe('a Deployment', () => {
  const settled = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  const read = (status: NonNullable<V1Deployment['status']>, paused = false) =>
    deployment({ metadata, spec: { replicas: 2, selector, template, paused }, status }, reading);
  it.each<[string, NonNullable<V1Deployment['status']>, string | undefined]>([
    ['has rolled out', settled, undefined],
    ['is not seen yet', { ...settled, observedGeneration: 2 }, 'the controller has not seen the change yet'],
    ['has no status yet', {}, 'the controller has not seen the change yet'],
    ['makes new pods', { ...settled, updatedReplicas: 1 }, '1 of 2 new pods exist'],
    ['ends old pods', { ...settled, replicas: 3 }, '1 old pod remains'],
    ['waits for new pods', { ...settled, availableReplicas: 1 }, '1 of 2 new pods are available'],
    [
      'says why it cannot make pods',
      { ...settled, updatedReplicas: 0, conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'quota' }] },
      '0 of 2 new pods exist: quota',
    ],
  ])('%s', (_what, status, waitingFor) => {
    expect(read(status).waitingFor).toBe(waitingFor);
    expect(read(status).rolledOut).toBe(waitingFor === undefined);
  });
  it('has failed when its deadline is exceeded and pods are missing', () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out.' },
      { type: 'ReplicaFailure', status: 'True', message: 'quota' },
    ];
    expect(read({ ...settled, availableReplicas: 0, conditions }).failed).toBe('timed out. quota');
    expect(read({ ...settled, conditions }).failed).toBeUndefined();
    expect(read({ ...settled, availableReplicas: 0 }).failed).toBeUndefined();
  });
  it('is not rolled while it is paused', () => {
    expect(read(settled, true).unrollable?.reason).toBe('DeploymentPaused');
    expect(read(settled).unrollable).toBeUndefined();
  });
});

describe('a StatefulSet', () => {
  const settled = { observedGeneration: 3, replicas: 2, readyReplicas: 2, currentRevision: 'a', updateRevision: 'a' };
  const halfway = { ...settled, updateRevision: 'b', updatedReplicas: 1 };
  const read = (status: Partial<V1StatefulSet['status']>, updateStrategy = {}) =>
    statefulSet(
      { metadata, spec: { replicas: 2, selector, template, serviceName: '', updateStrategy }, status: status as never },
      reading,
    );
  it.each<[string, object, object, string | undefined]>([
    ['has rolled out', settled, {}, undefined],
    ['is not seen yet', { ...settled, observedGeneration: 2 }, {}, 'the controller has not seen the change yet'],
    ['goes pod by pod', halfway, {}, '1 of 2 pods are of the new revision'],
    ['waits for pods', { ...settled, readyReplicas: 1 }, {}, '1 of 2 pods are ready'],
    ['on delete waits for no revision', halfway, { type: 'OnDelete' }, undefined],
    ['with a partition waits for no revision', halfway, { rollingUpdate: { partition: 1 } }, undefined],
  ])('%s', (_what, status, strategy, waitingFor) => {
    expect(read(status, strategy)).toMatchObject({ rolledOut: waitingFor === undefined });
    expect(read(status, strategy).waitingFor).toBe(waitingFor);
  });
  it.each<[object, string | undefined]>([
    [{}, undefined],
    [{ type: 'OnDelete' }, 'its update strategy is OnDelete'],
    [{ rollingUpdate: { partition: 1 } }, 'its update strategy keeps pods below ordinal 1 as they are'],
  ])('with the strategy %j', (strategy, evictionBecause) => {
    expect(read(settled, strategy).evictionBecause).toBe(evictionBecause);
    expect(read(settled, strategy).replacement).toBe(evictionBecause ? 'eviction' : 'rollout');
  });
});

describe('a DaemonSet', () => {
  const settled = { observedGeneration: 3, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 };
  const read = (status: Partial<V1DaemonSet['status']>, updateStrategy = {}) =>
    daemonSet({ metadata, spec: { selector, template, updateStrategy }, status: status as never }, reading);
  it.each<[string, object, object, string | undefined]>([
    ['has rolled out', settled, {}, undefined],
    ['is not seen yet', { ...settled, observedGeneration: 2 }, {}, 'the controller has not seen the change yet'],
    ['goes node by node', { ...settled, updatedNumberScheduled: 1 }, {}, '1 of 2 nodes have the new pod'],
    ['waits for pods', { ...settled, numberAvailable: 1 }, {}, '1 of 2 pods are available'],
    ['on delete waits for no node', { ...settled, updatedNumberScheduled: 1 }, { type: 'OnDelete' }, undefined],
  ])('%s', (_what, status, strategy, waitingFor) => {
    expect(read(status, strategy).waitingFor).toBe(waitingFor);
    expect(read(status, strategy).rolledOut).toBe(waitingFor === undefined);
  });
  it('is evicted when it replaces pods on delete only', () => {
    expect(read(settled, { type: 'OnDelete' }).replacement).toBe('eviction');
    expect(read(settled).replacement).toBe('rollout');
  });
});

describe('controllers without a rollout of their own', () => {
  it.each([
    ['ReplicaSet', replicaSet],
    ['ReplicationController', replicationController],
  ] as const)('a %s is evicted, and waits for its pods', (kind, read) => {
    const half = read(
      { metadata, spec: { replicas: 2, selector }, status: { replicas: 2, readyReplicas: 1 } },
      reading,
    );
    expect(half).toMatchObject({ rolledOut: false, waitingFor: '1 of 2 pods are ready', replacement: 'eviction' });
    expect(half.evictionBecause).toBe(`a ${kind} does not replace its pods when its template changes`);
    expect(read({ metadata, status: { replicas: 1, readyReplicas: 1 } }, reading).rolledOut).toBe(true);
  });
  it('a CronJob is changed for its next run', () => {
    const found = cronJob({ metadata, spec: { schedule: '', jobTemplate: {} } }, reading);
    expect(found).toMatchObject({ rolledOut: true, replacement: 'next run' });
    expect(found.templatePath).toEqual(['spec', 'jobTemplate', 'spec', 'template']);
  });
});
