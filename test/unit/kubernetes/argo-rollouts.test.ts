import { describe, expect, it } from 'vitest';
import { type Rollout, restartTime, rollout } from '../../../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import { rollWorkload } from '../../../src/kubernetes/workloads.js';

const reading = { mark: 'mark', markedAt: 'at' };
const settled: Rollout = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 7, annotations: { mark: 'abc-trust' } },
  spec: { replicas: 2, restartAt: '2026-01-01T00:00:01Z', template: { metadata: {}, spec: { containers: [] } } },
  status: {
    observedGeneration: '7',
    restartedAt: '2026-01-01T00:00:01Z',
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    phase: 'Healthy',
  },
};

describe('an Argo Rollout', () => {
  const withStatus = (status: Rollout['status']): Rollout => ({ ...settled, status: { ...settled.status, ...status } });
  const revised = (status: Rollout['status']): Rollout => ({
    ...withStatus(status),
    spec: { ...settled.spec, template: { metadata: { annotations: { mark: 'abc-trust' } } } },
  });
  it.each<[string, Rollout, string | undefined]>([
    ['has restarted', settled, undefined],
    ['was never restarted', { metadata: {}, status: { observedGeneration: '1', availableReplicas: 1 } }, undefined],
    ['is not seen yet', withStatus({ observedGeneration: '6' }), 'has not seen the change'],
    ['has no controller', { ...settled, status: {} }, 'has not seen the change'],
    ['restarts', withStatus({ restartedAt: '2025-12-31T00:00:00Z' }), 'created before 2026-01-01T00:00:01Z'],
    ['waits for pods', withStatus({ availableReplicas: 1 }), '1 of 2 pods are available'],
    ['may be restarted in the middle of a canary', withStatus({ updatedReplicas: 1, phase: 'Paused' }), undefined],
    [
      'of a new revision waits at its steps, and says so',
      revised({ updatedReplicas: 1, message: 'CanaryPauseStep', pauseConditions: [{ reason: 'CanaryPauseStep' }] }),
      '1 of 2 new pods exist: paused (CanaryPauseStep)',
    ],
    ['of a new revision waits for the old', revised({ replicas: 3 }), '1 old pod remains'],
  ])('%s', (_what, object, waitingFor) => {
    const read = rollout(object, reading);
    expect(read.waitingFor ?? 'nothing').toContain(waitingFor ?? 'nothing');
    expect(read.rolledOut).toBe(waitingFor === undefined);
  });
  it('has failed when its controller says so', () => {
    const status = { phase: 'Degraded', message: 'ProgressDeadlineExceeded', availableReplicas: 1 };
    expect(rollout(withStatus(status), reading).failed).toContain('ProgressDeadlineExceeded');
    expect(rollout(withStatus({ phase: 'Degraded' }), reading).failed).toBeUndefined();
  });
  it('is restarted at the next second: its controller spares pods of the same', () => {
    expect(restartTime(new Date('2026-01-01T00:00:00.200Z'))).toBe('2026-01-01T00:00:01Z');
    expect(restartTime(new Date('2026-01-01T00:00:01.000Z'))).toBe('2026-01-01T00:00:02Z');
  });

  const patchOf = async (edits: PatchOperation[]): Promise<PatchOperation[]> => {
    let body: PatchOperation[] = [];
    const patch = async (request: { body: PatchOperation[] }) => void (body = request.body);
    const k8s = { custom: { patchNamespacedCustomObject: patch } } as unknown as Kubernetes;
    const workload = { ...rollout(settled, reading), edits };
    await rollWorkload(k8s, workload, { reading, mark: 'abc-renew', manager: 'reroot' });
    return body;
  };
  it('is told by its restart time and marked itself, on condition that it is as it was; no template is touched', async () => {
    const body = await patchOf([]);
    expect(body.slice(0, 3)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u' },
      { op: 'test', path: '/metadata/generation', value: 7 },
      { op: 'add', path: '/metadata/annotations/mark', value: 'abc-renew' },
    ]);
    expect(body.map(({ path }) => path)).toContain('/spec/restartAt');
    expect(body.some(({ path }) => path.startsWith('/spec/template'))).toBe(false);
  });
  it('with anchors in its template gets a new revision instead, which is no restart', async () => {
    const paths = (await patchOf([{ op: 'replace', path: '/spec/template/x', value: 'y' }])).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/spec/template/x', '/spec/template/metadata/annotations/mark']));
    expect(paths).toContain('/metadata/annotations/mark');
    expect(paths).not.toContain('/spec/restartAt');
  });
});
