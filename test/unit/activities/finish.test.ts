import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { LAST_APPLIED } from '../../../src/kubernetes/last-applied.js';
import { createBridge } from '../../../src/pki/issue.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { authority, DAY_MS } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step, temporalClient } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const SECRET = 'Secret/reroot-rotation';
const NOTHING = { data: {}, annotations: {} };

function contents({ objects }: FakeCluster): object {
  const { data, metadata } = objects.get(SECRET) ?? {};
  return { data, annotations: metadata?.annotations };
}

describe('an abort before this run has written anything', () => {
  const discard = async (cluster: FakeCluster) => await carryOut(cluster, ({ discard: act }) => act, step());
  const left = (bundle = [O], more = {}) =>
    clusterWith({ bundle, rotation: newRotation({ firstRunId: 'run-9' }), ...more });
  const facts = {
    discarded: false,
    left: { adopted: true, root: { fingerprint: T.fingerprint }, retire: [{ fingerprint: O.fingerprint }] },
  };

  it('has nothing to discard where nothing was made', async () => {
    expect(await discard(clusterWith())).toEqual({ discarded: true });
  });
  it.each(['run-1', 'run-9'])('discards what nothing in the mesh refers to, made by %s', async (firstRunId) => {
    const cluster = clusterWith({ rotation: newRotation({ firstRunId }) });
    cluster.addPod('web-1', [O]);
    expect(await discard(cluster)).toEqual({ discarded: true });
    expect(contents(cluster)).toEqual(NOTHING);
  });
  it('keeps what another run left when the bundle has its root', async () => {
    const cluster = left([O, T]);
    expect(await discard(cluster)).toMatchObject(facts);
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('keeps it when a proxy trusts its root', async () => {
    const cluster = left();
    cluster.addPod('web-1', [O, T]);
    expect(await discard(cluster)).toMatchObject({ ...facts, left: { pastPointOfNoReturn: false } });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('keeps it, and says that there is no way back, when a proxy trusts nothing else', async () => {
    const cluster = left();
    cluster.addPod('web-1', [T]);
    expect(await discard(cluster)).toMatchObject({ ...facts, left: { pastPointOfNoReturn: true } });
  });
  it('keeps it when the issuer in use is from it, also when its keys cannot be used', async () => {
    const issuer = {
      certificatePem: next.issuer.certificate.pem,
      keyPem: toSec1Pem(next.issuer.privateKey),
    };
    const rotation = newRotation({ firstRunId: 'run-1', issuerKeyPem: toSec1Pem(old.issuer.privateKey) });
    const cluster = clusterWith({ issuer, rotation });
    expect(await discard(cluster)).toMatchObject({ discarded: false, left: { adopted: false } });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
  it('takes nothing out of a Secret that is damaged', async () => {
    const cluster = left();
    delete cluster.objects.get(SECRET)?.data?.['ca.crt'];
    await expect(discard(cluster)).rejects.toMatchObject({ type: 'RotationSecretDamaged' });
    expect(cluster.objects.has(SECRET)).toBe(true);
  });
});

const newIssuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
const rootIssuer = { certificatePem: O.pem, keyPem: toSec1Pem(old.root.privateKey) };
const FINISHED = '2026-08-01T12:00:00.000Z';
const reportOf = (outcome: RotationReport['outcome']) =>
  ({ outcome, runId: 'run-1', finishedAt: FINISHED, approvals: [], waivers: [] }) as unknown as RotationReport;

describe('finish', () => {
  const finish = async (
    cluster: FakeCluster,
    outcome: RotationReport['outcome'] = 'completed',
    report: Partial<RotationReport> = {},
  ) => await carryOut(cluster, ({ finish: act }) => act, { ...step(), report: { ...reportOf(outcome), ...report } });

  it('keeps the new root, and empties what held the rest', async () => {
    const rotation = newRotation({ rootKeyPem: toPkcs8Pem(next.root.privateKey) });
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(T.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(rotation.rootKeyPem);
    expect(contents(cluster)).toEqual(NOTHING);
    expect(cluster.objects.has('ConfigMap/reroot-report')).toBe(true);
  });
  it('needs no right to create or delete anything where its objects were made beforehand, and may run twice', async () => {
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() }).withObjects();
    await finish(cluster);
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(T.pem);
    expect(contents(cluster)).toEqual(NOTHING);
    expect(cluster.writes.filter((write) => !write.startsWith('patch '))).toEqual(['replace Lease/reroot']);
  });

  const rootAsIssuer = newRotation({
    rootPem: O.pem,
    retire: [],
    previousIssuerPem: O.pem,
    previousIssuerKeyPem: toSec1Pem(old.root.privateKey),
  });
  it('keeps the last copy of the key of a root that was its own issuer, when that is replaced', async () => {
    const cluster = clusterWith({ issuer: newIssuer, rotation: rootAsIssuer });
    await finish(cluster);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.crt')).toBe(O.pem);
    expect(cluster.text('Secret/reroot-trust-root', 'ca.key')).toBe(toSec1Pem(old.root.privateKey));
  });
  it.each([
    ['an aborted one: the issuer Secret has the key again', rootAsIssuer, 'aborted', rootIssuer],
    [
      'an issuer below the root, whose key was never here',
      newRotation({ rootPem: O.pem, retire: [] }),
      'completed',
      newIssuer,
    ],
  ] as const)('keeps no root of %s', async (_what, rotation, outcome, issuer) => {
    const cluster = clusterWith({ rotation, issuer });
    await finish(cluster, outcome);
    expect(cluster.objects.has('Secret/reroot-trust-root')).toBe(false);
    expect(contents(cluster)).toEqual(NOTHING);
  });
  it.each([
    ['the issuer of the start is in use', { bundle: [O, T] }, 'completed'],
    ['the root of the start is in the bundle', { bundle: [O, T], issuer: newIssuer }, 'completed'],
    ['the new root is not in it', { bundle: [O], issuer: newIssuer }, 'completed'],
    ['the new issuer is in use', { bundle: [O], issuer: newIssuer }, 'aborted'],
    ['a bundle has the new root', { bundle: [O, T] }, 'aborted'],
  ] as const)('deletes nothing while %s, whoever says that it has ended', async (_what, mesh, outcome) => {
    const cluster = clusterWith({ ...mesh, bundle: [...mesh.bundle], rotation: newRotation() });
    await expect(finish(cluster, outcome)).rejects.toMatchObject({ type: 'StillNeeded', nonRetryable: true });
    expect(cluster.objects.has(SECRET)).toBe(true);
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('goes on when somebody else has put another issuer there: nothing of the rotation is in use', async () => {
    const foreign = authority('foreign');
    const issuer = {
      certificatePem: foreign.issuer.certificate.pem,
      keyPem: toSec1Pem(foreign.issuer.privateKey),
    };
    const cluster = clusterWith({ bundle: [T], issuer, rotation: newRotation() });
    await finish(cluster);
    expect(contents(cluster)).toEqual(NOTHING);
  });
  it('says who the server knows to have sent what people have said, and no more than that', async () => {
    const update = (id: string) => ({ update: { id, runId: 'run-1' } });
    const approval = { phase: 'retire', planHash: 'h', at: '', claimedBy: 'ann', ...update('u1') };
    const waivers = [{ subject: 'shop', reason: 'r', ...update('u2') }];
    const accepted = (updateId: string, identity: string, principal?: object) => ({
      workflowExecutionUpdateAcceptedEventAttributes: { acceptedRequest: { meta: { updateId, identity } } },
      principal,
    });
    const events = [
      accepted('u1', '4711@laptop', { type: 'jwt', name: 'ann@example.com' }),
      accepted('u2', 'curl'),
      accepted('u9', 'somebody'),
    ];
    const client = {
      ...temporalClient('ns-1'),
      workflow: { getHandle: () => ({ fetchHistory: async () => await Promise.resolve({ events }) }) },
    } as unknown as Client;
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() });
    const report = { ...reportOf('completed'), approvals: [approval], waivers } as unknown as RotationReport;
    const { senders } = await carryOut(cluster, ({ finish: act }) => act, { ...step(), report }, { client });
    expect(senders).toEqual({
      u1: { identity: '4711@laptop', principal: 'jwt/ann@example.com' },
      u2: { identity: 'curl' },
    });
    const written = cluster.objects.get('ConfigMap/reroot-report')?.data?.['report.json'] ?? '';
    expect(JSON.parse(written)).toMatchObject({
      approvals: [{ claimedBy: 'ann', sender: { principal: 'jwt/ann@example.com' } }],
      waivers: [{ sender: { identity: 'curl' } }],
    });
  });
  it('says who has started the first run, as the server knows', async () => {
    const asked: object[] = [];
    const first = {
      workflowExecutionStartedEventAttributes: { identity: '4711@laptop' },
      principal: { type: 'jwt', name: 'ann@example.com' },
    };
    const plain = temporalClient('ns-1');
    const workflowService = {
      describeNamespace: plain.workflowService.describeNamespace,
      getWorkflowExecutionHistory: async (request: object) => {
        asked.push(request);
        return await Promise.resolve({ history: { events: [first] } });
      },
    };
    const client = { ...plain, workflowService } as unknown as Client;
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() });
    const input = { ...step(), report: reportOf('completed') };
    const { startedBy } = await carryOut(cluster, ({ finish: act }) => act, input, { client });
    expect(startedBy).toEqual({ identity: '4711@laptop', principal: 'jwt/ann@example.com' });
    expect(asked).toMatchObject([{ execution: { workflowId: 'mine', runId: 'run-1' }, maximumPageSize: 1 }]);
    const written = cluster.objects.get('ConfigMap/reroot-report')?.data?.['report.json'] ?? '';
    expect(JSON.parse(written)).toMatchObject({ startedBy });
  });
  it('ends without that when the history is gone', async () => {
    const cluster = clusterWith({ bundle: [T], issuer: newIssuer, rotation: newRotation() });
    const approvals = [{ phase: 'retire', planHash: 'h', at: '', update: { id: 'u1', runId: 'run-0' } }];
    expect((await finish(cluster, 'completed', { approvals })).senders).toEqual({});
    expect(cluster.objects.has('ConfigMap/reroot-report')).toBe(true);
  });
});

describe('the report of the key that is out of use', () => {
  const KEY = toSec1Pem(old.issuer.privateKey);
  const inUse = {
    certificatePem: next.issuer.certificate.pem,
    keyPem: toSec1Pem(next.issuer.privateKey),
  };
  const BEYOND = expect.stringContaining('backups of etcd') as string;
  const finish = async (cluster: FakeCluster, input = step(), outcome: RotationReport['outcome'] = 'completed') => {
    const { oldKey } = await carryOut(cluster, ({ finish: act }) => act, { ...input, report: reportOf(outcome) });
    const {
      evidence: _,
      digest: __,
      ...written
    } = JSON.parse(cluster.objects.get('ConfigMap/reroot-report')?.data?.['report.json'] ?? '') as RotationReport;
    expect(written).toEqual({ ...reportOf(outcome), ...oldKey });
    return oldKey;
  };
  const finished = (rotation = newRotation(), bundle = [T]) => clusterWith({ bundle, issuer: inUse, rotation });
  const annotate = (cluster: FakeCluster, key: string, annotations: Record<string, string>) => {
    const { data = {} } = cluster.objects.get(key) ?? {};
    cluster.put(key, { metadata: { annotations }, data });
  };

  it('says that nothing it signs is trusted any more, once its root is gone', async () => {
    expect(await finish(finished())).toEqual({ oldKeyUsableUntil: FINISHED, oldKeyCopies: [BEYOND] });
  });
  it('says that a bridge certificate carries it on until its end', async () => {
    const made = createBridge({
      ...{ issuer: old.issuer.certificate, root: T, rootKey: next.root.privateKey },
      validForMs: 90 * DAY_MS,
    });
    const { oldKeyUsableUntil } = await finish(finished(newRotation({ bridgePem: made.pem })));
    expect(oldKeyUsableUntil).toBe(made.notAfter.toISOString());
  });
  it('says that it is good until its certificate ends, where its root stays', async () => {
    const { oldKeyUsableUntil } = await finish(finished(newRotation({ rootPem: O.pem, retire: [] }), [O]));
    expect(oldKeyUsableUntil).toBe(old.issuer.certificate.notAfter.toISOString());
  });
  it('gives no end where it is the key of the root that stays, and names where reroot has kept it', async () => {
    const rotation = newRotation({
      ...{ rootPem: O.pem, retire: [], previousIssuerPem: O.pem },
      previousIssuerKeyPem: toSec1Pem(old.root.privateKey),
    });
    expect(await finish(finished(rotation, [O]))).toEqual({
      oldKeyCopies: ['Secret linkerd/reroot-trust-root ca.key', BEYOND],
    });
  });
  it("names what is Helm's, and every field of a Secret that holds it, in whatever form", async () => {
    const cluster = finished();
    annotate(cluster, 'Secret/linkerd-identity-issuer', {
      'meta.helm.sh/release-name': 'mesh',
      'meta.helm.sh/release-namespace': 'ops',
    });
    cluster.put('Secret/linkerd-config-overrides', {
      data: { stale: encode(`x:\n  keyPEM: |\n    ${toPkcs8Pem(old.issuer.privateKey).replaceAll('\n', '\n    ')}`) },
    });
    cluster.put('Secret/mine', { data: { 'tls.key': encode(KEY), 'ca.key': encode(inUse.keyPem) } });
    const input = step();
    const settings = { ...input.settings, certificates: { secret: 'mine' } };
    expect((await finish(cluster, { ...input, settings })).oldKeyCopies).toEqual([
      'Secret linkerd/linkerd-config-overrides stale',
      'Secret linkerd/mine tls.key',
      'Secrets ops/sh.helm.release.v1.mesh.v* (values of its releases)',
      BEYOND,
    ]);
  });
  it('does not name what it has taken out itself: the annotations of `kubectl apply`', async () => {
    const cluster = finished();
    for (const name of ['linkerd-identity-issuer', 'linkerd-config-overrides']) {
      cluster.put(`Secret/${name}`, { data: cluster.objects.get(`Secret/${name}`)?.data ?? {} });
      annotate(cluster, `Secret/${name}`, {
        [LAST_APPLIED]: JSON.stringify({ kind: 'Secret', data: { 'key.pem': encode(KEY) } }),
      });
    }
    expect((await finish(cluster)).oldKeyCopies).toEqual([BEYOND]);
    expect(JSON.stringify([...cluster.objects.values()])).not.toContain(encode(KEY).slice(60, 100));
  });
  it('is the same when the activity is tried again after the Secret has gone', async () => {
    const cluster = finished();
    annotate(cluster, 'Secret/linkerd-identity-issuer', { 'meta.helm.sh/release-name': 'mesh' });
    const first = await finish(cluster);
    expect(contents(cluster)).toEqual(NOTHING);
    expect(await finish(cluster)).toEqual(first);
    expect(first.oldKeyCopies).toHaveLength(2);
  });
  it('says nothing after an abort', async () => {
    expect(await finish(clusterWith({ rotation: newRotation() }), step(), 'aborted')).toEqual({});
  });
});
