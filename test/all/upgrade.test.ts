import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { StrategyName } from '../../src/rotation/courses/index.js';
import type { Phase } from '../../src/rotation/phases.js';
import { decode } from '../../src/kubernetes/base64.js';
import { ifThere } from '../../src/kubernetes/errors.js';
import { readBundle } from '../../src/pki/bundle.js';
import { inTheMiddleOf } from '../integration/abort.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { eventually, statusWhere } from '../integration/support.js';
import { cliOf, grantRightsOf } from './old-version.js';

/** reroot 0.1: its histories do not replay, its steps have other names, and they were on another queue. */
const OLD_VERSION = '597ac80';

/**
 * Where the old worker is stopped. `rolling`: some of the mesh is rolled. `waiting`: it waits for proxies or for a person.
 * `asked`: before the phase has written anything. `written`: its question was answered this moment.
 */
type Cut = 'paused' | 'rolling' | 'waiting' | 'asked' | 'written';

const CASES: readonly [StrategyName, Phase, Cut][] = [
  ['bridge', 'preflight', 'paused'],
  ['bridge', 'trust', 'asked'],
  ['bridge', 'trust', 'written'],
  ['bridge', 'bridge', 'asked'],
  ['bridge', 'bridge', 'written'],
  ['bridge', 'renew', 'waiting'],
  ['bridge', 'approve', 'waiting'],
  ['bridge', 'retire', 'rolling'],
  ['bridge', 'issue', 'asked'],
  ['bridge', 'issue', 'written'],
  ['bridge', 'refresh', 'waiting'],
  ['standard', 'trust', 'rolling'],
  ['standard', 'issue', 'asked'],
  ['standard', 'issue', 'written'],
  ['standard', 'renew', 'rolling'],
  ['standard', 'approve', 'waiting'],
  ['standard', 'retire', 'rolling'],
];

const TIME = { timeout: 400_000 };

let mesh: OwnMesh;
let oldVersion: string;
beforeAll(async () => {
  oldVersion = await cliOf(OLD_VERSION);
  mesh = await ownMesh();
  await grantRightsOf(oldVersion, mesh.k8s);
}, 600_000);
afterEach(async () => await mesh.endRotations());
afterAll(async () => await mesh.stop());

/** The old version creates them itself, and takes those of this version for others' remains. */
async function removeObjects(): Promise<void> {
  const namespace = 'linkerd';
  await ifThere(mesh.k8s.core.deleteNamespacedSecret({ name: 'reroot-rotation', namespace }));
  await ifThere(mesh.k8s.coordination.deleteNamespacedLease({ name: 'reroot', namespace }));
}

async function begunByOldVersion(strategy: StrategyName, phase: Phase, cut: Cut): Promise<WorkflowHandle> {
  await removeObjects();
  await mesh.changeWorker(oldVersion);
  await mesh.sandbox.mesh.setProbe({ reset: true });
  const approvals = cut === 'asked' || cut === 'written' ? 'everyPhase' : 'beforeRetire';
  const handle = await mesh.start({ strategy, approvals });
  if (cut === 'paused') {
    await handle.executeUpdate('pause', { args: [] });
    await statusWhere(handle, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
    return handle;
  }
  await inTheMiddleOf(handle, phase);
  if (cut === 'written') {
    const asks = await statusWhere(handle, phase, (seen) => seen.phase === phase && seen.waiting?.kind === 'approval');
    await approve(handle, asks.waiting?.planHash);
  }
  return handle;
}

async function goesOnWithThisVersion(handle: WorkflowHandle): Promise<void> {
  const rotation = handle.client.getHandle(handle.workflowId);
  const { runId } = await rotation.describe();
  await mesh.changeWorker();
  await eventually('the rotation to start anew', async () => (await rotation.describe()).runId !== runId);
}

/** Temporal has said `pause` again to the new run. */
async function goesOnAfterPause(handle: WorkflowHandle): Promise<void> {
  const rotation = handle.client.getHandle(handle.workflowId);
  await statusWhere(rotation, 'the pause', ({ waiting }) => waiting?.kind === 'paused');
  await rotation.executeUpdate('resume', { args: [] });
  await statusWhere(rotation, 'the end of the pause', ({ waiting }) => waiting?.kind !== 'paused');
}

/** Every root of a trust domain that any Secret in the Linkerd namespace holds. */
async function rootsInSecrets(): Promise<string[]> {
  const { items } = await mesh.k8s.core.listNamespacedSecret({ namespace: 'linkerd' });
  const texts = items.flatMap(({ data = {} }) => Object.values(data).map(decode));
  const certificates = texts.flatMap((text) =>
    text.includes('-----BEGIN CERTIFICATE') ? readBundle(text).certificates : [],
  );
  const roots = certificates.filter(
    ({ isCa, subjectDer, issuerDer, commonName }) =>
      isCa && commonName.startsWith('root.') && subjectDer.equals(issuerDer),
  );
  return [...new Set(roots.map(({ fingerprint }) => fingerprint))];
}

it.each(CASES)('a rotation that 0.1 has begun goes on with this version: %s, in %s, %s', TIME, async (...at) => {
  const before = await mesh.certificates();
  const handle = await begunByOldVersion(...at);
  await goesOnWithThisVersion(handle);
  const [, , cut] = at;
  if (cut === 'paused') await goesOnAfterPause(handle);
  const report = await seenThrough(handle);
  expect(report.outcome).toBe('completed');
  const root = report.newRoot.fingerprint;
  expect(before.bundle).not.toContain(root);
  const { bundle, trusted } = await mesh.certificates();
  expect({ bundle, trusted, secrets: await rootsInSecrets() }).toEqual({
    bundle: [root],
    trusted: [root],
    secrets: [root],
  });
  expect(await mesh.secret('reroot-rotation')).toEqual({});
  await expectNoRefusal(mesh);
});

it.each<[StrategyName, Phase, Cut]>([
  ['bridge', 'renew', 'waiting'],
  ['standard', 'renew', 'rolling'],
])('an abort that 0.1 was told is carried out by this version: %s, in %s, %s', TIME, async (...at) => {
  const before = await mesh.certificates();
  const handle = await begunByOldVersion(...at);
  await handle.executeUpdate('abort', { args: [{ by: 'tester' }] });
  await goesOnWithThisVersion(handle);
  expect(await seenThrough(handle)).toMatchObject({ outcome: 'aborted', aborted: { claimedBy: 'tester' } });
  expect(await mesh.certificates()).toEqual(before);
  expect(await mesh.secret('reroot-rotation')).toEqual({});
  await expectNoRefusal(mesh);
});
