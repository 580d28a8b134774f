import { describe, expect, it } from 'vitest';
import type { Activities } from '../../../activities/index.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { createBridge } from '../../../src/pki/issue.js';
import type { CourseRef } from '../../../src/rotation/courses/index.js';
import type { Waiver } from '../../../src/rotation/findings.js';
import type { RotationInput } from '../../../src/rotation/input.js';
import type { GuardedInput } from '../../../src/rotation/payloads.js';
import type { Plan } from '../../../src/rotation/plan.js';
import { request } from '../rotation/support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const STANDARD: Partial<CourseRef> = { strategy: 'standard' };
const rotation = newRotation();
const issuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
const bridged = newRotation({
  rootKeyPem: toPkcs8Pem(next.root.privateKey),
  bridgePem: createBridge({
    issuer: old.issuer.certificate,
    root: T,
    rootKey: next.root.privateKey,
    validForMs: 14 * 86_400_000,
  }).pem,
});

type Act = keyof Activities;

/** Calls a step as whoever reaches the task queue can: at any time, with any input. */
async function call(
  cluster: FakeCluster,
  name: Act,
  change: Partial<GuardedInput> & { state?: string; planHash?: string } = {},
  course: Partial<CourseRef> = STANDARD,
  worker: { approvals?: 'inCluster' } = {},
): Promise<unknown> {
  const input = { ...step({}, course), ...change };
  const { rollout, timing } = input.settings;
  const settings = { ...input.settings, timing: { ...timing, poll: 5 }, rollout: { ...rollout, stuckAfter: 20 } };
  const act = (activities: Activities) => activities[name] as unknown as (given: unknown) => Promise<unknown>;
  return await carryOut(cluster, act, { ...input, settings }, worker);
}

const settings = (input: RotationInput) => request(input).settings;
const SILENT = { settings: settings({ approvals: 'none' }) };
const drop = async (cluster: FakeCluster, change: Partial<GuardedInput> = SILENT, ...more: [Partial<CourseRef>?]) =>
  await call(cluster, 'dropRetired', change, ...more);
const notProven = { type: 'NotProven', nonRetryable: false };

