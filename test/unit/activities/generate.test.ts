import { describe, expect, it } from 'vitest';
import { basicConstraints, createBridge, createIssuer, createRoot, keyUsage } from '../../../src/pki/issue.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { encode } from '../../../src/kubernetes/base64.js';
import type { GenerateResult, StepInput } from '../../../src/rotation/payloads.js';
import { make } from '../../hostile/certificates.js';
import { authority, DAY_MS } from '../support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];

async function generate(cluster: FakeCluster, input: StepInput = step()): Promise<GenerateResult> {
  return await carryOut(cluster, (activities) => activities.generate, input);
}

const bridge = (validForMs: number) =>
  createBridge({ issuer: old.issuer.certificate, root: T, rootKey: next.root.privateKey, validForMs }).pem;

describe('generate', () => {
  it('makes the certificates once: a retry of the same run finds them and has adopted nothing', async () => {
    const cluster = clusterWith();
    const made = await generate(cluster);
    expect(made).toMatchObject({ adopted: false, pastPointOfNoReturn: false });
    expect(made.retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    const again = await generate(cluster);
    expect(again).toEqual(made);
  });

  it.each([
    ['ahead of', -50_000],
    ['behind', 50_000],
  ])('makes them by the earlier clock where the one here is %s the cluster’s', async (_how, offset) => {
    const cluster = clusterWith();
    cluster.clock = { noted: () => undefined, now: () => new Date(Date.now() + offset) };
    const { root, issuer } = await generate(cluster);
    for (const certificate of [root, issuer]) {
      const before = Date.now() - Date.parse(certificate?.notBefore ?? '');
      const wanted = 60_000 + Math.max(0, -offset); // back-dated by a minute, on both clocks
      expect(Math.abs(before - wanted)).toBeLessThan(10_000);
    }
  });

  it('fills the Secret that was made beforehand, and leaves what others have written on it', async () => {
    const cluster = clusterWith().withObjects();
    expect(await generate(cluster)).toMatchObject({ adopted: false });
    const { metadata, data = {} } = cluster.objects.get('Secret/reroot-rotation') ?? {};
    expect(Object.keys(data)).toContain('ca.crt');
    expect(metadata?.annotations).toMatchObject({ theirs: 'stays', 'reroot.dev/run-id': 'run-1' });
    expect(cluster.writes).toEqual(['replace Lease/reroot', 'patch Secret/reroot-rotation']);
  });

  it.each(['made beforehand', 'not there'])(
    'ends with one root when two fill a Secret at once that was %s',
    async (how) => {
      const cluster = how === 'not there' ? clusterWith() : clusterWith().withObjects();
      const both = await Promise.all([generate(cluster), generate(cluster)]);
      const roots = new Set(both.map(({ root }) => root.fingerprint));
      expect(roots.size).toBe(1);
      expect(cluster.writes.filter((write) => write.endsWith('Secret/reroot-rotation'))).toHaveLength(1);
    },
  );

  it('names a Secret that is not there and may not be created, and the file that makes it', async () => {
    const cluster = clusterWith().withObjects();
    cluster.objects.delete('Secret/reroot-rotation');
    await expect(generate(cluster)).rejects.toMatchObject({
      type: 'ObjectAbsent',
      message: expect.stringContaining('apply deploy/objects.yaml') as string,
    });
  });

  it.each([
    ['another run', newRotation({ firstRunId: 'run-9', bridgePem: bridge(DAY_MS) })],
    ['0.1 or 0.2, which did not say', newRotation({ bridgePem: bridge(DAY_MS) })],
  ])('adopts what %s has left, when a bundle has its root', async (_who, rotation) => {
    const cluster = clusterWith({ bundle: [O, T], rotation });
    expect(await generate(cluster)).toMatchObject({ adopted: true, root: { fingerprint: T.fingerprint } });
  });
  it('adopts it when the issuer in use is from it', async () => {
    const issuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
    const cluster = clusterWith({ bundle: [O], issuer, rotation: newRotation({ bridgePem: bridge(DAY_MS) }) });
    expect(await generate(cluster)).toMatchObject({ adopted: true, root: { fingerprint: T.fingerprint } });
  });

  it('sees that there is no way back in the proxies, also when another writer has put the old bundle back', async () => {
    const rotation = newRotation({ firstRunId: 'run-9', bridgePem: bridge(DAY_MS) });
    const cluster = clusterWith({ bundle: [O], rotation });
    const named = { ...step(), settings: { ...step().settings, adopt: rotation.id } };
    cluster.addPod('web-1', [O, T]);
    expect((await generate(cluster, named)).pastPointOfNoReturn).toBe(false);
    cluster.addPod('web-2', [T]);
    expect((await generate(cluster, named)).pastPointOfNoReturn).toBe(true);
  });

  it('names the roots of the start also when the bundle has lost them', async () => {
    const cluster = clusterWith({ bundle: [T], rotation: newRotation({ firstRunId: 'run-9' }) });
    const { pastPointOfNoReturn, retire } = await generate(cluster);
    expect(pastPointOfNoReturn).toBe(true);
    expect(retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
  });
});

describe('a Secret that somebody has planted', () => {
  const planted = () => newRotation({ rootKeyPem: toSec1Pem(next.root.privateKey), bridgePem: bridge(DAY_MS) });
  const rootOf = (cluster: FakeCluster) => cluster.text('Secret/reroot-rotation', 'ca.crt');

  it('does not choose the next root: nothing refers to it, so new certificates take its place', async () => {
    const cluster = clusterWith({ rotation: planted() });
    cluster.addPod('web-1', [O]);
    const made = await generate(cluster);
    expect(made).toMatchObject({ adopted: false, pastPointOfNoReturn: false });
    expect(made.root.fingerprint).not.toBe(T.fingerprint);
    expect(rootOf(cluster)).not.toBe(T.pem);
  });
  it('is for a person when a pod speaks for it, and nothing is deleted', async () => {
    const cluster = clusterWith({ rotation: planted() });
    cluster.addPod('web-1', [O, T]);
    await expect(generate(cluster)).rejects.toMatchObject({
      type: 'AdoptionUnclear',
      nonRetryable: true,
      message: expect.stringContaining(`\`adopt\`: "${planted().id}"`) as string,
    });
    expect(rootOf(cluster)).toBe(T.pem);
  });
  it('is adopted by its name', async () => {
    const cluster = clusterWith({ rotation: planted() });
    const input = step();
    const named = { ...input, settings: { ...input.settings, adopt: T.fingerprint } };
    expect(await generate(cluster, named)).toMatchObject({ adopted: true, root: { fingerprint: T.fingerprint } });
  });
  const stranger = authority('stranger');
  it.each([
    ['roots that are not in it', { id: 'x' }, 'reroot.dev/retire'],
    ['another root key', { rootKeyPem: toSec1Pem(stranger.root.privateKey) }, 'RootKeyMismatch'],
    [
      'a bridge certificate of another key',
      {
        bridgePem: createBridge({
          issuer: stranger.issuer.certificate,
          root: T,
          rootKey: next.root.privateKey,
          validForMs: DAY_MS,
        }).pem,
      },
      'bridge.crt is not the issuer of the start',
    ],
    [
      'an issuer of the start that is under another root',
      {
        previousIssuerPem: stranger.issuer.certificate.pem,
        previousIssuerKeyPem: toSec1Pem(stranger.issuer.privateKey),
      },
      'is under none of',
    ],
  ])('does not get through with %s', async (_what, change, why) => {
    const cluster = clusterWith({ bundle: [O, T], rotation: { ...planted(), ...change } });
    const annotations = cluster.objects.get('Secret/reroot-rotation')?.metadata?.annotations;
    if (annotations && why === 'reroot.dev/retire') annotations[why] = 'strangers';
    await expect(generate(cluster)).rejects.toMatchObject({
      nonRetryable: true,
      message: expect.stringContaining(why === 'reroot.dev/retire' ? 'its annotation names roots' : why) as string,
    });
  });
});

describe("a root of the user's own", () => {
  const supplied = { 'ca.crt': encode(T.pem), 'ca.key': encode(toSec1Pem(next.root.privateKey)) };
  const given = (root: Partial<StepInput['settings']['root']> = {}): StepInput => {
    const { settings } = step();
    return step({
      settings: { ...settings, root: { ...settings.root, ...root }, certificates: { secret: 'mine' } },
    });
  };
  const made = async (input: StepInput): Promise<FakeCluster> => {
    const cluster = clusterWith();
    cluster.put('Secret/mine', { data: supplied });
    await generate(cluster, input);
    expect(cluster.text('Secret/reroot-rotation', 'ca.crt')).toBe(T.pem);
    expect(cluster.text('Secret/reroot-rotation', 'bridge.crt')).toContain('BEGIN CERTIFICATE');
    return cluster;
  };
  const keys = (cluster: FakeCluster) => [...cluster.objects].filter(([, { data }]) => data?.['ca.key'] !== undefined);

  it('keeps its key in its own Secret: there is no other copy, and the bridge is made all the same', async () => {
    expect(keys(await made(given())).map(([name]) => name)).toEqual(['Secret/mine']);
    expect(keys(await made(given({ key: 'discard' }))).map(([name]) => name)).toEqual(['Secret/mine']);
  });
  it('has its key copied where that is asked for', async () => {
    expect(keys(await made(given({ key: 'keep' })))).toHaveLength(2);
  });
  it('is adopted with a bridge that has ended where its key is still in that Secret, and refused where it is not', async () => {
    const rotation = newRotation({ firstRunId: 'run-9', bridgePem: bridge(-1000) });
    const cluster = clusterWith({ bundle: [O, T], rotation });
    await expect(generate(cluster, given())).rejects.toMatchObject({
      type: 'BadCertificates',
      message: expect.stringContaining('is not in Secret linkerd/mine (it is gone)') as string,
    });
    cluster.put('Secret/mine', { data: supplied });
    expect(await generate(cluster, given())).toMatchObject({ adopted: true });
  });
});

describe('certificates that were left behind', () => {
  const adopt = async (change: Parameters<typeof newRotation>[0], bundle = [O, T], course = {}) => {
    const rotation = newRotation({ firstRunId: 'run-9', bridgePem: bridge(DAY_MS), ...change });
    return await generate(clusterWith({ bundle, rotation }), step({}, course));
  };
  const issuerFor = (validForMs: number) => {
    const made = createIssuer({ root: T, rootKey: next.root.privateKey, commonName: 'identity.next', validForMs });
    return { issuerPem: made.certificate.pem, issuerKeyPem: toSec1Pem(made.privateKey) };
  };

  it('are refused when the bridge certificate has ended and its key was discarded', async () => {
    await expect(adopt({ bridgePem: bridge(-1000) })).rejects.toMatchObject({
      type: 'BadCertificates',
      message: expect.stringContaining('BridgeEnded: the bridge certificate ended on') as string,
    });
    const refused = await adopt({ bridgePem: '' }).catch(String);
    expect(refused).toContain('BridgeEnded');
    expect(refused).toContain('there is no bridge certificate');
  });
  it('are taken without a bridge that the course does not need', async () => {
    expect(await adopt({ bridgePem: bridge(-1000) }, [O, T], { strategy: 'standard' })).toMatchObject({
      adopted: true,
    });
    expect(await adopt({ bridgePem: bridge(-1000) }, [T])).toMatchObject({ pastPointOfNoReturn: true });
  });
  it('are refused when the new issuer has expired', async () => {
    await expect(adopt(issuerFor(-1000), [T])).rejects.toMatchObject({
      message: expect.stringContaining('Expired: the issuer expired') as string,
    });
  });
  it('with an issuer that ends within a day are refused, unless there is no way back', async () => {
    await expect(adopt(issuerFor(DAY_MS / 2))).rejects.toMatchObject({
      message: expect.stringContaining('ExpiresDuringRotation') as string,
    });
    expect(await adopt(issuerFor(DAY_MS / 2), [T])).toMatchObject({ pastPointOfNoReturn: true });
  });
  it('of a rotation of the issuer alone are no use to one of the root', async () => {
    const issuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
    const cluster = clusterWith({ bundle: [T], issuer, rotation: newRotation({ retire: [] }) });
    await expect(generate(cluster)).rejects.toMatchObject({ type: 'AnotherRotationLeft' });
  });
});

describe("a rotation's Secret that somebody has damaged", () => {
  it.each([
    ['ca.crt', ''],
    ['tls.key', ''],
    ['tls.key', 'rubbish'],
    ['previous.tls.key', ''],
    ['previous.tls.key', toSec1Pem(next.issuer.privateKey)],
  ])('in %s is for a person, who is told what to do', async (key, text) => {
    const cluster = clusterWith({ bundle: [O, T], rotation: newRotation({ bridgePem: bridge(DAY_MS) }) });
    const secret = cluster.objects.get('Secret/reroot-rotation');
    if (secret?.data) secret.data[key] = encode(text);
    await expect(generate(cluster)).rejects.toMatchObject({
      type: 'RotationSecretDamaged',
      nonRetryable: true,
      message: expect.stringContaining('restore it from a backup') as string,
    });
  });
});

describe('a Secret of the user that does not hold what it must', () => {
  it('is not made a rotation of: once it is mended, a retry takes it', async () => {
    const cluster = clusterWith();
    const { issuerPem = '' } = newRotation();
    const data = { 'ca.crt': encode(T.pem), 'ca.key': encode(toSec1Pem(next.root.privateKey)) };
    const keyOf = (key: string) => ({ ...data, 'tls.crt': encode(issuerPem), 'tls.key': encode(key) });
    const input = step();
    const given = { ...input, settings: { ...input.settings, certificates: { secret: 'mine' } } };
    for (const key of ['rubbish', toSec1Pem(old.issuer.privateKey)]) {
      cluster.put('Secret/mine', { data: keyOf(key) });
      await expect(generate(cluster, given)).rejects.toMatchObject({ type: 'BadCertificates' });
    }
    cluster.put('Secret/mine', { data: keyOf(toSec1Pem(next.issuer.privateKey)) });
    expect(await generate(cluster, given)).toMatchObject({ adopted: false, root: { fingerprint: T.fingerprint } });
  });
  it('is written anew: an issuer, the CA behind it, and a key that every Linkerd reads', async () => {
    const root = createRoot({ commonName: 'corporate', validForMs: 400 * DAY_MS, pathLength: 2 });
    const signer = { issuer: root.certificate.subjectDer, signer: root.privateKey };
    const extensions = [basicConstraints(1), keyUsage()];
    const sub = make({ subject: 'issuing CA', ...signer, extensions, notAfter: new Date(Date.now() + 300 * DAY_MS) });
    const under = { root: sub.certificate, rootKey: sub.privateKey, commonName: 'identity', validForMs: 200 * DAY_MS };
    const { certificate, privateKey } = createIssuer(under);
    const cluster = clusterWith();
    const data = {
      'ca.crt': root.certificate.pem,
      'tls.crt': `# ours\n${certificate.pem}\n# the CA\n${sub.certificate.pem}\n`,
      'tls.key': toPkcs8Pem(privateKey),
    };
    cluster.put('Secret/mine', {
      data: Object.fromEntries(Object.entries(data).map(([k, text]) => [k, encode(text)])),
    });
    const course = { strategy: 'standard' } as const;
    const input = step();
    const settings = { ...input.settings, strategy: 'standard' as const, certificates: { secret: 'mine' } };
    await generate(cluster, { ...input, settings, course: { ...input.course, ...course } });
    const { data: kept = {} } = cluster.objects.get('Secret/reroot-rotation') ?? {};
    expect(kept['tls.crt']).toBe(encode(certificate.pem + sub.certificate.pem));
    expect(kept['tls.key']).toBe(encode(toSec1Pem(privateKey)));
  });
  it('is for a person too', async () => {
    const input = step();
    const settings = { ...input.settings, certificates: { secret: 'mine' } };
    await expect(generate(clusterWith(), { ...input, settings })).rejects.toMatchObject({
      type: 'SuppliedSecretUnfit',
      nonRetryable: true,
    });
  });
});
