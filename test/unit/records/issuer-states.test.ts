import { describe, expect, it } from 'vitest';
import { createBridge, createIssuer } from '../../../src/pki/issue.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { issuerIn, isLaterState, issuerStateOf } from '../../../src/records/issuer-states.js';
import type { RotationSecret } from '../../../src/records/rotation-secret.js';
import { refuseExpired } from '../../../activities/kit/issuer-secret.js';
import { readBundle } from '../../../src/pki/bundle.js';
import { verifyChain } from '../../../src/pki/chain.js';
import { authority, leafUnder } from '../support.js';

const ofStart = authority('start');
const made = authority('made');
const previous = ofStart.issuer.certificate;
const secret = {
  root: made.root.certificate,
  retire: [ofStart.root.certificate.fingerprint],
  issuer: made.issuer.certificate,
  previous: { issuer: previous },
} as RotationSecret;
const certified = (by: ReturnType<typeof authority>, now = new Date()): Certificate =>
  createBridge({
    issuer: previous,
    root: by.root.certificate,
    rootKey: by.root.privateKey,
    validForMs: 3_600_000,
    now,
  });
const bridge = certified(made);
const state = (...chain: [Certificate, ...Certificate[]]) => issuerStateOf(chain, secret);

describe('what the issuer Secret holds', () => {
  it('is told by its certificates, in their order', () => {
    expect(state(previous)).toBe('previous');
    expect(state(previous, bridge)).toBe('bridge');
    expect(state(bridge, previous)).toBe('crossover');
    expect(state(made.issuer.certificate)).toBe('new');
  });
  it("is somebody else's where the key of the start is certified by anybody but the new root", () => {
    const renewed = certified(ofStart); // as `step ca renew` or cert-manager do it: same key, another certificate
    expect(state(renewed)).toBeUndefined();
    expect(state(renewed, previous)).toBeUndefined();
    expect(state(previous, renewed)).toBe('previous');
    expect(state(certified(authority('foreign')), previous)).toBeUndefined();
  });
  it('is nothing of a rotation of the issuer alone, whose root has signed it: that makes no bridge', () => {
    expect(issuerStateOf([bridge, previous], { ...secret, retire: [] })).toBeUndefined();
  });
  it('is read the same after the bridge certificate has expired', () => {
    expect(state(previous, certified(made, new Date('2020-01-01')))).toBe('bridge');
  });
});

describe('what is written into the issuer Secret', () => {
  const sub = authority('intermediate').root.certificate;
  const key = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';
  const issuerPem = `# issuer\n${previous.pem}${sub.pem}`;
  const whole = { ...secret, bridge, previous: { ...secret.previous, issuerPem, issuerKeyPem: 'k' } } as RotationSecret;
  const read = (wanted: 'bridge' | 'crossover', of = whole) =>
    readBundle(issuerIn(wanted, of)?.certificatePem ?? '').identityReads;

  it('is the whole chain of the start with the bridge certificate behind or before it', () => {
    expect(read('bridge')).toEqual([previous, sub, bridge]);
    expect(read('crossover')).toEqual([bridge, previous, sub]);
    expect(state(previous, sub, bridge)).toBe('bridge');
    expect(state(bridge, previous, sub)).toBe('crossover');
    expect(state(previous, sub)).toBe('previous');
  });

  it('verifies under either root: identity by the first certificate, proxies by all of them', () => {
    const leaf = leafUnder(ofStart.issuer).certificate;
    const verify = (chain: Certificate[], anchor: Certificate, as: 'proxy' | 'identity') =>
      verifyChain({ chain, anchors: [anchor], at: new Date(), as }).ok;
    for (const wanted of ['bridge', 'crossover'] as const) {
      const chain = read(wanted) as Certificate[];
      const [old, next] = [ofStart.root.certificate, made.root.certificate];
      expect(verify(chain, wanted === 'bridge' ? old : next, 'identity')).toBe(true);
      for (const anchor of [old, next]) expect(verify([leaf, ...chain], anchor, 'proxy')).toBe(true);
    }
  });

  it('is what identity reads: what stands behind a block of another kind was none of the chain', () => {
    const behind = { ...whole, previous: { ...whole.previous, issuerPem: previous.pem + key + sub.pem } };
    expect(read('bridge', behind)).toEqual([previous, bridge]);
  });
});

it('on the way forward it never goes back: a later state is known as one', () => {
  expect(isLaterState('new', 'crossover')).toBe(true);
  expect(isLaterState('crossover', 'bridge')).toBe(true);
  expect(isLaterState('bridge', 'bridge')).toBe(false);
  expect(isLaterState('previous', 'bridge')).toBe(false);
  expect(isLaterState(undefined, 'bridge')).toBe(false);
});

it('a chain with a certificate that has expired is not written', () => {
  const { root, rootKey } = { root: made.root.certificate, rootKey: made.root.privateKey };
  const expired = certified(made, new Date('2020-01-01'));
  const fresh = createIssuer({ root, rootKey, commonName: 'identity', validForMs: 3_600_000 }).certificate;
  expect(() => refuseExpired(fresh.pem, new Date())).not.toThrow();
  for (const pem of [expired.pem + previous.pem, previous.pem + expired.pem]) {
    expect(() => refuseExpired(pem, new Date())).toThrow(expect.objectContaining({ type: 'IssuerExpired' }) as Error);
  }
});
