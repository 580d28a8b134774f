import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { readCertificate, type StartOptions } from '../../sandbox/kit/index.js';
import { BUILDING_MS, type OwnMesh } from '../integration/own-mesh.js';
import { eventually, failureOf } from '../integration/support.js';
import { endOf, expectRotated, fingerprints, lookAt, managedMesh, renewNow, sourcesOf } from './owners.js';

/** cert-manager was down for so long that what it makes has ended. */

const CERTIFICATES = {
  root: { namespace: 'cert-manager', name: 'linkerd-trust-anchor', lasts: { duration: '8760h', renewBefore: '7320h' } },
  issuer: { namespace: 'linkerd', name: 'linkerd-identity-issuer', lasts: { duration: '48h', renewBefore: '25h' } },
};
const LEAVES = { issuanceLifetime: '1h0m0s' };
const BRIDGE = { strategy: 'bridge', leafRenewal: 'roll', approvals: 'none' } as const;

let mesh: OwnMesh | undefined;
afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
});

/** It is stopped before it renews anything. */
async function abandonedMesh(options: StartOptions): Promise<OwnMesh> {
  mesh = await managedMesh({ ...LEAVES, ...options });
  signal(mesh, 'SIGSTOP');
  return mesh;
}

/** The sandbox ends when one of its servers does: one that stands still is as good as down. */
function signal({ sandbox }: OwnMesh, name: 'SIGSTOP' | 'SIGCONT'): void {
  const server = sandbox.servers.find((one) => one.name === 'cert-manager');
  if (!server) throw new Error('the sandbox has no cert-manager');
  process.kill(server.pid, name);
}

/** With the lives that production has from now on, so that what comes next lasts. */
async function ended({ k8s }: OwnMesh, what: keyof typeof CERTIFICATES): Promise<void> {
  const { namespace, name, lasts } = CERTIFICATES[what];
  const { status = {} } = await readCertificate(k8s, namespace, name);
  expect(status.revision).toBe(1);
  const resource = { group: 'cert-manager.io', version: 'v1', plural: 'certificates' };
  const body = Object.entries(lasts).map(([field, value]) => ({ op: 'replace', path: `/spec/${field}`, value }));
  await k8s.custom.patchNamespacedCustomObject({ ...resource, namespace, name, body });
  await sleep(Math.max(0, Date.parse(status.notAfter ?? '') - Date.now()) + 3000);
}

/** What has ended it renews at once. */
async function goOn(own: OwnMesh, ...what: (keyof typeof CERTIFICATES)[]): Promise<void> {
  signal(own, 'SIGCONT');
  for (const one of what) {
    const { namespace, name } = CERTIFICATES[one];
    const isRenewed = async () => ((await readCertificate(own.k8s, namespace, name)).status?.revision ?? 0) > 1;
    await eventually(`another revision of ${name}`, isRenewed, 40_000);
  }
}

it(
  'a root that was renewed, and the issuer after it, and nobody drove that: it is taken, and nobody is refused',
  async () => {
    mesh = await managedMesh(LEAVES);
    const look = await lookAt(mesh);
    await renewNow(mesh, 'root');
    await renewNow(mesh, 'issuer');
    const { 'linkerd-trust-anchor': anchor } = await sourcesOf(mesh);
    const { stopped, report } = await endOf(await mesh.start(BRIDGE));
    expect(stopped).toBeUndefined();
    expect(fingerprints(anchor?.['tls.crt'])).toEqual([report?.newRoot.fingerprint]);
    await expectRotated(mesh, look, report);
  },
  BUILDING_MS,
);

it(
  'a root that ended while cert-manager was down: said so, then a bridge to the one that it makes, and nobody is refused',
  async () => {
    const own = await abandonedMesh({ certManager: { anchor: { duration: '120s', renewBefore: '1s' } } });
    await ended(own, 'root');
    expect((await failureOf(await own.start(BRIDGE))).message).toContain('it seems not to run');
    const look = await lookAt(own);
    await goOn(own, 'root');
    const { stopped, report } = await endOf(await own.start(BRIDGE));
    expect(stopped).toBeUndefined();
    expect(report?.notes.join()).toContain('RootExpired');
    await expectRotated(own, look, report);
  },
  BUILDING_MS,
);

it(
  'an issuer that ended while cert-manager was down: it needs cert-manager, and no rotation',
  async () => {
    const own = await abandonedMesh({ certManager: { issuer: { duration: '120s', renewBefore: '1s' } } });
    await ended(own, 'issuer');
    await eventually('refused handshakes', async () => (await own.sandbox.mesh.probe()).refused > 0);
    const { message } = await failureOf(await own.start({ strategy: 'standard', approvals: 'none' }));
    expect(message).toContain('it seems not to run');
    const [old] = fingerprints((await own.secret('linkerd-identity-issuer'))['tls.crt']);
    await goOn(own, 'issuer');
    await eventually('identity to take the new issuer', async () => {
      const { identity } = await own.sandbox.mesh.status();
      return identity.length > 0 && identity.every(({ issuer }) => issuer[0] !== old);
    });
  },
  BUILDING_MS,
);
