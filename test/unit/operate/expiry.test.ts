import { describe, expect, it } from 'vitest';
import { expiring, stepOf } from '../../../src/operate/expiry.js';
import { certificate, inDays, NOON } from './support.js';

const DAY_MS = 86_400_000;
const days = (step: number | undefined) => (step === undefined ? undefined : step / DAY_MS);

describe('stepOf', () => {
  it.each<[string, number, number | undefined]>([
    ['far away', 61, undefined],
    ['within 60 days', 60, 60],
    ['within 60 days, still', 30.5, 60],
    ['within 30 days', 30, 30],
    ['within 14 days', 10, 14],
    ['within a week', 7, 7],
    ['within three days', 2.5, 3],
    ['within a day', 0.5, 1],
    ['past', 0, 0],
    ['long past', -100, 0],
  ])('of an anchor whose end is %s', (_what, left, step) => {
    expect(days(stepOf(certificate({ notAfter: inDays(left) }), NOON))).toBe(step);
  });

  it.each<[string, Parameters<typeof certificate>[0], number | undefined]>([
    [
      'an issuer of a year, with a fifth left and more than 60 days',
      { kind: 'issuer', notBefore: inDays(-295), notAfter: inDays(70) },
      undefined,
    ],
    [
      'an issuer of a year, with less than 60 days',
      { kind: 'issuer', notBefore: inDays(-306), notAfter: inDays(59) },
      60,
    ],
    [
      'an issuer of two days that cert-manager is about to renew',
      { kind: 'issuer', notBefore: inDays(-1.4), notAfter: inDays(0.6) },
      undefined,
    ],
    [
      'an issuer of two days that it has not renewed',
      { kind: 'issuer', notBefore: inDays(-1.7), notAfter: inDays(0.3) },
      0.4,
    ],
    [
      'a root of 90 days that cert-manager is about to renew',
      { notBefore: inDays(-59), notAfter: inDays(31) },
      undefined,
    ],
    ['a root of 90 days that it has not renewed', { notBefore: inDays(-61), notAfter: inDays(29) }, 30],
    [
      'a bridge of two weeks in its first half',
      { kind: 'bridge', notBefore: inDays(-6), notAfter: inDays(8) },
      undefined,
    ],
    [
      'a bridge of two weeks that was not made anew',
      { kind: 'bridge', notBefore: inDays(-11.5), notAfter: inDays(2.5) },
      2.8,
    ],
  ])('of %s', (_what, change, step) => {
    const found = days(stepOf(certificate(change), NOON));
    expect(found && Number(found.toFixed(3))).toBe(step);
  });

  it('of an end that cannot be read is none', () => {
    expect(stepOf(certificate({ notAfter: 'soon' }), NOON)).toBeUndefined();
  });
});

describe('expiring', () => {
  const of = (change: Parameters<typeof certificate>[0]) =>
    expiring([certificate(change)], { cluster: 'prod', at: NOON });

  it('names the certificate, its end and what to do', () => {
    expect(of({})).toEqual([
      {
        key: `TrustAnchorExpiring anchor ${'cd'.repeat(32)} ${14 * DAY_MS}`,
        reason: 'TrustAnchorExpiring',
        type: 'Warning',
        message:
          `Trust anchor cdcdcdcdcdcd (root.linkerd) of cluster prod ends at ${inDays(10)}, in 10d. ` +
          'Replace it in time: `reroot rotate`.',
        since: inDays(-4),
      },
    ]);
  });
  it('says of one that has ended that it has', () => {
    expect(of({ notAfter: inDays(-1) })[0]?.message).toContain(`has ended at ${inDays(-1)}`);
  });
  it('leaves alone an anchor that nothing is under', () => expect(of({ role: 'other' })).toEqual([]));
  it('shows no character of a name that cannot be seen', () => {
    expect(of({ commonName: 'root\u202E\n' })[0]?.message).toContain('(root\uFFFD )');
  });
});
