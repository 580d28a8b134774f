import { describe, expect, it } from 'vitest';
import type { Activities } from '../../../activities/index.js';
import { encode } from '../../../src/kubernetes/base64.js';
import { readBundle } from '../../../src/pki/bundle.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { createBridge, createRoot } from '../../../src/pki/issue.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { type HandOff, type MayHandOff, wantedOf } from '../../../src/rotation/hand-off.js';
import type { Owners } from '../../../src/rotation/owners.js';
import { request } from '../rotation/support.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const X = createRoot({ commonName: 'root.of.others', validForMs: 86_400_000 }).certificate;
const short = ({ fingerprint, commonName }: Certificate) => `${fingerprint.slice(0, 12)} (${commonName})`;
const STORE = 'ConfigMap linkerd-identity-trust-roots ca-bundle.crt';
const owners: Owners = { bundle: { kind: 'handOff', who: 'Argo CD' }, issuer: { kind: 'handOff', who: 'Argo CD' } };
const { settings } = request({ approvals: 'none' });
const bridge = createBridge({
  issuer: old.issuer.certificate,
  root: T,
  rootKey: next.root.privateKey,
  validForMs: 60 * 86_400_000,
});
const rotation = newRotation({ rootKeyPem: toPkcs8Pem(next.root.privateKey), bridgePem: bridge.pem });

async function asked(cluster: FakeCluster, name: keyof Activities, more: object = {}): Promise<HandOff | undefined> {
  const timing = { ...settings.timing, poll: 5 };
  const input = { ...step({ owners, settings: { ...settings, timing } }, { strategy: 'standard' }), ...more };
  const act = (activities: Activities) => activities[name] as unknown as (given: unknown) => Promise<MayHandOff>;
  const { handOff } = (await carryOut(cluster, act, input)) ?? {};
  return handOff;
}

function bundleOf(cluster: FakeCluster, ...bundle: Certificate[]): FakeCluster {
  cluster.put('ConfigMap/linkerd-identity-trust-roots', {
    data: { 'ca-bundle.crt': bundle.map(({ pem }) => pem).join('') },
  });
  return cluster;
}

const valueOf = (handOff: HandOff | undefined) =>
  readBundle(handOff?.places?.[0]?.value ?? '').certificates.map(({ fingerprint }) => fingerprint);

