import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { StartOptions } from '../../sandbox/kit/index.js';
import { patchText } from '../../src/cli/view/hand-off.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { expectNoRefusal, type OwnMesh } from '../integration/own-mesh.js';
import { eventually, reportOf, statusOf, statusWhere } from '../integration/support.js';
import { endOf, expectUntouched, fingerprints, lookAt, managedMesh, renewNow } from './owners.js';

/**
 * Linkerd's older guide: the root was made by `step`, it stands in the CA Secret of an Issuer and in what the installer was
 * given, and a Certificate makes the issuer. A person writes that Secret, once, with the line that reroot prints.
 */
const sh = promisify(execFile);
const BY_HAND: StartOptions['certManager'] = { root: 'byHand', bundle: 'installer' };

let mesh: OwnMesh | undefined;
afterEach(async () => await mesh?.stop());

/** All workloads are rolled before it: longer than a test waits otherwise. */
const LONG_MS = 200_000;

async function questionOf(handle: WorkflowHandle): Promise<RotationStatus> {
  return await eventually(
    'the question',
    async () => {
      const status = await statusOf(handle);
      return status.waiting?.kind === 'handOff' ? status : undefined;
    },
    LONG_MS,
  );
}

/** `reroot hand-off -o patch | sh`, as somebody who may write the Secret. */
async function handOver({ sandbox }: OwnMesh, { waiting }: RotationStatus): Promise<void> {
  const handOff = waiting?.handOff;
  if (!handOff) throw new Error('nothing is asked for');
  await sh('sh', ['-c', patchText(handOff)], { env: { ...process.env, KUBECONFIG: sandbox.adminKubeconfig } });
}

async function caOf({ k8s }: OwnMesh): Promise<string[]> {
  const name = { name: 'linkerd-trust-anchor', namespace: 'cert-manager' };
  const { data = {} } = await k8s.core.readNamespacedSecret(name);
  return fingerprints(Buffer.from(data['tls.crt'] ?? '', 'base64').toString());
}

describe('a root made by hand', { timeout: 600_000 }, () => {
  it.each([
    ['bridge', 'cli'],
    ['standard', 'helm'],
  ] as const)('%s, installed by %s: one hand-off, and nobody is refused', async (strategy, install) => {
    mesh = await managedMesh({ certManager: BY_HAND, install });
    const look = await lookAt(mesh);
    const handle = await mesh.start({ approvals: 'none', strategy });
    const asked = await questionOf(handle);
    expect(asked.waiting?.for).toContain('Secret cert-manager/linkerd-trust-anchor');
    expect(JSON.stringify(asked)).not.toContain('PRIVATE KEY');
    if (strategy === 'bridge') await renewNow(mesh, 'issuer');
    await handOver(mesh, asked);
    const { report, stopped } = await endOf(handle);
    expect(stopped).toBeUndefined();
    expect(report?.outcome).toBe('completed');
    const root = report?.newRoot.fingerprint;
    expect(look.oldRoots).not.toContain(root);
    expect((await mesh.certificates()).bundle).toEqual([root]);
    expect((await mesh.certificates()).trusted).toEqual([root]);
    expect(await caOf(mesh)).toEqual([root]);
    expect(Object.keys(await mesh.secret('reroot-trust-root'))).not.toContain('ca.key');
    await renewNow(mesh, 'issuer');
    await expectUntouched(mesh, look);
    await expectNoRefusal(mesh);
  });

  it('goes back by a hand-off as well', async () => {
    mesh = await managedMesh({ certManager: BY_HAND });
    const before = [await caOf(mesh), await mesh.certificates()] as const;
    const handle = await mesh.start({ strategy: 'standard' });
    await handOver(mesh, await questionOf(handle));
    await statusWhere(handle, 'the approval', ({ waiting }) => waiting?.kind === 'approval');
    await handle.executeUpdate('abort', { args: [{ reason: 'a test', by: 'tester' }] });
    const back = await questionOf(handle);
    expect(back.waiting?.for).toContain('the root of the start');
    await handOver(mesh, back);
    await endOf(handle).catch(() => undefined);
    expect((await reportOf(handle)).outcome).toBe('aborted');
    const after = [await caOf(mesh), await mesh.certificates()] as const;
    expect(after).toEqual(before);
    await expectNoRefusal(mesh);
  });
});
