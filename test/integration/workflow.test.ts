import { EventEmitter, once } from 'node:events';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Waiver } from '../../src/rotation/findings.js';
import { type FakeCluster, fakeCluster, ROOTS } from './fake-cluster.js';
import { failureOf, reportOf, statusOf, statusWhere } from './support.js';

let cluster: FakeCluster;
beforeAll(async () => void (cluster = await fakeCluster()));
afterAll(async () => await cluster.stop());
beforeEach(() => void Object.assign(cluster.given, { calls: [], answers: {} }));

const asked = async (handle: WorkflowHandle, kind: string) =>
  await statusWhere(handle, kind, ({ waiting }) => waiting?.kind === kind);
const approve = async (handle: WorkflowHandle) =>
  await handle.executeUpdate('approve', { args: [{ planHash: '0123456789abcdef', by: 'tester' }] });

describe('a rotation that ends before its time', () => {
  it.each(['cancel', 'a lost Lease'] as const)(
    'by %s: the issuer of the start goes back only while it holds the Lease',
    async (how) => {
      const handle = await cluster.start();
      await asked(handle, 'approval');
      if (how === 'cancel') await handle.cancel();
      else {
        cluster.given.answers['checkGate'] = () => {
          throw ApplicationFailure.nonRetryable('another rotation holds the Lease', 'LeaseLost');
        };
        await approve(handle);
      }
      await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
      const status = await statusOf(handle);
      expect(status.outcome).toBe(how === 'cancel' ? 'cancelled' : 'failed');
      // who has lost the Lease writes nothing more: the rotation that holds it has the say
      expect(cluster.given.calls.includes('putBack')).toBe(how === 'cancel');
      expect(status.notes.join().includes('The issuer of the start is back in its Secret')).toBe(how === 'cancel');
      expect(cluster.given.calls.at(-1)).toBe('releaseLease');
    },
  );

  it('because its bridge certificate ends and cannot be made anew, before the point of no return', async () => {
    cluster.given.answers = {
      preflight: () => ({ ...leafLife(4000) }),
      keepBridge: () => ({ notAfter: '2026-12-24T00:00:00Z', renewable: false, endsSoon: true }),
      putBack: () => ({ putBack: true, changed: true }),
    };
    const { type, message } = await failureOf(await cluster.start());
    expect(type).toBe('BridgeEnding');
    expect(message).toContain('2026-12-24T00:00:00Z');
    expect(message).toContain('The issuer of the start is back in its Secret');
  });

  it('past the point of no return it is not ended: nobody is asked any more, and the date is shown', async () => {
    cluster.given.answers = {
      preflight: () => leafLife(4000),
      keepBridge: () => ({ notAfter: '2026-12-24T00:00:00Z', renewable: false, endsSoon: pastReturn() }),
    };
    const pastReturn = () => cluster.given.calls.includes('dropRetired');
    const handle = await cluster.start({ approvals: 'everyPhase' });
    for (let answered = 0; answered < 3; answered += 1) {
      const { waiting } = await asked(handle, 'approval');
      await approve(handle);
      await statusWhere(handle, 'the next', (status) => status.waiting?.for !== waiting?.for);
    }
    const report = await reportOf(handle);
    expect(report.outcome).toBe('completed');
    expect(report.notes.join()).toContain('Nobody was asked before phase issue');
    expect((await statusOf(handle)).alerts).toMatchObject([
      { reason: 'BridgeEnding', deadline: '2026-12-24T00:00:00Z' },
    ]);
  });

  it('not because the key of its bridge is away: where it has to be put back is said, for as long as it is away', async () => {
    let away = true;
    const keyMissing = { why: 'the key is not in Secret linkerd/mine (it is gone)', canReturn: true };
    cluster.given.answers = {
      preflight: () => leafLife(4000),
      keepBridge: () => ({
        ...{ notAfter: '2026-12-24T00:00:00Z', renewable: !away, endsSoon: false },
        ...(away ? { keyMissing } : {}),
      }),
      finish: () => ({
        oldKey: { oldKeyUsableUntil: '2026-12-24T00:00:00Z', oldKeyCopies: ['backups'] },
        senders: {},
      }),
    };
    const handle = await cluster.start();
    const { alerts } = await statusWhere(handle, 'the alert', (status) => (status.alerts ?? []).length > 0);
    expect(alerts).toMatchObject([
      {
        reason: 'BridgeKeyMissing',
        message: expect.stringContaining('linkerd/mine (it is gone)') as string,
        deadline: '2026-12-24T00:00:00Z',
      },
    ]);
    away = false;
    await statusWhere(handle, 'the end of the alert', (status) => status.alerts === undefined);
    await approve(handle);
    expect(await reportOf(handle)).toMatchObject({
      outcome: 'completed',
      oldKeyUsableUntil: '2026-12-24T00:00:00Z',
      oldKeyCopies: ['backups'],
    });
  });

  it('by an abort that comes before it knows its certificates takes back what an earlier run has put to use', async () => {
    cluster.given.answers = {
      generate: () => {
        throw ApplicationFailure.nonRetryable('IssuerKeyMismatch', 'BadCertificates');
      },
      discard: () => ({ discarded: false, left: { ...ROOTS, adopted: true } }),
    };
    const handle = await cluster.start();
    await asked(handle, 'attention');
    await handle.executeUpdate('abort', { args: [{ by: 'tester' }] });
    expect(await reportOf(handle)).toMatchObject({
      outcome: 'aborted',
      aborted: { phase: 'generate', claimedBy: 'tester' },
    });
    expect(cluster.given.calls).toContain('writeIssuer previous');
  });
});