describe('a bundle that somebody else writes', () => {
  it('is asked for, with the roots that it has and the new one, and is not written', async () => {
    const cluster = clusterWith({ bundle: [X, O], rotation });
    const handOff = await asked(cluster, 'addTarget');
    expect(handOff).toMatchObject({ who: 'Argo CD', difference: [`${STORE} lacks root ${short(T)}`] });
    expect(handOff?.for).toContain('the bundle to have the new root');
    expect(valueOf(handOff)).toEqual([X, O, T].map(({ fingerprint }) => fingerprint));
    expect(handOff?.helm).toContain('identityTrustAnchorsPEM: |');
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('is found, whoever wrote it', async () => {
    expect(await asked(clusterWith({ bundle: [T, O], rotation }), 'addTarget')).toBeUndefined();
  });
  it('is not as asked for with an extra root, without the old one, or with half of it; `retry` takes what there is', async () => {
    const cluster = clusterWith({ bundle: [O], rotation });
    const first = await asked(cluster, 'addTarget');
    const memory = { handOff: { wanted: wantedOf(first ?? {}) } };
    const extra = await asked(bundleOf(cluster, O, T, X), 'addTarget', memory);
    expect(extra?.difference).toEqual([
      `${STORE} has root ${short(X)}, which was not asked for: take it out, or \`retry\` if it is to stay`,
    ]);
    expect(extra?.seen).not.toBe(first?.seen);
    const alone = await asked(bundleOf(cluster, T), 'addTarget', memory);
    expect(alone?.difference).toEqual([`${STORE} lacks root ${short(O)}`]);
    expect(await asked(bundleOf(cluster, T), 'addTarget')).toMatchObject({ difference: alone?.difference });
    expect(await asked(bundleOf(cluster, T), 'addTarget', { handOff: { past: true } })).toBeUndefined();
    expect(await asked(bundleOf(cluster, O, T, X), 'addTarget')).toBeUndefined();
  });
  it('is asked to be without the old root only when every proxy has been proven', async () => {
    const issuer = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
    const cluster = clusterWith({ bundle: [O, T], issuer, rotation });
    expect((await asked(cluster, 'dropRetired'))?.difference).toEqual([`${STORE} still has the old root ${short(O)}`]);
    const back = await asked(cluster, 'dropRetired', { handOff: { past: true } });
    expect(back?.difference).toEqual([`${STORE} has the old root ${short(O)} again`]);
    cluster.addPod('web-1', [O, T], '127.99.0.9'); // nothing answers there
    await expect(asked(cluster, 'dropRetired')).rejects.toMatchObject({ type: 'NotProven' });
    expect(await asked(bundleOf(cluster, T), 'dropRetired')).toBeUndefined();
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('is not asked to lose what the issuer in use needs', async () => {
    const cluster = clusterWith({ bundle: [O, T], rotation });
    await expect(asked(cluster, 'dropRetired')).rejects.toMatchObject({ type: 'IssuerNeedsRetiredRoot' });
  });
});

describe('an issuer that somebody else writes', () => {
  const at = 'Secret linkerd-identity-issuer crt.pem';
  const put = (cluster: FakeCluster, certificates: Certificate[], key = old.issuer.privateKey) => {
    cluster.put('Secret/linkerd-identity-issuer', {
      data: {
        'crt.pem': encode(certificates.map(({ pem }) => pem).join('')),
        'key.pem': encode(toSec1Pem(key)),
      },
    });
    return cluster;
  };
  const mesh = () => clusterWith({ bundle: [O, T], rotation });
  const BRIDGE = { course: { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' } } as const;

  it('gets a certificate, in its order, and keeps its key', async () => {
    const cluster = mesh();
    const handOff = await asked(cluster, 'writeIssuer', { ...BRIDGE, state: 'bridge' });
    expect(handOff?.difference).toEqual([`${at} lacks certificate ${short(bridge)}`]);
    expect(handOff?.places?.[0]).not.toHaveProperty('privateKey');
    // Helm's own values may have another key
    expect(handOff?.helm).toContain(String.raw`get secret reroot-rotation -o jsonpath='{.data.previous\.tls\.key}'`);
    const wrong = await asked(put(cluster, [bridge, old.issuer.certificate]), 'writeIssuer', {
      ...BRIDGE,
      state: 'bridge',
    });
    expect(wrong?.difference).toEqual([expect.stringContaining(`${at} has the right certificates in another order`)]);
    const right = put(cluster, [old.issuer.certificate, bridge]);
    expect(await asked(right, 'writeIssuer', { ...BRIDGE, state: 'bridge' })).toBeUndefined();
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('gets certificate and key together; the key is named and never shown', async () => {
    const cluster = mesh();
    const handOff = await asked(cluster, 'writeIssuer', { state: 'new' });
    expect(handOff?.places?.[0]?.privateKey).toEqual({
      ...{ namespace: 'linkerd', secret: 'reroot-rotation', key: 'tls.key', into: 'key.pem' },
    });
    expect(JSON.stringify(handOff)).not.toContain('PRIVATE KEY');
    const half = await asked(put(cluster, [next.issuer.certificate]), 'writeIssuer', { state: 'new' });
    expect(half?.difference).toEqual([
      `key.pem is not the key of ${short(next.issuer.certificate)}: certificate and key go together, in one write`,
    ]);
    const whole = put(cluster, [next.issuer.certificate], next.issuer.privateKey);
    expect(await asked(whole, 'writeIssuer', { state: 'new' })).toBeUndefined();
  });
  it('that is nobody we know is a difference, and ends nothing', async () => {
    const other = next.issuer.certificate;
    const cluster = put(mesh(), [X]);
    expect((await asked(cluster, 'writeIssuer', { state: 'new' }))?.difference).toEqual([
      `${at} lacks certificate ${short(other)}`,
      `${at} has certificate ${short(X)}, which was not asked for`,
      expect.stringContaining('key.pem is not the key of'),
    ]);
  });
  it('is not put back by a rotation that ends before its time: it says what to put back', async () => {
    const cluster = put(mesh(), [bridge, old.issuer.certificate]);
    const act = ({ putBack }: Activities) => putBack;
    const result = await carryOut(cluster, act, step({ owners, settings }));
    expect(result).toMatchObject({ putBack: false });
    expect(result.why).toContain('Argo CD writes it, and has to put the issuer of the start back');
    expect(result.why).toContain('previous.tls.crt and previous.tls.key of Secret linkerd/reroot-rotation');
  });
});

describe('the wait for somebody else', () => {
  it('ends when there is something else to see, and when it may not be written any more', async () => {
    const cluster = clusterWith({ bundle: [O], rotation });
    const handOff = await asked(cluster, 'addTarget');
    const waits = async (seen: string) => await asked(cluster, 'awaitHandOff', { awaits: { step: 'addTarget', seen } });
    await waits('another');
    setTimeout(() => bundleOf(cluster, O, T), 30);
    await waits(handOff?.seen ?? '');
    expect(await asked(cluster, 'addTarget')).toBeUndefined();
  });
});

describe('the copies of a bundle that somebody else writes', () => {
  const VALUES = (pem: string) => `identityTrustAnchorsPEM: |\n  ${pem.trimEnd().replaceAll('\n', '\n  ')}\n`;
  const managedBy = (manager: string, key: string) =>
    ({ managedFields: [{ manager, fieldsV1: { 'f:data': { [`f:${key}`]: {} } } }] }) as object;
  const withCopy = (copyBy: string) => {
    const cluster = clusterWith({ rotation });
    cluster.put('ConfigMap/linkerd-identity-trust-roots', {
      metadata: managedBy('argocd-controller', 'ca-bundle.crt'),
      data: { 'ca-bundle.crt': [O, T].map(({ pem }) => pem).join('') },
    });
    cluster.put('ConfigMap/linkerd-config', {
      metadata: managedBy(copyBy, 'values'),
      data: { values: VALUES(O.pem) },
    });
    return cluster;
  };

  it('are asked for where they have the same writer, with the whole document', async () => {
    const cluster = withCopy('argocd-controller');
    const handOff = await asked(cluster, 'addTarget');
    expect(handOff?.difference).toEqual([
      `${STORE} is as asked for: the other copies are not yet`,
      `ConfigMap linkerd-config values identityTrustAnchorsPEM lacks root ${short(T)}`,
    ]);
    expect(handOff?.places?.[1]).toMatchObject({ document: VALUES(`${O.pem}${T.pem}`) });
    expect(cluster.writes).toEqual(['create Lease/reroot']);
  });
  it('are written by reroot where they have another, once theirs is as asked for', async () => {
    const cluster = withCopy('linkerd');
    expect(await asked(cluster, 'addTarget')).toBeUndefined();
    expect(cluster.writes).toEqual(['create Lease/reroot', 'patch ConfigMap/linkerd-config']);
  });
});
