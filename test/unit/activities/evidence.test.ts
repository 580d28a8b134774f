import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, reportDigest } from '../../../src/evidence/canonical.js';
import type { ReportFile } from '../../../src/evidence/file.js';
import { fileText } from '../../../src/evidence/file.js';
import { verifyReport } from '../../../src/evidence/verify.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { EVIDENCE_CONFIGMAPS } from '../../../src/records/names.js';
import type { Waiver } from '../../../src/rotation/findings.js';
import type { EvidenceIndex, RotationReport } from '../../../src/rotation/report.js';
import { keptCertificates, MOST_OF_ONE } from '../../../activities/kit/kept-certificates.js';
import { storedReport } from '../../../activities/kit/stored-report.js';
import { facts } from '../evidence/support.js';
import { LEAF_NAME, leafUnder } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const ISSUER = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
const ADDRESS = '127.99.7.1';

/** A proxy that presents what identity has signed for it. */
const leaf = leafUnder(next.issuer);
const server = tls.createServer({
  cert: leaf.certificate.pem + next.issuer.certificate.pem,
  key: toPkcs8Pem(leaf.privateKey),
});
const silent = net.createServer();
server.on('tlsClientError', () => undefined);
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(4191, ADDRESS, resolve));
  await new Promise<void>((resolve) => silent.listen(4191, '127.99.7.2', resolve));
});
afterAll(() => {
  server.close();
  silent.close();
});