describe('a step that fails', () => {
  it('for good waits for a person, once, and goes on after retry', async () => {
    let repaired = false;
    cluster.given.answers['addTarget'] = () => {
      if (!repaired) throw ApplicationFailure.nonRetryable('ConfigMap is gone', 'BundleMissing');
      return { written: [] };
    };
    const handle = await cluster.start({ approvals: 'none' });
    const { waiting } = await asked(handle, 'attention');
    expect(waiting).toMatchObject({
      for: 'somebody to repair what stopped this step',
      on: ['BundleMissing: ConfigMap is gone'],
    });
    repaired = true;
    await handle.executeUpdate('retry', { args: [] });
    expect((await reportOf(handle)).outcome).toBe('completed');
  });

  it('is the same for all namespaces of a rollout: none comes back after a pause', async () => {
    const open = new Set(['a', 'b']);
    cluster.given.answers = {
      checkGate: ({ phase }: { phase: string }) => gate(phase === 'retire' ? [...open] : []),
      reinjectNamespaces: async () => {
        while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 100));
        return { shown: [], stragglers: [] };
      },
    };
    const handle = await cluster.start({ approvals: 'none' });
    await statusWhere(
      handle,
      'the rollout of both',
      ({ namespaces }) => namespaces.filter(({ state }) => state === 'running').length === 2,
    );
    await handle.executeUpdate('pause', { args: [] });
    open.clear(); // what rolls finishes
    await asked(handle, 'paused');
    await handle.executeUpdate('resume', { args: [] });
    const report = await reportOf(handle);
    expect(report.phases.every(({ state }) => state === 'done')).toBe(true);
    expect((await statusOf(handle)).waiting).toBeUndefined();
  });
});

describe('a step that keeps failing', () => {
  it('is shown after some tries, and goes on by itself when it succeeds', async () => {
    let repaired = false;
    cluster.given.answers['addTarget'] = () => {
      if (!repaired)
        throw ApplicationFailure.create({
          message: 'no connection',
          type: 'KubernetesNetwork',
          nextRetryDelay: '50ms',
        });
      return { written: [] };
    };
    const handle = await cluster.start({ approvals: 'none' });
    const { waiting } = await asked(handle, 'attention');
    expect(waiting).toMatchObject({ for: 'a step that keeps failing', on: ['KubernetesNetwork: no connection'] });
    repaired = true; // and nobody says anything
    expect((await reportOf(handle)).outcome).toBe('completed');
  });
});

describe('a pause between a proof and the write that depends on it', () => {
  it('makes the proof worthless: it is proven again', async () => {
    let paused = false;
    const handles: WorkflowHandle[] = [];
    cluster.given.answers['checkGate'] = async ({ phase }: { phase: string }) => {
      const isProof = phase === 'approve' && cluster.given.calls.includes('writeIssuer crossover');
      if (isProof && !paused) {
        paused = true;
        await handles[0]?.executeUpdate('pause', { args: [] });
      }
      return gate([]);
    };
    handles.push(await cluster.start({ approvals: 'none' }));
    const [handle] = handles as [WorkflowHandle];
    await asked(handle, 'paused');
    expect(cluster.given.calls).not.toContain('dropRetired');
    await handle.executeUpdate('resume', { args: [] });
    await reportOf(handle);
    const { calls } = cluster.given;
    const proofs = calls.slice(calls.indexOf('writeIssuer crossover'), calls.indexOf('dropRetired'));
    expect(proofs.filter((call) => call === 'checkGate approve')).toHaveLength(2);
  });
});

