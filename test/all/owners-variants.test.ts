import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readCertificate, type StartOptions } from '../../sandbox/kit/index.js';
import { expectNoRefusal, type OwnMesh, seenThrough } from '../integration/own-mesh.js';
import { eventually } from '../integration/support.js';
import {
  endOf,
  expectUntouched,
  fingerprints,
  lookAt,
  managedMesh,
  renewAtItsTime,
  rotateManaged,
  sourcesOf,
} from './owners.js';

/** Installs of cert-manager that are not the guide's, and what else is done on them. */
type Install = NonNullable<StartOptions['certManager']>;

const INSTALLS: [string, Install][] = [
  ["namespaced Issuer of the root, as Buoyant's chart has it", { issuers: 'Issuer' }],
  ['a CA above the root', { root: 'ca' }],
  ['sources by label, under other names', { sources: 'labels', anchorSecret: 'trust', previousSecret: 'trust-before' }],
];

let mesh: OwnMesh | undefined;
afterEach(async () => await mesh?.stop());

describe('a bridge on another install', () => {
  it.each(INSTALLS)('%s', async (_title, certManager) => {
    mesh = await managedMesh({ certManager });
    await rotateManaged(mesh, { strategy: 'bridge' }, certManager);
  });
});

it('after a rotation cert-manager renews at its own time, as if nothing had been', async () => {
  mesh = await managedMesh();
  await rotateManaged(mesh, { strategy: 'bridge' });
  const [root, before] = [(await mesh.certificates()).bundle, await mesh.secret('linkerd-identity-issuer')];
  await renewAtItsTime(mesh, 'issuer');
  const { k8s, sandbox } = mesh;
  const { metadata, status } = await readCertificate(k8s, 'linkerd', 'linkerd-identity-issuer');
  expect(
    status?.conditions?.find(({ type }) => type === 'Ready'),
    metadata.name,
  ).toMatchObject({ status: 'True' });
  const [issuer] = fingerprints((await mesh.secret('linkerd-identity-issuer'))['tls.crt']);
  expect(issuer).not.toBe(fingerprints(before['tls.crt'])[0]);
  await eventually('every leaf under it', async () =>
    (await sandbox.mesh.status()).proxies.every(({ chain }) => chain[1] === issuer),
  );
  expect((await mesh.certificates()).bundle).toEqual(root);
  await expectNoRefusal(mesh);
});

it('rotateIssuer renews the Certificate of the issuer, and nothing else', async () => {
  mesh = await managedMesh();
  const [look, before, sources] = [await lookAt(mesh), await mesh.certificates(), await sourcesOf(mesh)];
  const report = await seenThrough(await mesh.startIssuer({}));
  expect(report).toMatchObject({ outcome: 'completed', strategy: 'issuer', oldRoots: [] });
  const after = await mesh.certificates();
  expect(after.bundle).toEqual(before.bundle);
  expect(fingerprints(after.issuer['tls.crt'])).toEqual([report.newIssuer?.fingerprint]);
  expect(after.issuer['tls.key']).not.toBe(before.issuer['tls.key']);
  expect(await sourcesOf(mesh)).toEqual(sources);
  expect(await look.rollouts()).toBe(0);
  await expectUntouched(mesh, look);
  await expectNoRefusal(mesh);
});

it('a root that is renewed under the same key is no new root: it says so, and the mesh is as before', async () => {
  mesh = await managedMesh({ certManager: { rotationPolicy: 'Never' } });
  const [look, before] = [await lookAt(mesh), await mesh.certificates()];
  const handle = await mesh.start({ approvals: 'none' });
  const said = await endOf(handle).then(
    ({ stopped }) => stopped?.on.join(),
    (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
  );
  expect(said).toMatch(/RootKeyUnchanged[^]*"rotationPolicy":"Always"/);
  await handle.terminate().catch(() => undefined);
  await sleep(5000); // what would be refused would be so by now
  const after = await mesh.certificates();
  expect(after.issuer['tls.key']).toEqual(before.issuer['tls.key']);
  await expectUntouched(mesh, look);
  await expectNoRefusal(mesh);
});