describe('the prune', () => {
  const ready = () => clusterWith({ bundle: [O, T], issuer, rotation });

  it('is refused while a proxy does not show a leaf under the new root, whatever its caller has proven', async () => {
    const cluster = ready();
    cluster.addPod('web-1', [O, T], '127.99.0.9'); // nothing answers there
    await expect(drop(cluster)).rejects.toMatchObject({
      ...notProven,
      message: expect.stringContaining('LeafUnknown: shop/Pod/web-1'),
    });
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('is carried out when every proxy shows it', async () => {
    const cluster = ready();
    expect(await drop(cluster)).toMatchObject({ written: [expect.stringContaining('linkerd-identity-trust-roots')] });
  });
  it('takes a waiver of the proxy for that gate, and none of the control plane', async () => {
    const waiver = (subject: string, gate: Waiver['gate'] = 'approve'): Waiver => ({ subject, reason: 'r', gate });
    const withPod = (namespace: string) => {
      const cluster = ready();
      cluster.addPod('web-1', [O, T], '127.99.0.9');
      for (const { metadata } of cluster.pods) if (metadata) metadata.namespace = namespace;
      return cluster;
    };
    await drop(withPod('shop'), { ...SILENT, waivers: [waiver('shop')] });
    await expect(drop(withPod('shop'), { ...SILENT, waivers: [waiver('shop', 'rollout')] })).rejects.toMatchObject(
      notProven,
    );
    await expect(drop(withPod('linkerd'), { ...SILENT, waivers: [waiver('linkerd')] })).rejects.toMatchObject(
      notProven,
    );
  });
  it('has nothing to prove when nothing is left to take out', async () => {
    const cluster = clusterWith({ bundle: [T], issuer, rotation });
    cluster.addPod('web-1', [O], '127.99.0.9');
    expect(await call(cluster, 'dropRetired', {})).toEqual({ written: [] });
  });
});

describe('the issuer Secret', () => {
  const trusting = (...anchors: (typeof O)[]) => {
    const cluster = clusterWith({ bundle: [O, T], rotation: bridged });
    cluster.addPod('web-1', anchors, '127.99.0.9');
    return cluster;
  };
  const ofControlPlane = (cluster: FakeCluster) => {
    for (const { metadata } of cluster.pods) if (metadata) metadata.namespace = 'linkerd';
    return cluster;
  };
  it('does not get the new issuer while a process does not trust its root', async () => {
    const cluster = trusting(O);
    await expect(call(cluster, 'writeIssuer', { state: 'new' })).rejects.toMatchObject({
      ...notProven,
      message: expect.stringContaining('TargetNotTrusted: shop/Pod/web-1'),
    });
    expect(cluster.writes).toEqual(['create Lease/reroot']);
    await call(trusting(O, T), 'writeIssuer', { state: 'new' });
  });
  it('gets the issuer of the start with its bridge certificate behind it at any time: nothing can be refused', async () => {
    await call(trusting(O), 'writeIssuer', { state: 'bridge' }, {});
  });
  it('does not get the bridge certificate first while a leaf may carry one chain', async () => {
    const state = { ...SILENT, state: 'crossover' };
    await expect(call(trusting(O), 'writeIssuer', state, {})).rejects.toMatchObject({
      ...notProven,
      message: expect.stringContaining('LeafUnknown: shop/Pod/web-1'),
    });
  });
  it('gets it back at once where the control plane trusts the new root alone: an old issuer harms it', async () => {
    await call(ofControlPlane(trusting(T)), 'writeIssuer', { ...SILENT, state: 'crossover' }, {});
  });
  it("does not because a tenant's pod says that it does", async () => {
    const crossover = { ...SILENT, state: 'crossover' };
    await expect(call(trusting(T), 'writeIssuer', crossover, {})).rejects.toMatchObject(notProven);
  });
  it('is not written under an expiry that only the caller knows of', async () => {
    const recovering: Partial<CourseRef> = { strategy: 'standard', recovery: 'issuer' };
    await expect(call(trusting(O), 'writeIssuer', { state: 'new' }, recovering)).rejects.toMatchObject(notProven);
  });
});

describe('an approval', () => {
  const ready = () => clusterWith({ bundle: [O, T], issuer, rotation });
  const asked = { settings: settings({}) };
  const planned = async (cluster: FakeCluster, change: Partial<GuardedInput> = asked) =>
    (await call(cluster, 'makePlan', change)) as Plan;
  const missing = { type: 'ApprovalMissing', nonRetryable: true };
  const outdated = { type: 'ApprovalOutdated', nonRetryable: true };

  it('has to come with the step', async () => {
    const cluster = ready();
    await expect(drop(cluster, asked)).rejects.toMatchObject(missing);
    expect(cluster.writes).toEqual(['create Lease/reroot']);
    await drop(cluster, { ...asked, approved: await planned(cluster) });
  });
  it('has to be of the plan that it carries', async () => {
    const cluster = ready();
    const approved = { ...(await planned(cluster)), workloadNames: [], namespaces: [], keep: ['X'] };
    await expect(drop(cluster, { ...asked, approved })).rejects.toMatchObject(missing);
  });
  it('is of another root, of other settings, or of before a waiver: people are asked again', async () => {
    const cluster = ready();
    const approved = await planned(cluster);
    const others = await planned(cluster, { settings: settings({ rollout: { deletePods: true } }) });
    await expect(drop(cluster, { ...asked, approved: others })).rejects.toMatchObject(outdated);
    const waivers: Waiver[] = [{ subject: 'shop', reason: 'r', gate: 'approve' }];
    await expect(drop(cluster, { ...asked, waivers, approved })).rejects.toMatchObject({
      ...outdated,
      message: expect.stringContaining('waiver added: shop (approve)'),
    });
    const another = await planned(
      clusterWith({ bundle: [O, T], rotation: newRotation({ rootPem: old.root.certificate.pem }) }),
    );
    await expect(drop(cluster, { ...asked, approved: another })).rejects.toMatchObject(outdated);
  });
  it('is not asked for what was approved and somebody has put back', async () => {
    const cluster = ready();
    const { metadata } = cluster.addPendingPod('web-1', [T]);
    await expect(drop(cluster, asked)).rejects.toMatchObject(missing); // anybody can write such a pod
    if (metadata) metadata.namespace = 'linkerd';
    await drop(cluster, asked);
  });

  describe('in the cluster', () => {
    const inCluster = { settings: settings({ approvals: 'inCluster' }) };
    const annotate = (cluster: FakeCluster, hash: string) =>
      cluster.put('ConfigMap/reroot-approval', { metadata: { annotations: { 'reroot.dev/approved': hash } } });

    it('is the only one that counts', async () => {
      const cluster = ready();
      const approved = await planned(cluster, inCluster);
      await expect(drop(cluster, { ...inCluster, approved })).rejects.toMatchObject(missing);
      annotate(cluster, 'another');
      await expect(drop(cluster, { ...inCluster, approved })).rejects.toMatchObject({
        ...missing,
        message: expect.stringContaining('it says another'),
      });
      annotate(cluster, approved.hash);
      await drop(cluster, { ...inCluster, approved });
    });
    it('is what a worker can want, whatever the input says', async () => {
      const cluster = ready();
      const worker = { approvals: 'inCluster' } as const;
      await expect(call(cluster, 'dropRetired', SILENT, STANDARD, worker)).rejects.toMatchObject(missing);
      const approved = await planned(cluster, SILENT);
      annotate(cluster, approved.hash);
      await call(cluster, 'dropRetired', { ...SILENT, approved }, STANDARD, worker);
    });
    it('is waited for', async () => {
      const cluster = ready();
      const { hash } = await planned(cluster, inCluster);
      annotate(cluster, hash);
      expect(await call(cluster, 'awaitApproval', { ...inCluster, planHash: hash })).toEqual({});
    });
  });
});
