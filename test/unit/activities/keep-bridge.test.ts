import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { readBundle } from '../../../src/pki/bundle.js';
import { createBridge } from '../../../src/pki/issue.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import type { BridgeKept } from '../../../src/rotation/bridge-life.js';
import { DAY_MS } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const bridge = (validForMs: number) =>
  createBridge({ issuer: old.issuer.certificate, root: T, rootKey: next.root.privateKey, validForMs });

/** The bridge is in use, and ends so soon; its root's key is in no Secret of reroot's. */
function bridged(validForMs: number): FakeCluster {
  const { pem } = bridge(validForMs);
  const issuer = { certificatePem: old.issuer.certificate.pem + pem, keyPem: toSec1Pem(old.issuer.privateKey) };
  return clusterWith({ bundle: [O, T], issuer, rotation: newRotation({ bridgePem: pem, firstRunId: 'run-1' }) });
}

const supplied = () => ({ 'ca.crt': encode(T.pem), 'ca.key': encode(toPkcs8Pem(next.root.privateKey)) });
const input = step({ settings: { ...step().settings, certificates: { secret: 'mine' } } });
const keep = async (cluster: FakeCluster): Promise<BridgeKept> =>
  await carryOut(cluster, ({ keepBridge }) => keepBridge, input);
const endOf = (cluster: FakeCluster, secret: string, key: string) =>
  readBundle(cluster.text(`Secret/${secret}`, key))
    .certificates.at(-1)
    ?.notAfter.toISOString();

describe('the bridge certificate of a root whose key stays with its owner', () => {
  it('is made anew with the key in the Secret of the owner, which is copied nowhere', async () => {
    const cluster = bridged(DAY_MS);
    cluster.put('Secret/mine', { data: supplied() });
    const kept = await keep(cluster);
    expect(kept).toMatchObject({ renewable: true, endsSoon: false });
    expect(kept).not.toHaveProperty('keyMissing');
    expect(Date.parse(kept.notAfter)).toBeGreaterThan(Date.now() + 13 * DAY_MS);
    expect(endOf(cluster, 'reroot-rotation', 'bridge.crt')).toBe(kept.notAfter);
    expect(endOf(cluster, 'linkerd-identity-issuer', 'crt.pem')).toBe(kept.notAfter);
    expect(cluster.text('Secret/reroot-rotation', 'ca.key')).toBe('');
  });
  it.each([
    ['the Secret is gone', undefined, 'it is gone'],
    ['the key is gone', { 'ca.crt': encode(T.pem) }, 'it has no ca.key'],
    [
      'the key is of another root',
      { 'ca.key': encode(toSec1Pem(old.root.privateKey)) },
      'its ca.key is the key of another root',
    ],
    ['the key is rubbish', { 'ca.key': encode('rubbish') }, 'its ca.key cannot be read'],
  ])('serves as long as it lasts where %s, and it is said what to put back', async (_what, data, says) => {
    const cluster = bridged(DAY_MS);
    if (data) cluster.put('Secret/mine', { data });
    const kept = await keep(cluster);
    expect(kept).toMatchObject({ renewable: false, endsSoon: true, keyMissing: { canReturn: true } });
    expect(kept.keyMissing?.why).toContain(`is not in Secret linkerd/mine (${says})`);
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('that has ended is for a person, who is told the same', async () => {
    await expect(keep(bridged(-1000))).rejects.toMatchObject({
      type: 'BridgeExpired',
      message: expect.stringContaining('put it back there as ca.key. Or cancel') as string,
    });
  });
  it('never ends before the one that it replaces: the report says how long the last one carries the old key', async () => {
    const before = createBridge({
      ...{ issuer: old.issuer.certificate, root: T, rootKey: next.root.privateKey, validForMs: 30 * DAY_MS },
      now: new Date(Date.now() - 20 * DAY_MS),
    });
    const issuer = {
      certificatePem: old.issuer.certificate.pem + before.pem,
      keyPem: toSec1Pem(old.issuer.privateKey),
    };
    const rotation = newRotation({ bridgePem: before.pem, firstRunId: 'run-1' });
    const cluster = clusterWith({ bundle: [O, T], issuer, rotation });
    cluster.put('Secret/mine', { data: supplied() });
    const settings = { ...input.settings, bridge: { validity: 3 * DAY_MS } };
    const kept: BridgeKept = await carryOut(cluster, ({ keepBridge }) => keepBridge, { ...input, settings });
    expect(readBundle(cluster.text('Secret/reroot-rotation', 'bridge.crt')).certificates[0]?.fingerprint).not.toBe(
      before.fingerprint,
    );
    expect(Math.abs(Date.parse(kept.notAfter) - before.notAfter.getTime())).toBeLessThan(60_000);
  });
});
