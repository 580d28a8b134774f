import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartEverything } from '../../sandbox/kit/by-hand.js';
import { cliProgram, sandboxEnvironment } from '../../sandbox/kit/index.js';
import type { ReportFile } from '../../src/evidence/file.js';
import type { Verification } from '../../src/evidence/verify.js';
import { EVIDENCE_CONFIGMAPS } from '../../src/records/names.js';
import type { EvidenceIndex, RotationReport } from '../../src/rotation/report.js';
import { abortIn } from '../integration/abort.js';
import { decodedIn, holdersOf } from '../integration/key-copies.js';
import { type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { findKey } from '../key-search.js';

/** The report of a rotation, with the evidence of every proxy, from its end to an auditor's desk. */
describe('the report that an auditor gets', () => {
  let own: OwnMesh;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'reroot-report-'));
    own = await ownMesh({ apps: 'demo' });
  });
  afterAll(async () => {
    await own.stop();
    rmSync(folder, { recursive: true });
  });

  const reroot = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    await new Promise((resolve) => {
      const env = { ...sandboxEnvironment(own.sandbox), NO_COLOR: '1' };
      execFile(process.execPath, [cliProgram(), ...args], { env, maxBuffer: 20_000_000 }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  const evidenceOf = ({ evidence }: RotationReport): EvidenceIndex => {
    if (!evidence || 'missing' in evidence) throw new Error(`no evidence: ${evidence?.missing}`);
    return evidence;
  };
  const saved = async (name: string): Promise<{ file: string; content: ReportFile }> => {
    const file = path.join(folder, name);
    const { code, stderr } = await reroot('report', '-o', 'json', '--file', file);
    expect(stderr).toContain('The digest matches the result of workflow');
    expect(code).toBe(0);
    return { file, content: JSON.parse(readFileSync(file, 'utf8')) as ReportFile };
  };

  it('has what every proxy showed, verifies offline, and nothing can be changed in it', async () => {
    const { k8s, sandbox, secret } = own;
    const oldKey = (await secret('linkerd-identity-issuer'))['key.pem'] ?? '';
    await sandbox.mesh.setProbe({ reset: true });
    const waive = [{ subject: 'shop/Deployment/checkout', reason: 'goes away on Monday' }];
    const handle = await own.start({ strategy: 'bridge', waive });
    const result = await seenThrough(handle);
    await expectOnlyWaivedRefused();
    const index = evidenceOf(result);
    const live = (await sandbox.mesh.status()).proxies.length;
    expect(index).toMatchObject({ proxies: live - 3, waived: 3, unseen: 0, short: 0 });
    const { file, content } = await saved('report.json');

    // offline: no cluster and no Temporal server are named
    const { code, stdout } = await reroot('verify', file, '--digest', result.digest ?? '', '-o', 'json');
    const { ok, checks } = JSON.parse(stdout) as Verification;
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect({ ok, code }).toEqual({ ok: true, code: 0 });
    expect((await reroot('verify', file)).stdout).toContain(`${live} live proxies in`);

    const pods = await k8s.core.listPodForAllNamespaces({ labelSelector: 'linkerd.io/control-plane-ns=linkerd' });
    const uids = content.evidence.flatMap((line) => ('uid' in line ? [line.uid] : []));
    expect(uids).toHaveLength(live);
    expect(new Set(uids)).toEqual(new Set(pods.items.map(({ metadata }) => metadata?.uid)));
    expect(content.report.startedBy?.identity).toContain('@');
    expect(content.report.approvals).toMatchObject([
      { claimedBy: 'tester', sender: { identity: expect.any(String) as string } },
    ]);

    const { stdout: text } = await reroot('report');
    for (const said of [
      'completed',
      'goes away on Monday',
      'tester (as they say)',
      `Digest ${result.digest}`,
      'matches the result',
    ])
      expect(text).toContain(said);
    const { stdout: page } = await reroot('report', '-o', 'html');
    expect(page).toContain('<!doctype html>');
    expect(page).toContain(pods.items[0]?.metadata?.uid);

    await expectTamperingFound(file);
    expectNoKeyIn(
      [readFileSync(file, 'utf8'), page, text, JSON.stringify(historyToJSON(await handle.fetchHistory()))],
      oldKey,
    );
    const newKey = (await secret('linkerd-identity-issuer'))['key.pem'] ?? '';
    expectNoKeyIn([readFileSync(file, 'utf8'), page], newKey);
    expect(await holdersOf(k8s, oldKey)).toEqual([]);
  });

  it('says so when a piece of the evidence was changed in the cluster', async () => {
    const { k8s } = own;
    const at = { name: EVIDENCE_CONFIGMAPS[0] ?? '', namespace: 'linkerd' };
    const { data = {} } = await k8s.core.readNamespacedConfigMap(at);
    const put = async (evidence: string) =>
      await k8s.core.patchNamespacedConfigMap({ ...at, body: [{ op: 'add', path: '/data', value: { evidence } }] });
    const text = data['evidence'] ?? '';
    await put(`${text.slice(0, 1000)}${text[1000] === 'A' ? 'B' : 'A'}${text.slice(1001)}`);
    const { code, stderr } = await reroot('report');
    expect(stderr).toContain('ConfigMap linkerd/reroot-evidence-0 is not as it was written');
    expect(code).toBe(1);
    await put(text);
    expect((await reroot('report')).code).toBe(0);
  });

  it('is one of the certificates of the start after an abort', async () => {
    await restartEverything(own.k8s); // what was waived still trusts the old root alone
    await abortIn(own, { strategy: 'standard', phase: 'approve' });
    const { file, content } = await saved('aborted.json');
    const { report } = content;
    expect(report).toMatchObject({ outcome: 'aborted', aborted: { claimedBy: 'tester' } });
    expect(evidenceOf(report)).toMatchObject({ waived: 0, unseen: 0, short: 0 });
    expect(content.evidence[0]).toMatchObject({
      root: report.oldRoots[0]?.fingerprint,
      retired: [report.newRoot.fingerprint],
    });
    const { code, stdout } = await reroot('verify', file);
    expect(stdout).toContain('Everything holds.');
    expect(code).toBe(0);
    expect((await reroot('report')).stdout).toContain('aborted in approve');
  });

  /** Whoever waives a workload cuts it off, and nothing else. */
  async function expectOnlyWaivedRefused(): Promise<void> {
    const { lastRefusals } = await own.sandbox.mesh.probe();
    const others = lastRefusals.filter(({ from, to }) => ![from, to].some((pod) => pod.startsWith('shop/checkout-')));
    expect(others).toEqual([]);
  }

  async function expectTamperingFound(file: string): Promise<void> {
    const bytes = readFileSync(file);
    const changed = path.join(folder, 'changed.json');
    for (let at = 7; at < bytes.length; at += Math.ceil(bytes.length / 9)) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 1;
      writeFileSync(changed, copy);
      expect((await reroot('verify', changed)).code, `byte ${at}`).toBe(1);
    }
  }

  function expectNoKeyIn(texts: readonly string[], key: string): void {
    expect(key).toContain('PRIVATE KEY');
    for (const text of texts) expect(findKey(decodedIn(text), key)).toBeUndefined();
  }
});
