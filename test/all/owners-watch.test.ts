import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  ANCHOR_CERTIFICATE,
  areCertificatesReady,
  CERT_MANAGER_NAMESPACE,
  ISSUER_CERTIFICATE,
  readCertificate,
  renew,
  specChanges,
  specsOf,
} from '../../sandbox/kit/index.js';
import { decode, encode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import { createRoot } from '../../src/pki/issue.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { WatchInput } from '../../src/rotation/watch-input.js';
import type { WatchStatus } from '../../src/rotation/watch-status.js';
import { BUILDING_MS, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, ROTATION_MS, statusWhere } from '../integration/support.js';

/** Roots that cert-manager renews by itself, on the install of Linkerd's guide. */

const ROOT = { namespace: CERT_MANAGER_NAMESPACE, name: ANCHOR_CERTIFICATE };
const ISSUER = { namespace: 'linkerd', name: ISSUER_CERTIFICATE };
const PREVIOUS = 'linkerd-previous-anchor';
const ROTATION: WatchInput['rotation'] = {
  strategy: 'bridge',
  approvals: 'none',
  timing: { poll: '250ms', issuerEvent: '20s' },
};

let mesh: OwnMesh;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  mesh = await ownMesh({ issuer: 'kubernetes', certManager: {} });
  connection = await Connection.connect({ address: mesh.sandbox.temporal.address });
  client = new Client({ connection });
}, BUILDING_MS);
beforeEach(async () => void (await mesh.sandbox.mesh.setProbe({ reset: true })));
afterEach(async () => await mesh.endRotations());
afterAll(async () => {
  await connection.close();
  await mesh.stop();
});

const start = async (input: WatchInput) =>
  await client.workflow.start('watchTrustRoot', {
    taskQueue: 'reroot',
    workflowId: 'watch-trust-root-default',
    args: [{ rotation: ROTATION, ...input }],
  });

async function watched(
  handle: WorkflowHandle,
  what: string,
  holds: (status: WatchStatus) => unknown,
  timeoutMs?: number,
): Promise<WatchStatus> {
  let last: WatchStatus | undefined;
  const look = async () => {
    last = await handle.query<WatchStatus>('status');
    if (holds(last)) return last;
    throw new Error(JSON.stringify(last).slice(0, 3000));
  };
  return await eventually(what, look, timeoutMs);
}

/** As cert-manager does at its own time, or a person with `cmctl renew`: reroot has no part in it. */
async function renewed({ namespace, name }: typeof ROOT): Promise<void> {
  const before = await renew(mesh.k8s, namespace, name);
  const isNewer = async () => ((await readCertificate(mesh.k8s, namespace, name)).status?.revision ?? 0) > before;
  await eventually(`another revision of ${name}`, isNewer, 40_000);
}

async function heldIn(name: string, namespace = CERT_MANAGER_NAMESPACE): Promise<string[]> {
  const { data = {} } = await mesh.k8s.core.readNamespacedSecret({ name, namespace });
  return readBundle(decode(data['tls.crt'] ?? '')).certificates.map(({ fingerprint }) => fingerprint);
}

/** The rotation that the watch has started is through, and everything is as after any other. */
async function expectRotatedTo(root: string, handle: WorkflowHandle): Promise<RotationReport> {
  const { rotation } = await watched(handle, 'the rotation', (status) => status.rotation?.outcome, ROTATION_MS);
  const report = (await client.workflow.getHandle('trust-root-default', rotation?.runId).result()) as RotationReport;
  expect(report.outcome).toBe('completed');
  expect(report.newRoot.fingerprint).toBe(root);
  expect(report.notes.join('\n')).toContain(`Watch ${handle.workflowId} has started this rotation`);
  expect((await heldIn(ANCHOR_CERTIFICATE))[0]).toBe(root);
  expect(await heldIn(PREVIOUS)).toContain(root);
  await eventually('the Certificates to be Ready', async () => await areCertificatesReady(mesh.k8s), 15_000);
  await watched(
    handle,
    'the next look to find all in step',
    ({ look, waiting }) => look?.root?.fingerprint === root && look.inUse[0]?.fingerprint === root && !waiting,
  );
  await expectNoRefusal(mesh);
  return report;
}

