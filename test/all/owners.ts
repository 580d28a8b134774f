import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, type TestContext } from 'vitest';
import {
  areCertificatesReady,
  bundleKeys,
  type CertificatesSince,
  certificatesSince,
  readCertificate,
  renew,
  type StartOptions,
} from '../../sandbox/kit/index.js';
import { decode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { hasSigned } from '../../src/pki/signatures.js';
import { forcedRollouts } from '../../src/rotation/courses/course.js';
import { COURSES, type StrategyName } from '../../src/rotation/courses/index.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { Waiting } from '../../src/rotation/status.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, reportOf, ROTATION_MS, statusOf } from '../integration/support.js';

/** Meshes whose certificates cert-manager makes, and what has to be true of one after a rotation. */

type Install = NonNullable<StartOptions['certManager']>;

/** Of a renewal by hand: the Certificate of the root, or that of the issuer. */
export type Renewed = 'root' | 'issuer';

const CERTIFICATES: Record<Renewed, { namespace: string; name: string }> = {
  root: { namespace: 'cert-manager', name: 'linkerd-trust-anchor' },
  issuer: { namespace: 'linkerd', name: 'linkerd-identity-issuer' },
};
const SOURCES = { anchorSecret: 'linkerd-trust-anchor', previousSecret: 'linkerd-previous-anchor' };
const SOON_MS = 10_000;

export async function managedMesh(options: Parameters<typeof ownMesh>[0] = {}): Promise<OwnMesh> {
  return await ownMesh({ issuer: 'kubernetes', certManager: {}, ...options });
}

/**
 * One mesh for the tests of a file, as long as they go well: after one that failed the next has a mesh of its own.
 * Call `mesh` in a test, `after` in `afterEach`, `stop` in `afterAll`.
 */
export function sharedMesh(options: StartOptions = {}) {
  let current: OwnMesh | undefined;
  const stop = async () => {
    await current?.stop();
    current = undefined;
  };
  return {
    mesh: async () => (current ??= await managedMesh(options)),
    after: async ({ task }: TestContext) => {
      if (task.result?.state === 'fail') return await stop();
      await current?.endRotations();
    },
    stop,
  };
}

/** What somebody may have at hand: the Secrets in which cert-manager has the roots, as data. */
export async function sourcesOf(mesh: OwnMesh, install: Install = {}): Promise<Record<string, Record<string, string>>> {
  const { anchorSecret, previousSecret } = { ...SOURCES, ...install };
  const read = async (name: string) => {
    const { data = {} } = await mesh.k8s.core.readNamespacedSecret({ name, namespace: 'cert-manager' });
    return [name, Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]))] as const;
  };
  return Object.fromEntries([await read(anchorSecret), await read(previousSecret)]);
}

/** Starts looking: at rollouts, at cert-manager's objects, at refusals. */
export async function lookAt(mesh: OwnMesh): Promise<Look> {
  const [before, certificates, rollouts] = [
    await mesh.certificates(),
    await certificatesSince(mesh.k8s),
    await mesh.rolloutsSince(),
  ];
  await mesh.sandbox.mesh.setProbe({ reset: true });
  return { oldRoots: before.bundle, certificates, rollouts };
}

export interface Look {
  oldRoots: string[];
  /** In use before a renewal in the middle: where the new root has signed it, leaves under it are as good until they renew. */
  issuerBefore?: Certificate;
  certificates(): Promise<CertificatesSince | undefined>;
  rollouts(): Promise<number>;
}

/** A whole rotation that nobody disturbs. */
export async function rotateManaged(
  mesh: OwnMesh,
  input: RotationInput & { strategy: StrategyName },
  install?: Install,
): Promise<void> {
  const look = await lookAt(mesh);
  const end = await endOf(await mesh.start({ approvals: 'none', ...input }));
  expect(end.stopped).toBeUndefined();
  await expectRotated(mesh, look, end.report, install);
  expect(await look.rollouts()).toBe(forcedRollouts(COURSES[input.strategy].course));
}

export interface End {
  report?: RotationReport;
  /** What it waits for a person to decide, before it has ended. */
  stopped?: Waiting;
}

/** Says yes to whatever a rotation asks, until it has ended, or waits for a person to repair something. */
export async function endOf(handle: WorkflowHandle): Promise<End> {
  const end: End = {};
  await eventually(
    `rotation ${handle.workflowId} to end`,
    async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
      const { waiting, phase, gate } = await statusOf(handle);
      if (waiting?.kind === 'approval') await approve(handle, waiting.planHash).catch(() => undefined);
      if (waiting?.kind === 'attention' || waiting?.kind === 'paused') end.stopped = waiting;
      if (!end.stopped) throw new Error(JSON.stringify({ phase, waiting, findings: gate?.findings.slice(0, 3) }));
      return true;
    },
    ROTATION_MS,
  );
  if (!end.stopped) end.report = await reportOf(handle);
  return end;
}

