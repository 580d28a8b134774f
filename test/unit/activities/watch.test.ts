import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { readBundle } from '../../../src/pki/bundle.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { basicConstraints, createBridge, createCross, issue, keyUsage } from '../../../src/pki/issue.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import type { RotationInput } from '../../../src/rotation/input.js';
import { seenIn } from '../../../src/rotation/watch.js';
import { DAY_MS } from '../support.js';
import {
  carryOut,
  clusterWith,
  type FakeCluster,
  leaseOfHolder,
  newRotation,
  next,
  old,
  temporalClient,
} from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const keyOfO = toSec1Pem(old.root.privateKey);
/** The root once more, with the key that it has. */
const again = issue({
  subjectDer: O.subjectDer,
  issuerDer: O.subjectDer,
  publicKeyDer: O.publicKeyDer,
  signingKey: old.root.privateKey,
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 100 * DAY_MS),
  extensions: [basicConstraints(1), keyUsage()],
});
const LATER = '2027-01-01T00:00:00Z';

/** The install of Linkerd's guide, with these roots in the two Secrets that the bundle is made of. */
function installed(
  { root, previous }: { root: Certificate; previous: Certificate },
  given: Parameters<typeof clusterWith>[0] = {},
): FakeCluster {
  const cluster = clusterWith(given);
  const key = root === O ? keyOfO : toSec1Pem(next.root.privateKey);
  cluster.put('Secret/linkerd-trust-anchor', { data: { 'tls.crt': encode(root.pem), 'tls.key': encode(key) } });
  cluster.put('Secret/linkerd-previous-anchor', { data: { 'tls.crt': encode(previous.pem) } });
  cluster.custom = {
    'certificates.v1.cert-manager.io': [
      {
        metadata: { namespace: 'cert-manager', name: 'linkerd-trust-anchor' },
        spec: { secretName: 'linkerd-trust-anchor' },
        status: { renewalTime: LATER },
      },
    ],
    'bundles.v1alpha1.trust.cert-manager.io': [
      {
        metadata: { name: 'linkerd-identity-trust-roots' },
        spec: {
          sources: [
            { secret: { name: 'linkerd-trust-anchor', key: 'tls.crt' } },
            { secret: { name: 'linkerd-previous-anchor', key: 'tls.crt' } },
          ],
        },
      },
    ],
  };
  return cluster;
}

const look = async (cluster: FakeCluster, options: Parameters<typeof carryOut>[3] = {}) =>
  await carryOut(cluster, ({ lookForRenewal }) => lookForRenewal, { rotationId: 'trust-root-prod' }, options);
const keep = async (cluster: FakeCluster) => await carryOut(cluster, ({ keepPreviousRoot }) => keepPreviousRoot, {});
const slotOf = (cluster: FakeCluster) =>
  readBundle(cluster.text('Secret/linkerd-previous-anchor', 'tls.crt')).certificates.map(
    ({ fingerprint }) => fingerprint,
  );

