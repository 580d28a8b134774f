import { readFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dataPlaneGenerations, rolloutsBetween, type WorkerProcess } from '../../sandbox/kit/index.js';
import { findKey } from '../key-search.js';
import { asKubectlApplied, decodedIn, holdersOf } from './key-copies.js';
import {
  anchorsInUse,
  endRotations,
  failureOf,
  k8s,
  leaseHolder,
  mesh,
  refusalsDuring,
  reportOf,
  reroot,
  sandbox,
  startRotation,
  startWorker,
  statusOf,
  statusWhere,
} from './support.js';

describe('a whole rotation', () => {
  let worker: WorkerProcess;
  beforeAll(() => void (worker = startWorker()));
  afterEach(endRotations);
  afterAll(async () => await worker.stop());

  it('replaces the root without a refused handshake, keeps every store in step and keys secret', async () => {
    await asKubectlApplied(k8s);
    const { 'key.pem': oldKey = '' } = await secret('linkerd-identity-issuer');
    expect(await holdersOf(k8s, oldKey)).toEqual(['Secret linkerd-config-overrides', 'Secret linkerd-identity-issuer']);
    const before = {
      anchors: await anchorsInUse(),
      generations: await dataPlaneGenerations(sandbox),
      values: await linkerdConfigValues(),
    };
    const { result, refused, handshakes } = await refusalsDuring(async () => {
      const handle = await startRotation({ strategy: 'standard', timing: { poll: '250ms' } });
      const { waiting } = await statusWhere(handle, 'the approval', ({ waiting: found }) => found?.kind === 'approval');

      const second = await failureOf(await startRotation());
      expect(second.type).toBe('RotationAlreadyRunning');
      expect(second.message).toContain(handle.workflowId);

      await expect(handle.executeUpdate('approve', { args: [{ planHash: 'ffffffffffff' }] })).rejects.toThrow(
        'Update failed',
      );
      expect((await statusOf(handle)).waiting?.kind).toBe('approval');
      const approved = await reroot([
        'approve',
        '--workflow-id',
        handle.workflowId,
        '--plan',
        waiting?.planHash ?? '',
        '--by',
        'tester',
      ]);
      expect(approved).toMatchObject({ code: 0 });
      return { handle, report: await reportOf(handle) };
    });
    expect(refused).toBe(0);
    expect(handshakes).toBeGreaterThan(500);

    const { report, handle } = result;
    expect(report).toMatchObject({ outcome: 'completed', layout: 'D', adopted: false, waivers: [] });
    expect(report.approvals).toMatchObject([
      { phase: 'retire', claimedBy: 'tester', sender: { identity: expect.stringMatching(/@/) as string } },
    ]);
    expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual(before.anchors);
    const after = await anchorsInUse();
    expect(after).toEqual([report.newRoot.fingerprint]);
    const { proxies, identity } = await mesh.status();
    for (const proxy of proxies) {
      expect(proxy.anchors, proxy.pod).toEqual(after);
      expect(proxy.chain[1], proxy.pod).toBe(report.newIssuer?.fingerprint);
    }
    expect(identity.map(({ issuer }) => issuer[0])).toEqual([report.newIssuer?.fingerprint]);
    expect(rolloutsBetween(before.generations, await dataPlaneGenerations(sandbox))).toBe(3);

    const values = await linkerdConfigValues();
    expect(withoutPem(values)).toBe(withoutPem(before.values));
    expect(values).not.toBe(before.values);
    const overrides = await secret('linkerd-config-overrides');
    const issuer = await secret('linkerd-identity-issuer');
    expect(dense(overrides['linkerd-config-overrides'])).toContain(dense(issuer['key.pem']));
    expect(dense(overrides['linkerd-config-overrides'])).toContain(dense(issuer['crt.pem']));
    const trustRoot = await secret('reroot-trust-root');
    expect(dense(overrides['linkerd-config-overrides'])).toContain(dense(trustRoot['ca.crt']));
    expect(dense(values)).toContain(dense(trustRoot['ca.crt']));
    expect(await secret('reroot-rotation')).toEqual({});
    expect(await leaseHolder()).toBeUndefined();

    // nothing in the cluster has the old key any more; what may have it elsewhere is in the report
    expect(await holdersOf(k8s, oldKey)).toEqual([]);
    expect(report.oldKeyCopies).toEqual([expect.stringContaining('backups of etcd')]);
    expect(Date.parse(report.oldKeyUsableUntil ?? '')).toBeLessThanOrEqual(Date.parse(report.finishedAt));

    const { items: events } = await k8s.core.listEventForAllNamespaces();
    const { data: report2 } = await k8s.core.readNamespacedConfigMap({ name: 'reroot-report', namespace: 'linkerd' });
    const everythingElse = [
      historyToJSON(await handle.fetchHistory()),
      JSON.stringify((await handle.describe()).raw),
      readFileSync(path.join(sandbox.folder, 'worker.log'), 'utf8'),
      JSON.stringify(events),
      report2?.['report.json'] ?? '',
    ];
    for (const key of [issuer['key.pem'], trustRoot['ca.key'], oldKey]) {
      for (const text of everythingElse) expectNoKey(text, key ?? '');
    }
  });
});

async function linkerdConfigValues(): Promise<string> {
  const { data } = await k8s.core.readNamespacedConfigMap({ name: 'linkerd-config', namespace: 'linkerd' });
  return data?.['values'] ?? '';
}

async function secret(name: string): Promise<Record<string, string | undefined>> {
  const { data } = await k8s.core.readNamespacedSecret({ name, namespace: 'linkerd' });
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

function withoutPem(text: string): string {
  return text.replaceAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g, 'PEM');
}

function dense(text = ''): string {
  return text.replaceAll(/\s+/g, '');
}

/** No part of the key in a text, as it is, or encoded once or twice more (payloads, Secrets). */
function expectNoKey(text: string, pem: string): void {
  expect(pem.length).toBeGreaterThan(150);
  expect(findKey(decodedIn(text), pem)).toBeUndefined();
}