it('notices that the root has renewed itself, and drives the rest: one rollout, nobody refused, no spec changed', async () => {
  const [specs, rollouts] = [await specsOf(mesh.k8s), await mesh.rolloutsSince()];
  const [old] = await heldIn(ANCHOR_CERTIFICATE);
  const handle = await start({ every: '1s' });
  await watched(handle, 'a look', ({ look }) => look?.root?.fingerprint === old);
  await renewed(ROOT);
  const [root = ''] = await heldIn(ANCHOR_CERTIFICATE);
  expect(root).not.toBe(old);
  await expectRotatedTo(root, handle);
  expect(await rollouts()).toBe(1);
  expect(specChanges(specs, await specsOf(mesh.k8s))).toBe(0);
});

it('asks first where the input says so; and looks right after the time at which the Certificate renews', async () => {
  const handle = await start({ every: '1d', onRenewal: 'ask' });
  await watched(handle, 'a look', ({ look }) => look !== undefined);
  const { spec } = await readCertificate(mesh.k8s, ROOT.namespace, ROOT.name);
  const renewBefore = async (value: string) =>
    await mesh.k8s.custom.patchNamespacedCustomObject({
      ...{ group: 'cert-manager.io', version: 'v1', plural: 'certificates', ...ROOT },
      body: [{ op: 'replace', path: '/spec/renewBefore', value }],
    });
  const { status = {} } = await readCertificate(mesh.k8s, ROOT.namespace, ROOT.name);
  const dueAt = Date.now() + 15_000;
  await renewBefore(`${Math.round((Date.parse(status.notAfter ?? '') - dueAt) / 1000)}s`);
  await eventually('another time of renewal', async () => {
    const now = await readCertificate(mesh.k8s, ROOT.namespace, ROOT.name);
    return now.status?.renewalTime !== status.renewalTime;
  });
  await handle.executeUpdate('retry', { args: [] }); // the next look would be tomorrow
  const { waiting, look } = await watched(handle, 'the question', (now) => now.waiting?.kind === 'approval');
  await renewBefore((spec as { renewBefore: string }).renewBefore);
  expect(waiting?.for).toContain('a root that has renewed itself');
  expect((await mesh.secret('reroot-rotation').catch(() => ({}))) as object).toEqual({});
  const root = look?.root?.fingerprint ?? '';
  await handle.executeUpdate('approve', { args: [{ root: root.slice(0, 12), by: 'tester' }] });
  await expectRotatedTo(root, handle);
});

it('puts the root in use into the slot of the previous one where it is missing, beside what the slot holds', async () => {
  const foreign = createRoot({ commonName: 'an.older.root', validForMs: 86_400_000 });
  const [root = ''] = await heldIn(ANCHOR_CERTIFICATE);
  await mesh.k8s.core.patchNamespacedSecret({
    ...{ name: PREVIOUS, namespace: CERT_MANAGER_NAMESPACE },
    body: [{ op: 'replace', path: '/data/tls.crt', value: encode(foreign.certificate.pem) }],
  });
  const handle = await start({ every: '1s' });
  await watched(handle, 'the repair', ({ look }) => look?.previous?.holds.includes(root));
  expect(await heldIn(PREVIOUS)).toEqual([root, foreign.certificate.fingerprint]);
  await expectNoRefusal(mesh);
});

it('drives the rest too where the issuer was renewed after the root, before any proxy trusts that: nobody is refused', async () => {
  await renewed(ROOT);
  const [root = ''] = await heldIn(ANCHOR_CERTIFICATE);
  await renewed(ISSUER);
  await expectRotatedTo(root, await start({ every: '1s' }));
});

it('starts nothing there without the key of the root before it, and says whom to restart first', async () => {
  await mesh.k8s.core.patchNamespacedSecret({
    ...{ name: PREVIOUS, namespace: CERT_MANAGER_NAMESPACE },
    body: [{ op: 'replace', path: '/data/tls.key', value: '' }],
  });
  await renewed(ROOT);
  await renewed(ISSUER);
  const handle = await start({ every: '1s' });
  const { waiting, rotation } = await watched(handle, 'the warning', (status) => status.waiting?.kind === 'attention');
  expect(waiting?.todo).toContain('Do not restart identity yet');
  expect(rotation).toBeUndefined();
  await handle.terminate();
  const refused = await statusWhere(
    await mesh.start({ ...ROTATION }),
    'the refusal',
    (status) => status.waiting?.kind === 'attention',
  );
  expect(refused.waiting?.on.join()).toContain('has no key in the Secret of the previous root');
  await expectNoRefusal(mesh);
});