describe('a write that rests on an approval', () => {
  it('asks again when the step finds that what was approved is not what there is', async () => {
    const carried: unknown[] = [];
    cluster.given.answers['dropRetired'] = ({ approved }: { approved?: { hash: string } }) => {
      carried.push(approved?.hash);
      if (carried.length === 1) throw ApplicationFailure.nonRetryable('waiver added: shop (trust)', 'ApprovalOutdated');
      return { written: [] };
    };
    cluster.given.answers['makePlan'] = () => ({
      ...{ namespaces: [], workloadNames: [], retire: [], keep: [], phases: [] },
      hash: carried.length === 0 ? '0123456789abcdef' : 'fedcba9876543210',
    });
    const handle = await cluster.start();
    await asked(handle, 'approval');
    await approve(handle);
    await statusWhere(handle, 'the refusal', () => carried.length > 0);
    const { waiting } = await asked(handle, 'approval');
    expect(waiting?.on).toEqual(['waiver added: shop (trust)']);
    await handle.executeUpdate('approve', { args: [{ planHash: 'fedcba9876543210', by: 'tester' }] });
    const report = await reportOf(handle);
    expect(carried).toEqual(['0123456789abcdef', 'fedcba9876543210']);
    expect(report.approvals.map(({ planHash }) => planHash)).toEqual(carried);
  });
  it.each(['beforeRetire', 'none'] as const)(
    'is for a person to look at where the worker wants another than %s: nobody is asked in circles',
    async (approvals) => {
      let isThere = false;
      cluster.given.answers['dropRetired'] = () => {
        if (!isThere)
          throw ApplicationFailure.nonRetryable('nobody has approved plan h in the cluster', 'ApprovalMissing');
        return { written: [] };
      };
      const handle = await cluster.start({ approvals });
      if (approvals !== 'none') {
        await asked(handle, 'approval');
        await approve(handle);
      }
      const { waiting } = await asked(handle, 'attention');
      expect(waiting).toMatchObject({
        for: 'somebody to repair what stopped this step',
        on: ['ApprovalMissing: nobody has approved plan h in the cluster'],
      });
      const tries = cluster.given.calls.filter((call) => call === 'dropRetired').length;
      expect(tries).toBeLessThanOrEqual(2);
      isThere = true;
      await handle.executeUpdate('retry', { args: [] });
      expect((await reportOf(handle)).outcome).toBe('completed');
      expect(cluster.given.calls.filter((call) => call === 'dropRetired')).toHaveLength(tries + 1);
    },
  );
  it('is for a person to look at where it repairs what was put back, and does not end the rotation', async () => {
    const behind = { reason: 'Behind', severity: 'block', message: 'm', subject: { kind: 'object', name: 'bundle' } };
    let [isBehind, isOutdated] = [true, false];
    cluster.given.answers = {
      checkGate: ({ phase }: { phase: string }) => {
        if (phase !== 'retire' || !isBehind) return gate([]);
        [isBehind, isOutdated] = [false, true];
        return { ...gate(['shop']), reverted: [behind] };
      },
      dropRetired: () => {
        if (isOutdated) throw ApplicationFailure.nonRetryable('workload added: shop/Deployment/x', 'ApprovalOutdated');
        return { written: [] };
      },
    };
    const handle = await cluster.start({ approvals: 'none' });
    const { waiting } = await asked(handle, 'attention');
    expect(waiting?.on).toEqual(['ApprovalOutdated: workload added: shop/Deployment/x']);
    isOutdated = false;
    await handle.executeUpdate('retry', { args: [] });
    expect((await reportOf(handle)).outcome).toBe('completed');
  });
  it('in the cluster is waited for there, and no message counts', async () => {
    const written = new EventEmitter();
    const isWritten = once(written, 'written');
    const planHash = '0123456789abcdef';
    cluster.given.answers['awaitApproval'] = async () => {
      await isWritten;
      return { manager: 'kubectl-annotate', at: '2026-11-25T00:00:00.000Z' };
    };
    const handle = await cluster.start({ approvals: 'inCluster' });
    const { waiting } = await asked(handle, 'approval');
    expect(waiting).toMatchObject({ planHash, inCluster: true });
    expect(waiting?.todo).toContain(
      `kubectl annotate configmap -n linkerd reroot-approval --overwrite reroot.dev/approved=${planHash}`,
    );
    await expect(approve(handle)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('a message does not approve this rotation') as string },
    });
    await handle.executeUpdate('pause', { args: [] }); // it looks no longer, and is asked again
    await asked(handle, 'paused');
    await handle.executeUpdate('resume', { args: [] });
    await asked(handle, 'approval');
    written.emit('written');
    expect((await reportOf(handle)).approvals).toMatchObject([
      { phase: 'retire', planHash, inCluster: { manager: 'kubectl-annotate' } },
    ]);
  });
});