/** Everything that has to be true at the end, looked at from outside. */
export async function expectRotated(
  mesh: OwnMesh,
  look: Look,
  report: RotationReport | undefined,
  install?: Install,
): Promise<void> {
  expect(report?.outcome).toBe('completed');
  const root = report?.newRoot.fingerprint ?? '';
  const issuer = report?.newIssuer?.fingerprint ?? '';
  expect(look.oldRoots).not.toContain(root);
  // the root, once or also as the old root has certified it (docs/owners.md)
  expect(await bundleKeys(mesh.k8s)).toHaveLength(1);
  expect((await mesh.certificates()).bundle).toContain(root);
  const { anchorSecret, previousSecret } = { ...SOURCES, ...install };
  const { [anchorSecret]: anchor = {}, [previousSecret]: previous = {} } = await sourcesOf(mesh, install);
  expect(fingerprints(anchor['tls.crt'])).toEqual([root]);
  expectPair(anchor);
  expect(fingerprints(previous['tls.crt'])[0]).toBe(root);
  expectPair(previous);
  const issuerSecret = await mesh.secret('linkerd-identity-issuer');
  expect(fingerprints(issuerSecret['tls.crt'])).toEqual([issuer]);
  expectPair(issuerSecret);
  const [newRoot] = readBundle(anchor['tls.crt'] ?? '').certificates;
  const { issuerBefore } = look;
  const isAsGood = newRoot && issuerBefore && hasSigned(newRoot, issuerBefore);
  const issuers = [issuer, ...(isAsGood ? [issuerBefore.fingerprint] : [])];
  await expectProxies(mesh, look, { root, issuer, issuers });
  expect(await mesh.secret('reroot-rotation')).toEqual({});
  expect(Object.keys(await mesh.secret('reroot-trust-root'))).not.toContain('ca.key');
  await expectUntouched(mesh, look);
  await expectNoRefusal(mesh);
}

async function expectProxies(
  { sandbox }: OwnMesh,
  { oldRoots }: Look,
  { root, issuer, issuers }: { root: string; issuer: string; issuers: string[] },
): Promise<void> {
  const { proxies, identity } = await sandbox.mesh.status();
  expect(proxies.length).toBeGreaterThan(10);
  for (const { pod, anchors, chain } of proxies) {
    expect(anchors, pod).toContain(root);
    expect(
      anchors.filter((anchor) => oldRoots.includes(anchor)),
      pod,
    ).toEqual([]);
    expect(issuers, pod).toContain(chain[1]);
  }
  for (const replica of identity) expect(replica.issuer).toEqual([issuer]);
}

/** Both Certificates are Ready, and no spec was changed. */
export async function expectUntouched({ k8s }: OwnMesh, { certificates }: Look): Promise<void> {
  await eventually('the Certificates to be Ready', async () => await areCertificatesReady(k8s), 15_000);
  expect(await certificates()).toEqual({ certificatesReady: true, specChanges: 0 });
}

function expectPair({ 'tls.crt': certificate = '', 'tls.key': key = '' }: Record<string, string>): void {
  const [first] = readBundle(certificate).certificates;
  const publicKey = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  expect(publicKey.equals(first?.publicKeyDer ?? Buffer.alloc(0))).toBe(true);
}

export function fingerprints(pem = ''): string[] {
  return readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);
}

/** As a person or cert-manager's own clock would; the new certificate is in its Secret afterwards. */
export async function renewNow({ k8s }: OwnMesh, what: Renewed): Promise<void> {
  const { namespace, name } = CERTIFICATES[what];
  await revisionAfter(k8s, what, await renew(k8s, namespace, name));
}

async function revisionAfter(k8s: OwnMesh['k8s'], what: Renewed, before: number): Promise<void> {
  const { namespace, name } = CERTIFICATES[what];
  const isNewer = async () => ((await readCertificate(k8s, namespace, name)).status?.revision ?? 0) > before;
  await eventually(`another revision of ${name}`, isNewer, 40_000);
}

/** One of its replicas starts anew, and reads everything as it is now. */
export async function restartIdentity({ k8s }: OwnMesh): Promise<void> {
  const { items } = await k8s.core.listNamespacedPod({
    namespace: 'linkerd',
    labelSelector: 'linkerd.io/control-plane-component=identity',
  });
  const name = items[0]?.metadata?.name ?? '';
  await k8s.core.deleteNamespacedPod({ name, namespace: 'linkerd', gracePeriodSeconds: 0 });
}

/**
 * Has its own time come in a few seconds, by the owner's hand on its spec: cert-manager's shortest would be minutes.
 * The new certificate is in its Secret afterwards.
 */
export async function renewAtItsTime({ k8s }: OwnMesh, what: Renewed): Promise<void> {
  const { namespace, name } = CERTIFICATES[what];
  const { status = {} } = await readCertificate(k8s, namespace, name);
  const left = Date.parse(status.notAfter ?? '') - Date.now();
  const renewBefore = `${Math.round((left - SOON_MS) / 1000)}s`;
  const resource = { group: 'cert-manager.io', version: 'v1', plural: 'certificates' };
  const body = [{ op: 'replace', path: '/spec/renewBefore', value: renewBefore }];
  await k8s.custom.patchNamespacedCustomObject({ ...resource, namespace, name, body });
  await revisionAfter(k8s, what, status.revision ?? 0);
}
