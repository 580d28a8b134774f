import { describe, expect, it } from 'vitest';
import {
  type CertManagerCertificate,
  issuerRenewal,
  parseGoDuration,
  renewalOf,
  rootRenewal,
} from '../../../../src/linkerd/writers/certificate-renewal.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("Go's durations", () => {
  it.each([
    ['8760h', 365 * DAY_MS],
    ['8760h0m0s', 365 * DAY_MS],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m1s', 61_000],
    ['', undefined],
    ['10', undefined],
    ['5d', undefined],
    ['h', undefined],
  ])('%j', (text, milliseconds) => expect(parseGoDuration(text)).toBe(milliseconds));
});

describe('a Certificate is renewed', () => {
  it.each<[string, CertManagerCertificate['spec'], number]>([
    [
      '60 days after its issue: the root of the official sample',
      { duration: '8760h0m0s', renewBefore: '7320h0m0s' },
      60 * DAY_MS,
    ],
    ['every 23 hours: the issuer of the official sample', { duration: '48h', renewBefore: '25h' }, 23 * HOUR_MS],
    ['after two thirds of its life where nothing is said', { duration: '30h' }, 20 * HOUR_MS],
    ['after 60 days where nothing at all is said', {}, 60 * DAY_MS],
    [
      'after two thirds where renewBefore is longer than its life',
      { duration: '30h', renewBefore: '31h' },
      20 * HOUR_MS,
    ],
    ['by percentage', { duration: '100h', renewBeforePercentage: 10 }, 90 * HOUR_MS],
  ])('%s', (_what, spec, after) => expect(renewalOf(spec).renewedAfterMs).toBeCloseTo(after, -1));
});

describe('what is said of it', () => {
  const certificate: CertManagerCertificate = {
    metadata: { namespace: 'linkerd', name: 'linkerd-identity-issuer' },
    spec: { duration: '48h0m0s', renewBefore: '25h0m0s', issuerRef: { kind: 'ClusterIssuer', name: 'ca' } },
    status: { renewalTime: '2026-01-02T00:00:00Z' },
  };
  it('names the time, the interval and the signer', () => {
    expect(issuerRenewal(certificate)).toBe(
      'Certificate linkerd/linkerd-identity-issuer renews at 2026-01-02T00:00:00Z, and again 23h after each issue ' +
        '(it is valid for 2d), signed by whatever CA ClusterIssuer ca has then',
    );
  });
  it('does without a time that is not known yet', () => {
    const { status: _, ...fresh } = certificate;
    expect(rootRenewal(fresh)).toContain('linkerd-identity-issuer renews 23h after each issue');
  });
});