function withProxies(anchors: readonly Certificate[] = [T], address = ADDRESS): FakeCluster {
  const cluster = clusterWith({ bundle: [T], issuer: ISSUER, rotation: newRotation() }).withObjects();
  for (const name of ['web-1', 'web-2']) cluster.addPod(name, anchors, address);
  for (const { spec } of cluster.pods)
    spec?.containers[0]?.env?.push({ name: 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME', value: LEAF_NAME });
  return cluster;
}

const reportOf = (change: Partial<RotationReport> = {}): RotationReport => ({
  ...{ outcome: 'completed', cluster: 'default', linkerdNamespace: 'linkerd', linkerdVersion: '2.20', layout: 'D' },
  ...{ strategy: 'bridge', workflowId: 'mine', runId: 'run-1', startedAt: '', finishedAt: '2026-08-01T12:00:00.000Z' },
  ...{ newRoot: facts(T), oldRoots: [facts(O)], proxiesProven: 2, phases: [], waivers: [], approvals: [], notes: [] },
  adopted: false,
  ...change,
});
const quick = () => {
  const input = step();
  const { rollout, timing } = input.settings;
  return {
    ...input,
    settings: { ...input.settings, rollout: { ...rollout, stuckAfter: 50 }, timing: { ...timing, poll: 10 } },
  };
};
const finish = async (cluster: FakeCluster, change: Partial<RotationReport> = {}) =>
  await carryOut(cluster, ({ finish: act }) => act, { ...quick(), report: reportOf(change) });
const fileIn = async (cluster: FakeCluster): Promise<ReportFile> => {
  const { file, problems } = await storedReport(cluster.k8s);
  expect(problems).toEqual([]);
  if (!file) throw new Error('there is no report');
  return file;
};
const verified = (file: ReportFile) => verifyReport(Buffer.from(fileText(file)));

describe('the evidence at the end of a rotation', () => {
  it('is what every proxy shows, verifies, and is in the result of the step by its digest', async () => {
    const cluster = withProxies();
    const { evidence, digest } = await finish(cluster);
    expect(evidence).toMatchObject({ proxies: 2, waived: 0, unseen: 0, short: 0, certificates: 5 });
    const file = await fileIn(cluster);
    expect(file.report.evidence).toEqual(evidence);
    expect(file.report.notes).toEqual([]);
    expect(reportDigest(file.report)).toBe(digest);
    expect(verified(file).checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(verified(file).digest).toBe(digest);
  });
  it('is the same when the step is tried again after its Secret was emptied', async () => {
    const cluster = withProxies();
    const first = await finish(cluster);
    cluster.pods.length = 0;
    expect(await finish(cluster)).toEqual(first);
  });
  it('takes the place of that of an earlier rotation, and empties what it does not need', async () => {
    const cluster = withProxies();
    for (const name of EVIDENCE_CONFIGMAPS) cluster.put(`ConfigMap/${name}`, { data: { evidence: 'earlier' } });
    await finish(cluster);
    const held = EVIDENCE_CONFIGMAPS.map((name) => cluster.objects.get(`ConfigMap/${name}`)?.data);
    expect(held.slice(1)).toEqual(held.slice(1).map(() => ({})));
    expect(held[0]?.['evidence']).toMatch(/^H4sI/);
  });
  it('names who was waived, and by whom; they are not spoken to', async () => {
    const cluster = withProxies([O, T]);
    const waivers: Waiver[] = [{ subject: 'shop/Deployment/web', reason: 'old', claimedBy: 'ann', gate: 'retire' }];
    const { evidence } = await finish(cluster, { waivers });
    expect(evidence).toMatchObject({ proxies: 0, waived: 2, short: 0 });
    const file = await fileIn(cluster);
    expect(file.evidence.filter(({ kind }) => kind === 'waived')).toMatchObject([
      { pod: 'web-1', waiver: 'shop/Deployment/web', reason: 'old', by: 'ann' },
      { pod: 'web-2' },
    ]);
    expect(verified(file).ok).toBe(true);
  });
  it.each<[string, Waiver]>([
    ['its rollout alone', { subject: 'shop', reason: 'r', gate: 'rollout' }],
    ['a gate that proves nothing of the end', { subject: 'shop', reason: 'r', gate: 'trust' }],
  ])('speaks to those for whom somebody has waived %s', async (_what, waiver) => {
    expect((await finish(withProxies(), { waivers: [waiver] })).evidence).toMatchObject({ proxies: 2, waived: 0 });
  });
  it('says of a proxy that is not as it has to be what it shows, and so does the report', async () => {
    const cluster = withProxies([O, T]);
    const { evidence } = await finish(cluster);
    expect(evidence).toMatchObject({ proxies: 2, short: 2 });
    const { report, ...file } = await fileIn(cluster);
    expect(report.notes).toEqual([expect.stringContaining('2 did not show what they have to')]);
    expect(verified({ report, ...file }).checks.find(({ name }) => name === 'Anchors')).toMatchObject({
      passed: false,
      problems: [expect.stringContaining('shop/Deployment/web, pod web-1'), expect.stringContaining('pod web-2')],
    });
  });
  it('says why a proxy could not be looked at; one that is being deleted is excused', async () => {
    const cluster = withProxies([T], '127.99.7.2');
    const [, second] = cluster.pods;
    if (second?.metadata) second.metadata.deletionTimestamp = new Date();
    const { evidence } = await finish(cluster);
    expect(evidence).toMatchObject({ proxies: 0, unseen: 2, leaving: 1 });
    const file = await fileIn(cluster);
    expect(verified(file).checks.find(({ name }) => name === 'NothingMissing')).toMatchObject({
      passed: false,
      problems: [expect.stringMatching(/pod web-1: not looked at: no handshake within/)],
    });
  });
});

describe('a rotation ends without evidence', () => {
  const withoutEvidence = (file: { report: RotationReport }, why: RegExp) => {
    expect(file.report.evidence).toEqual({ missing: expect.stringMatching(why) as string });
    expect(file.report.notes).toEqual([expect.stringMatching(why)]);
  };
  it('where the ConfigMaps are not there and may not be made: it says what to apply', async () => {
    const cluster = withProxies();
    for (const name of EVIDENCE_CONFIGMAPS) cluster.objects.delete(`ConfigMap/${name}`);
    const { evidence } = await finish(cluster);
    expect(evidence).toHaveProperty('missing');
    withoutEvidence(await fileIn(cluster), /reroot-evidence-0 is not there.*deploy\/objects\.yaml/);
    expect(cluster.objects.get('Secret/reroot-rotation')?.data).toEqual({});
  });
  it('where its certificates were gone already', async () => {
    const cluster = clusterWith({ bundle: [T], issuer: ISSUER }).withObjects();
    await finish(cluster);
    withoutEvidence(await fileIn(cluster), /were gone from its Secret/);
  });
});

describe('certificates that are kept', () => {
  const shown = (length: number, fill: number) => {
    const der = Buffer.alloc(length, fill);
    return { fingerprint: digestOf(der), der };
  };
  it('are kept once each, whoever shows them, and not as a part of what they came in', () => {
    const kept = keptCertificates([shown(10, 1)]);
    expect(kept.add([shown(10, 1), shown(20, 2)])).toBeUndefined();
    expect(kept.der(shown(20, 2).fingerprint)).toEqual(Buffer.alloc(20, 2));
  });
  it('are no more of one proxy, and of all, than there is room for', () => {
    const kept = keptCertificates([shown(MOST_OF_ONE * 2, 9)], 100);
    expect(kept.add([shown(MOST_OF_ONE + 1, 1)])).toContain('that nobody else has');
    expect(kept.add([shown(MOST_OF_ONE * 2, 9), shown(60, 2)])).toBeUndefined();
    expect(kept.add([shown(60, 3)])).toContain('no room');
    expect(kept.der(shown(60, 3).fingerprint)).toBeUndefined();
  });
});

it('a digest of the evidence stands for every byte of it', async () => {
  const cluster = withProxies();
  const { evidence } = await finish(cluster);
  const { chunks } = evidence as EvidenceIndex;
  expect(chunks).toHaveLength(1);
  const text = cluster.objects.get('ConfigMap/reroot-evidence-0')?.data?.['evidence'] ?? '';
  cluster.put('ConfigMap/reroot-evidence-0', { data: { evidence: `${text.slice(0, 40)}AAAA${text.slice(44)}` } });
  expect((await storedReport(cluster.k8s)).problems).toEqual([
    expect.stringContaining('ConfigMap linkerd/reroot-evidence-0 is not as it was written'),
  ]);
});
