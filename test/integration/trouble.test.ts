import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import { createIssuer, createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import {
  anchorsInUse,
  endRotations,
  eventually,
  failureOf,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  startRotation,
  startWorker,
  statusOf,
  statusWhere,
} from './support.js';

const DAY_MS = 86_400_000;

describe('a rotation in trouble', () => {
  let worker: WorkerProcess;
  beforeAll(() => void (worker = startWorker()));
  afterEach(async () => {
    await endRotations();
    await mesh.setFaults({});
    await k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' }).catch(() => undefined);
  });
  afterAll(async () => await worker.stop());

  it("takes the user's own root, keeps foreign anchors, pauses, and proves pods born in the middle", async () => {
    const own = ownCertificates();
    const foreign = createRoot({ commonName: 'root.of.another.cluster', validForMs: 90 * DAY_MS }).certificate;
    await createSecret('my-root', { 'ca.crt': own.root.pem, 'tls.crt': own.issuer.pem, 'tls.key': own.issuerKey });
    await appendAnchor(foreign.pem);
    const [before] = await anchorsInUse();
    const { result: report, refused } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, certificates: { secret: 'my-root' } });
      await statusWhere(handle, 'trust', ({ phase }) => phase === 'trust');
      await handle.executeUpdate('pause', { args: [{ reason: 'lunch' }] });
      const { waiting, phase } = await statusWhere(
        handle,
        'the pause',
        ({ waiting: found }) => found?.kind === 'paused',
      );
      expect(waiting?.for).toContain('lunch');
      await expect(handle.executeUpdate('pause', { args: [] })).rejects.toThrow('Update failed');
      await scale('web', 4);
      expect((await statusOf(handle)).phase).toBe(phase);
      await handle.executeUpdate('resume', { args: [] });
      return await reportOf(handle);
    });
    expect(report.newRoot.fingerprint).toBe(own.root.fingerprint);
    expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual([before]);
    expect(await anchorsInUse()).toEqual([foreign.fingerprint, own.root.fingerprint]);
    const { proxies } = await mesh.status();
    expect(proxies.filter(({ pod }) => pod.startsWith('web-'))).toHaveLength(4);
    expect(proxies.every(({ chain }) => chain[1] === own.issuer.fingerprint)).toBe(true);
    expect(refused).toBe(0);
    await scale('web', 3);
    await removeAnchor(foreign.pem);
  });

  it('refuses certificates of the user that do not fit, with everything that is wrong', async () => {
    const other = createRoot({ commonName: 'another', validForMs: 90 * DAY_MS });
    const own = ownCertificates();
    await createSecret('bad-root', {
      'ca.crt': other.certificate.pem,
      'tls.crt': own.issuer.pem,
      'tls.key': toSec1Pem(other.privateKey),
    });
    const { type, message } = await failureOf(await startRotation({ ...FAST, certificates: { secret: 'bad-root' } }));
    expect(type).toBe('PreflightFailed');
    expect(message).toContain('IssuerNotUnderRoot');
    expect(message).toContain('IssuerKeyMismatch');
  });

  it('repairs a skipped issuer update and waits out an injector that would hand out the old bundle', async () => {
    await mesh.setFaults({ identityStaleStarts: 1, injectorStaleMs: 4000 });
    const { result: report, refused } = await refusalsDuring(async () => await reportOf(await startRotation(FAST)));
    expect(report.notes.join('\n')).toContain('Skipping issuer update');
    expect((await mesh.status()).proxies.every(({ chain }) => chain[1] === report.newIssuer?.fingerprint)).toBe(true);
    expect(refused).toBe(0);
  });

  it('stands still when another writer reverts it, names the writer, and goes on after resume', async () => {
    const [before] = (await readBundleText()).split('-----END CERTIFICATE-----');
    const old = `${before}-----END CERTIFICATE-----`;
    const { result: report, refused } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, approvals: 'beforeRetire' });
      const { waiting } = await statusWhere(handle, 'the approval', ({ waiting: seen }) => seen?.kind === 'approval');
      await writeBundleText(old, 'argocd-application-controller');
      await handle.executeUpdate('approve', { args: [{ planHash: waiting?.planHash ?? '' }] });
      const held = await statusWhere(handle, 'the pause', ({ waiting: seen }) => seen?.kind === 'paused');
      expect(held.waiting?.on.join()).toMatch(
        /linkerd-identity-trust-roots.*the new root [0-9a-f]{12} \(root\.linkerd\.cluster\.local\) is gone.*argocd-application-controller at 20/,
      );
      await handle.executeUpdate('resume', { args: [] });
      return await reportOf(handle);
    });
    expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
    expect(refused).toBe(0);
  });

  it('reports a stuck rollout in the words of its controller, and goes on after a repair or a waiver', async () => {
    await k8s.apps.patchNamespacedDeployment({
      name: 'api',
      namespace: 'payments',
      body: [{ op: 'add', path: '/spec/progressDeadlineSeconds', value: 3 }],
    });
    await k8s.core.createNamespacedResourceQuota({
      namespace: 'payments',
      body: { metadata: { name: 'full' }, spec: { hard: { pods: '3' } } },
    });
    const { refused } = await refusalsDuring(async () => {
      const handle = await startRotation(FAST);
      const stuck = await statusWhere(handle, 'the straggler', ({ waiting }) => waiting?.kind === 'attention');
      expect(stuck.phase).toBe('trust');
      expect(stuck.stragglers).toMatchObject([
        { reason: 'RolloutStuck', subject: { name: 'payments/Deployment/api' } },
      ]);
      expect(stuck.stragglers[0]?.message).toContain('exceeded quota');
      expect(stuck.namespaces.find(({ namespace }) => namespace === 'shop')?.state).toBe('done');
      await k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' });
      await handle.executeUpdate('retry', { args: [] });
      await statusWhere(handle, 'it to go on', ({ phase }) => phase === 'renew' || phase === 'issue');

      await k8s.core.createNamespacedResourceQuota({
        namespace: 'payments',
        body: { metadata: { name: 'full' }, spec: { hard: { pods: '3' } } },
      });
      await statusWhere(handle, 'the next straggler', ({ waiting }) => waiting?.kind === 'attention');
      await expect(handle.executeUpdate('waive', { args: [{ subject: 'payments/Deployment/api' }] })).rejects.toThrow(
        /.*/,
      );
      await handle.executeUpdate('waive', {
        args: [{ subject: 'payments/Deployment/api', reason: 'a test', by: 'tester' }],
      });
      // its rollout is not waited for any more; that its proxies need not pass is another decision
      await statusWhere(
        handle,
        'the gate',
        ({ waiting, stragglers }) => waiting?.kind === 'attention' && stragglers.length === 0,
      );
      const said = await handle.executeUpdate('waive', {
        args: [{ subject: 'payments/Deployment/api', reason: 'a test', by: 'tester', gate: 'renew' }],
      });
      expect(said).toContain('the gate of renew is open for payments/Deployment/api');
      for (const gate of ['approve', 'retire']) {
        await statusWhere(handle, `the gate of ${gate}`, ({ waiting }) => waiting?.for.endsWith(gate) === true);
        await handle.executeUpdate('waive', {
          args: [{ subject: 'payments/Deployment/api', reason: 'a test', by: 'tester', gate }],
        });
      }
      const report = await reportOf(handle);
      expect(report.waivers.map(({ gate }) => gate)).toEqual(['rollout', 'renew', 'approve', 'retire']);
    });
    // the waived proxies were left on the old root by a person's decision: that is what the refusals are
    expect(refused).toBeGreaterThan(0);
    await k8s.core.deleteNamespacedResourceQuota({ namespace: 'payments', name: 'full' });
    await k8s.apps.patchNamespacedDeployment({
      name: 'api',
      namespace: 'payments',
      body: [{ op: 'add', path: '/spec/template/metadata/annotations/healed', value: 'yes' }],
    });
    const current = await anchorsInUse();
    await eventually('the waived workload to be healed', async () => {
      const pods = (await mesh.status()).proxies.filter(({ namespace }) => namespace === 'payments');
      return pods.length === 3 && pods.every(({ anchors, ready }) => ready && anchors.join() === current.join());
    });
  });
});

