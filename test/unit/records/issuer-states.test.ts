import { describe, expect, it } from 'vitest';
import { createBridge, createIssuer } from '../../../src/pki/issue.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { isLaterState, issuerStateOf } from '../../../src/records/issuer-states.js';
import type { RotationSecret } from '../../../src/records/rotation-secret.js';
import { refuseExpired } from '../../../activities/kit/issuer-secret.js';
import { authority } from '../support.js';

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
