import { createPrivateKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encode } from '../../src/kubernetes/base64.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { authorityKeyId, basicConstraints, issue, keyUsage, subjectKeyId } from '../../src/pki/issue.js';
import { expectNoRefusal, type OwnMesh } from '../integration/own-mesh.js';
import { eventually } from '../integration/support.js';
import { expectUntouched, fingerprints, lookAt, managedMesh, renewNow, restartIdentity, sourcesOf } from './owners.js';

/**
 * What the rotation of cert-manager's certificates relies on, done by hand on the real programs: with another version of
 * them these say which fact has gone (docs/owners.md, "Why T is certified by O too").
 */

/** Long enough for cert-manager to issue anew whatever it is not content with. */
const SETTLED_MS = 8000;
const REQUESTS = { group: 'cert-manager.io', version: 'v1', plural: 'certificaterequests', namespace: 'cert-manager' };

let mesh: OwnMesh;
beforeAll(async () => void (mesh = await managedMesh()));
afterAll(async () => await mesh.stop());

it('a root that the old root has certified may stand in its Secret, a renewal under it harms nobody, and the old root can come back', async () => {
  const look = await lookAt(mesh);
  const old = await rootSecret();
  await renewNow(mesh, 'root');
  const renewed = await rootSecret();
  expect(renewed.root.publicKeyDer).not.toEqual(old.root.publicKeyDer);

  const crossed = certifiedBy(old.root, old.data['tls.key'] ?? '', renewed.root);
  await write('linkerd-previous-anchor', { 'tls.crt': `${old.root.pem}${renewed.root.pem}` });
  await write('linkerd-trust-anchor', { 'tls.crt': crossed.pem });
  await sleep(SETTLED_MS);
  expect((await rootSecret()).root.fingerprint).toBe(crossed.fingerprint);
  expect(new Set((await mesh.certificates()).bundle)).toEqual(
    new Set([old.root, renewed.root, crossed].map(({ fingerprint }) => fingerprint)),
  );

  await renewNow(mesh, 'issuer');
  await restartIdentity(mesh);
  const chain = fingerprints((await mesh.secret('linkerd-identity-issuer'))['tls.crt']);
  expect(chain[1]).toBe(crossed.fingerprint);
  await eventually('leaves under the new root, in the hands of those that trust the old one alone', async () => {
    const { proxies } = await mesh.sandbox.mesh.status();
    return proxies.every((proxy) => proxy.chain[1] === chain[0] && proxy.chain[2] === crossed.fingerprint);
  });
  const { proxies } = await mesh.sandbox.mesh.status();
  expect(proxies.filter(({ anchors }) => anchors.join() === old.root.fingerprint).length).toBeGreaterThan(8);
  await expectNoRefusal(mesh);

  await forgetRequests();
  await write('linkerd-trust-anchor', old.data);
  await sleep(SETTLED_MS);
  expect((await rootSecret()).data).toEqual(old.data);
  await expectUntouched(mesh, look);
  await expectNoRefusal(mesh);
});

async function rootSecret(): Promise<{ data: Record<string, string>; root: Certificate }> {
  const { 'linkerd-trust-anchor': data = {} } = await sourcesOf(mesh);
  const [root] = readBundle(data['tls.crt'] ?? '').certificates;
  if (!root) throw new Error('there is no root');
  return { data, root };
}

/** The same key under the same name and for the same time: cert-manager reads from it when to renew. */
function certifiedBy(signer: Certificate, key: string, root: Certificate): Certificate {
  const { subjectDer, publicKeyDer, notBefore, notAfter, subjectKeyId: ownId = Buffer.alloc(0) } = root;
  return issue({
    ...{ subjectDer, issuerDer: signer.subjectDer, publicKeyDer, notBefore, notAfter },
    signingKey: createPrivateKey(key),
    extensions: [
      basicConstraints(1),
      keyUsage(),
      subjectKeyId(ownId),
      authorityKeyId(signer.subjectKeyId ?? Buffer.alloc(0)),
    ],
  });
}

async function write(name: string, data: Record<string, string>): Promise<void> {
  const body = Object.entries(data).map(([key, value]) => ({
    ...{ op: 'replace', path: `/data/${key}` },
    value: encode(value),
  }));
  await mesh.k8s.core.patchNamespacedSecret({ name, namespace: 'cert-manager', body });
}

/** With the request of its revision gone, cert-manager takes a Secret with another key for what was restored. */
async function forgetRequests(): Promise<void> {
  const list: unknown = await mesh.k8s.custom.listNamespacedCustomObject(REQUESTS);
  for (const { metadata } of (list as { items: { metadata: { name: string } }[] }).items)
    await mesh.k8s.custom.deleteNamespacedCustomObject({ ...REQUESTS, name: metadata.name });
}