function ownCertificates() {
  const root = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 900 * DAY_MS });
  const issuer = createIssuer({
    root: root.certificate,
    rootKey: root.privateKey,
    commonName: 'identity.linkerd.cluster.local',
    validForMs: 300 * DAY_MS,
  });
  return { root: root.certificate, issuer: issuer.certificate, issuerKey: toSec1Pem(issuer.privateKey) };
}

async function createSecret(name: string, stringData: Record<string, string>): Promise<void> {
  await k8s.core.createNamespacedSecret({ namespace: 'linkerd', body: { metadata: { name }, stringData } });
  const role = await k8s.rbac.readNamespacedRole({ name: 'reroot', namespace: 'linkerd' });
  role.rules?.push({ apiGroups: [''], resources: ['secrets'], resourceNames: [name], verbs: ['get'] });
  await k8s.rbac.replaceNamespacedRole({ name: 'reroot', namespace: 'linkerd', body: role });
}

async function readBundleText(): Promise<string> {
  const { data } = await k8s.core.readNamespacedConfigMap({
    name: 'linkerd-identity-trust-roots',
    namespace: 'linkerd',
  });
  return data?.['ca-bundle.crt'] ?? '';
}

async function writeBundleText(value: string, fieldManager: string): Promise<void> {
  const body = [{ op: 'replace', path: '/data/ca-bundle.crt', value }];
  const name = 'linkerd-identity-trust-roots';
  await k8s.core.patchNamespacedConfigMap({ name, namespace: 'linkerd', fieldManager, body });
}

/** As the admin of a federated mesh would have done it, in front of ours, before the rotation. */
async function appendAnchor(pem: string): Promise<void> {
  await writeBundleText(`${(await readBundleText()).trim()}\n${pem.trim()}`, `not-${FIELD_MANAGER}`);
}

async function removeAnchor(pem: string): Promise<void> {
  await writeBundleText((await readBundleText()).replace(pem.trim(), '').trim(), `not-${FIELD_MANAGER}`);
}

async function scale(name: string, replicas: number): Promise<void> {
  await k8s.apps.patchNamespacedDeployment({
    name,
    namespace: 'shop',
    body: [{ op: 'add', path: '/spec/replicas', value: replicas }],
  });
}