describe('a look for a renewal', () => {
  it('finds the root in use in the Secret of its Certificate, and when that renews', async () => {
    const cluster = installed({ root: O, previous: O });
    const seen = await look(cluster);
    expect(seenIn(seen)).toBe('inStep');
    expect(seen).toMatchObject({ certificate: 'cert-manager/linkerd-trust-anchor', renewalTime: LATER });
    expect(seen.previous).toEqual({ secret: 'cert-manager/linkerd-previous-anchor', holds: [O.fingerprint] });
    expect(cluster.writes).toEqual([]);
  });

  it('finds one that has renewed itself, by the issuer, and asks no proxy for it', async () => {
    const cluster = installed({ root: T, previous: O }, { bundle: [O, T] });
    const seen = await look(cluster);
    expect(seenIn(seen)).toBe('renewed');
    expect(seen.root?.fingerprint).toBe(T.fingerprint);
    expect(seen.inUse.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    expect(seen.untrusting).toBeUndefined();
  });

  it('finds the root in use though it has left the bundle: in whatever Secret it still is', async () => {
    const seen = await look(installed({ root: T, previous: O }, { bundle: [T] }));
    expect(seenIn(seen)).toBe('renewed');
  });

  /** The issuer was renewed after the root. */
  const behind = () =>
    installed(
      { root: T, previous: O },
      {
        bundle: [O, T],
        issuer: { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) },
      },
    );

  it.each([
    ['does not trust the root', [O], 'renewed', { proxies: 1, of: 1 }],
    ['trusts the root', [O, T], 'inStep', { proxies: 0, of: 1 }],
  ] as const)(
    'asks the proxies where the issuer was renewed after the root: one %s',
    async (_what, anchors, expected, untrusting) => {
      const cluster = behind();
      cluster.addPod('web-1', anchors);
      const seen = await look(cluster);
      expect(seen.untrusting).toEqual(untrusting);
      expect(seenIn(seen)).toBe(expected);
    },
  );

  it.each([
    ['can, with its key', keyOfO, true],
    ['cannot, without', undefined, undefined],
    ['cannot, with the key of another', toSec1Pem(next.root.privateKey), undefined],
  ])('says whether the root before it can certify the renewed one: it %s', async (_what, key, certifiable) => {
    const cluster = behind();
    cluster.addPod('web-1', [O]);
    const data = { 'tls.crt': encode(O.pem), ...(key ? { 'tls.key': encode(key) } : {}) };
    cluster.put('Secret/linkerd-previous-anchor', { data });
    expect((await look(cluster)).certifiable).toBe(certifiable);
  });

  it('tells a root that was renewed with the key it had', async () => {
    expect(seenIn(await look(installed({ root: again, previous: O }, { bundle: [O, again] })))).toBe('sameKey');
  });

  it('takes a root and the same under the root before it for one', async () => {
    const cross = createCross({ root: O, by: T, byKey: next.root.privateKey });
    const cluster = installed({ root: O, previous: O }, { bundle: [cross, O] });
    cluster.put('Secret/linkerd-previous-anchor', { data: { 'tls.crt': encode(O.pem + cross.pem) } });
    const seen = await look(cluster);
    expect(seenIn(seen)).toBe('inStep');
    expect(seen.inUse.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
  });

  it('has nothing to look for where no Certificate writes the root', async () => {
    expect(seenIn(await look(clusterWith()))).toBe('noCertificate');
  });

  it.each([
    ['RUNNING', 'rotating'],
    ['COMPLETED', 'renewed'],
  ])('leaves the cluster to a rotation that is %s', async (status, expected) => {
    const cluster = installed({ root: T, previous: O }, { bundle: [O, T] });
    const holder = { 'workflow-id': 'theirs', 'run-id': 'run-9', 'temporal-namespace-id': 'ns-1' };
    cluster.put('Lease/reroot', leaseOfHolder(holder));
    const client = temporalClient('ns-1', { theirs: [{ runId: 'run-9', status }] });
    expect(seenIn(await look(cluster, { client }))).toBe(expected);
  });

  it('says of a rotation that was interrupted', async () => {
    const cluster = installed({ root: T, previous: O }, { bundle: [O, T], rotation: newRotation() });
    expect(seenIn(await look(cluster))).toBe('leftBehind');
  });

  it('knows the rotation that another look has started', async () => {
    const memo = { startedByWatch: { watch: 'w', root: T.fingerprint, why: 'why' } };
    const client = temporalClient('ns-1', { 'trust-root-prod': [{ runId: 'r', status: 'FAILED', memo }] });
    const seen = await look(installed({ root: T, previous: O }, { bundle: [O, T] }), { client });
    expect(seen.last).toEqual({ root: T.fingerprint, ended: true });
  });
});

describe('a look at what expires', () => {
  const lookAhead = async (cluster: FakeCluster, rotation: RotationInput = {}) =>
    await carryOut(cluster, ({ lookForRenewal }) => lookForRenewal, { expiry: { rotation } });

  it('says until when root and issuer last, who writes them, how long a rotation takes, and changes nothing', async () => {
    const cluster = clusterWith();
    cluster.addPod('web-1', [O]);
    const seen = await lookAhead(cluster);
    expect(seenIn(seen)).toBe('lasting');
    expect(seen.inUse).toMatchObject([{ fingerprint: O.fingerprint, notAfter: O.notAfter.toISOString() }]);
    expect(seen.expiry).toMatchObject({
      issuer: {
        fingerprint: old.issuer.certificate.fingerprint,
        notAfter: old.issuer.certificate.notAfter.toISOString(),
      },
      owners: { bundle: 'reroot', issuer: 'reroot' },
      hasRootKey: false,
      stale: [],
    });
    expect(seen.expiry?.lastsMs).toBeGreaterThan(0);
    expect(cluster.writes).toEqual([]);
  });
  it('reckons with windows that open seldom, as preflight does', async () => {
    const lasts = async (rotation: RotationInput) => (await lookAhead(clusterWith(), rotation)).expiry?.lastsMs ?? 0;
    const windows = [{ cron: '0 22 * * sun', for: '1h' }];
    expect((await lasts({ rollout: { windows } })) - (await lasts({}))).toBeGreaterThan(6 * DAY_MS);
  });
  it('counts proxies that trust something else than the bundle has', async () => {
    const cluster = clusterWith();
    for (const [name, anchors] of [
      ['a', [O]],
      ['b', [O, T]],
      ['c', [T]],
    ] as const)
      cluster.addPod(name, anchors);
    expect((await lookAhead(cluster)).expiry?.stale).toEqual([{ namespace: 'shop', proxies: 2 }]);
  });
  it('asks no proxy while a rotation is to be gone on with, and says until when its bridge certificate lasts', async () => {
    const bridge = createBridge({
      issuer: old.issuer.certificate,
      ...{ root: T, rootKey: next.root.privateKey, validForMs: DAY_MS },
    });
    const { expiry } = await lookAhead(clusterWith({ rotation: newRotation({ bridgePem: bridge.pem }) }));
    expect(expiry).toMatchObject({ bridge: { fingerprint: bridge.fingerprint } });
    expect(expiry).not.toHaveProperty('stale');
  });
  it.each([
    ['of the root in use', O, toSec1Pem(old.root.privateKey), true],
    ['of another root', T, toSec1Pem(next.root.privateKey), false],
  ])('finds the key %s: %s', async (_what, root, key, expected) => {
    const cluster = clusterWith();
    cluster.put('Secret/reroot-trust-root', { data: { 'ca.crt': encode(root.pem), 'ca.key': encode(key) } });
    const seen = await lookAhead(cluster);
    expect(seen.expiry?.hasRootKey).toBe(expected);
    expect(JSON.stringify(seen)).not.toContain('PRIVATE');
  });
  it.each([
    [
      'the last rotation of the root was aborted',
      { outcome: 'aborted', strategy: 'bridge' },
      { root: O.fingerprint, at: LATER },
    ],
    ['not one that was completed', { outcome: 'completed', strategy: 'bridge' }, undefined],
    ['not one of the issuer', { outcome: 'aborted', strategy: 'issuer' }, undefined],
  ])('knows from the report that %s', async (_what, report, aborted) => {
    const cluster = clusterWith();
    const text = JSON.stringify({ ...report, oldRoots: [{ fingerprint: O.fingerprint }], finishedAt: LATER });
    cluster.put('ConfigMap/reroot-report', { data: { 'report.json': text } });
    expect((await lookAhead(cluster)).expiry?.aborted).toEqual(aborted);
  });
  it('refuses an input that it does not know', async () => {
    await expect(lookAhead(clusterWith(), { strategy: 'x' } as unknown as RotationInput)).rejects.toThrow('strategy: ');
  });
});

describe('the slot of the previous root', () => {
  it('gets the root in use beside what it holds, before the next renewal takes that out of the bundle', async () => {
    const cluster = installed({ root: O, previous: T });
    const seen = await keep(cluster);
    expect(slotOf(cluster)).toEqual([O.fingerprint, T.fingerprint]);
    expect(seen.previous?.holds).toEqual([O.fingerprint, T.fingerprint]);
    expect(cluster.text('Secret/linkerd-previous-anchor', 'tls.key')).toBe(keyOfO);
    expect(cluster.writes).toEqual(['patch Secret/linkerd-previous-anchor']);
    await keep(cluster);
    expect(cluster.writes).toHaveLength(1);
  });
  it('gets it too when it is in no other Secret any more, which the next rotation would miss', async () => {
    const cluster = installed({ root: T, previous: again }, { bundle: [O, T] });
    await keep(cluster);
    expect(slotOf(cluster)).toEqual([again.fingerprint, O.fingerprint]);
  });
  it('is not touched while a rotation has the cluster', async () => {
    const cluster = installed({ root: O, previous: T });
    cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'w', 'run-id': 'r', 'temporal-namespace-id': 'other' }));
    await keep(cluster);
    expect(cluster.writes).toEqual([]);
  });
});
