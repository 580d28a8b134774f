import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliProgram, sandboxEnvironment } from '../../sandbox/kit/index.js';
import { encode } from '../../src/kubernetes/base64.js';
import { createRoot } from '../../src/pki/issue.js';
import { toPkcs8Pem } from '../../src/pki/key.js';
import { asKubectlApplied, decodedIn, holdersOf } from '../integration/key-copies.js';
import { expectNoRefusal, type OwnMesh, ownMesh, seenThrough, supply } from '../integration/own-mesh.js';
import { eventually, statusOf, statusWhere } from '../integration/support.js';
import { findKey } from '../key-search.js';

const NS = 'linkerd';
const OVERRIDES = 'linkerd-config-overrides';

describe('keys in a cluster where others have copied them', () => {
  const made = createRoot({ commonName: 'root.mine', validForMs: 365 * 86_400_000 });
  const rootKey = toPkcs8Pem(made.privateKey);
  let own: OwnMesh;
  beforeAll(async () => {
    own = await ownMesh();
    await supply(own, 'mine', { 'ca.crt': made.certificate.pem, 'ca.key': rootKey });
  });
  afterAll(async () => await own.stop());

  it('are nowhere but where the report says, and in no message of a step that failed over them', async () => {
    const { k8s, secret, sandbox } = own;
    await asKubectlApplied(k8s);
    const { 'key.pem': oldKey = '' } = await secret('linkerd-identity-issuer');
    expect(await holdersOf(k8s, oldKey)).toHaveLength(2);
    const handle = await own.start({ certificates: { secret: 'mine' }, approvals: 'none' });
    await statusWhere(handle, 'phase bridge', ({ phase }) => phase === 'bridge' || phase === 'renew');
    // no reader understands it, and most would say in which line: the one with the key
    const { [OVERRIDES]: text = '' } = await secret(OVERRIDES);
    const [, ...body] = oldKey.trim().split('\n').slice(0, -1);
    await writeOverrides(own, text.replace(/keyPEM: .*/, `keyPEM: |${body.join('')}`));
    const failing = await statusWhere(handle, 'the failure', ({ waiting }) => waiting?.kind === 'attention');
    expect(JSON.stringify(failing.waiting)).toContain('not YAML: ');
    await writeOverrides(own, text);
    await handle.executeUpdate('retry');
    const report = await finished(handle);

    expect(await holdersOf(k8s, oldKey)).toEqual([]);
    expect(report.oldKeyCopies).toEqual([expect.stringContaining('backups of etcd')]);
    const bridge = Date.parse(report.oldKeyUsableUntil ?? '') - Date.now();
    expect(bridge).toBeGreaterThan(13 * 86_400_000);
    expect(bridge).toBeLessThan(15 * 86_400_000);
    expect(report.newRoot.fingerprint).toBe(made.certificate.fingerprint);
    expect(await holdersOf(k8s, rootKey)).toEqual(['Secret mine']);
    expect(Object.keys(await secret('reroot-trust-root'))).toEqual(['ca.crt']);
    await expectNoRefusal(own);

    const { 'key.pem': newKey = '' } = await secret('linkerd-identity-issuer');
    const said = [
      JSON.stringify(historyToJSON(await handle.fetchHistory())),
      JSON.stringify(failing),
      readFileSync(path.join(sandbox.folder, 'worker.log'), 'utf8'),
    ].join('\n');
    for (const key of [oldKey, newKey, rootKey]) expect(findKey(decodedIn(said), key)).toBeUndefined();
  });

  it('go to nobody who is not known as API server: no worker starts, and a look says so', async () => {
    const insecure = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const worker = await reroot(own, ['worker'], insecure);
    expect(worker.code).toBe(1); // it ends by itself
    expect(worker.output).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0 is in the environment');
    const look = await reroot(own, ['preflight'], insecure);
    expect(look.output).toContain('ApiServerUnverified');
  });
});

async function finished(handle: WorkflowHandle) {
  await eventually('the step to be tried again', async () => (await statusOf(handle)).waiting?.kind !== 'attention');
  return await seenThrough(handle);
}

async function writeOverrides({ k8s }: OwnMesh, text: string): Promise<void> {
  await k8s.core.patchNamespacedSecret({
    ...{ name: OVERRIDES, namespace: NS },
    body: [{ op: 'replace', path: `/data/${OVERRIDES}`, value: encode(text) }],
  });
}

async function reroot(
  { sandbox }: OwnMesh,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const options = { env: { ...sandboxEnvironment(sandbox), ...env }, maxBuffer: 10_000_000, timeout: 60_000 };
    execFile(process.execPath, [cliProgram(), ...args], options, (error, stdout, stderr) => {
      const code = error?.killed ? -1 : error ? Number(error.code) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}