describe('what people say', () => {
  it('reaches a rollout that runs, and can be taken back', async () => {
    const subject = 'shop/Deployment/web';
    cluster.given.answers = {
      checkGate: ({ phase, waivers }: { phase: string; waivers: Waiver[] }) =>
        gate(phase === 'retire' && waivers.length === 0 ? ['shop'] : []),
      reinjectNamespaces: async ({ waivers }: { waivers: Waiver[] }) => {
        while (waivers.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
        return { shown: [], stragglers: [] };
      },
    };
    const handle = await cluster.start({ approvals: 'none' });
    await statusWhere(handle, 'the rollout', ({ namespaces }) => namespaces.some(({ state }) => state === 'running'));
    const said = await handle.executeUpdate('waive', { args: [{ subject, reason: 'a test', gate: 'trust' }] });
    expect(said).toContain('the gate of trust is open for shop/Deployment/web');
    expect((await reportOf(handle)).waivers).toMatchObject([{ subject, gate: 'trust' }]);
  });
});

describe('what people say of a proxy that others wait for', () => {
  it('reaches a wait for renewals that runs', async () => {
    cluster.given.answers = {
      checkGate: ({ phase, waivers }: { phase: string; waivers: Waiver[] }) =>
        gate(phase === 'renew' && waivers.length === 0 ? ['shop'] : []),
      awaitProxies: async ({ waivers }: { waivers: Waiver[] }) => {
        while (waivers.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
        return { ended: 'met', proxies: 3, proven: 3, late: [], reverted: [] };
      },
    };
    const handle = await cluster.start({ approvals: 'none' });
    await asked(handle, 'renewal');
    await handle.executeUpdate('waive', {
      args: [{ subject: 'shop/Deployment/web', reason: 'a test', gate: 'renew' }],
    });
    expect((await reportOf(handle)).waivers).toMatchObject([{ gate: 'renew' }]);
  });
});

describe('a rotation that waits for weeks', () => {
  it('goes on in a new run, which nobody sees: the question stands since it was asked, and is answered once', async () => {
    const handle = await cluster.start();
    const first = await asked(handle, 'approval');
    const { runId } = await handle.describe();
    for (let said = 0; (await handle.describe()).runId === runId && said < 300; said += 1) {
      await toAndFro(handle);
    }
    const described = await handle.describe();
    expect(described.runId).not.toBe(runId);
    const again = await asked(handle, 'approval');
    expect(again.waiting?.since).toBe(first.waiting?.since);
    expect(again.startedAt).toBe(first.startedAt);
    expect(described.historyLength).toBeLessThan(4096);
    await approve(handle);
    const report = await reportOf(handle);
    expect(report.approvals).toHaveLength(1);
    expect(cluster.given.calls.filter((call) => call === 'preflight' || call === 'generate')).toHaveLength(2);
  });
});

/** Some events of history, and nothing else. */
async function toAndFro(handle: WorkflowHandle): Promise<void> {
  const subject = 'shop/Deployment/web';
  const gates = ['rollout', 'trust', 'bridge', 'renew', 'approve', 'retire', 'issue', 'refresh'];
  const said = gates.map((name) => [{ subject, reason: 'a test', gate: name }] as const);
  await Promise.allSettled(said.map(async (args) => await handle.executeUpdate('waive', { args: [...args] })));
  await handle.executeUpdate('unwaive', { args: [{ subject }] }).catch(() => undefined);
}

function leafLife(leafLifeMs: number) {
  const mesh = {
    linkerdNamespace: 'linkerd',
    linkerdVersion: 'edge-1',
    layout: 'd',
    apiServer: 'fake',
    clusterUid: 'uid',
  };
  const plan = { namespaces: [], workloadNames: [], retire: [], keep: [], phases: [], hash: '0123456789abcdef' };
  return { ...mesh, leafLifeMs, findings: [], plan, extensions: [] };
}

function gate(open: string[]) {
  const namespaces = open.map((name) => ({ name, outdated: 1 }));
  return {
    passed: open.length === 0,
    proxies: 3,
    proven: 3 - open.length,
    waived: 0,
    namespaces,
    reverted: [],
    findings: [],
  };
}
