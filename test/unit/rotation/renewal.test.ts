import { describe, expect, it } from 'vitest';
import { presentsBothChains } from '../../../src/rotation/gates.js';
import { isLate, longestWait, renewalDue, renewalLate, renewalState } from '../../../src/rotation/renewal.js';
import { HOUR_MS, leaf, proxy, target, without } from './support.js';

const NOON = new Date('2026-01-01T12:00:00Z');
const EVENING = new Date('2026-01-01T20:00:00Z');
const DUE = '2026-01-01T16:48:34.000Z';

const renewed = proxy({ leaf: leaf({ verifiesWith: ['new', 'old'] }) });
const waiting = proxy({ leaf: leaf({ verifiesWith: ['old'] }) });
const state = (
  proxies: Parameters<typeof renewalState>[0],
  now: Date,
  waivers: { subject: string; reason: string }[] = [],
) => renewalState(proxies, { target: target(), requirement: presentsBothChains, waivers }, now);

describe('the renewal of a leaf', () => {
  it('is due at 70 % of its life', () => {
    expect(renewalDue(leaf()).toISOString()).toBe(DUE); // a default leaf: 24 h and twice the clock skew
  });
  it('is due after a day at the latest', () => {
    const month = leaf({ notAfter: '2026-01-31T00:00:00Z' });
    expect(renewalDue(month).toISOString()).toBe('2026-01-02T00:00:20.000Z');
    expect(longestWait(30 * 24 * HOUR_MS)).toBe(24 * HOUR_MS);
  });
  it('is late an hour after it was due, while there is time before the leaf expires', () => {
    expect(renewalLate(leaf()).getTime()).toBeGreaterThan(renewalDue(leaf()).getTime() + HOUR_MS);
    expect(renewalLate(leaf()).getTime()).toBeLessThan(Date.parse(leaf().notAfter));
  });
});

describe('a wait for renewals', () => {
  it('counts those that have renewed, and says when the last other one is due', () => {
    expect(state([renewed, waiting], NOON)).toEqual({ proxies: 2, proven: 1, lastDue: DUE, late: [] });
  });
  it('has no time to name when all have renewed', () => {
    expect(state([renewed], NOON)).toEqual({ proxies: 1, proven: 1, late: [] });
  });
  it('names a proxy that has missed its time, and when its leaf expires', () => {
    const [late] = state([renewed, waiting], EVENING).late;
    expect(late).toMatchObject({ reason: 'RenewalMissed', severity: 'block', subject: { name: 'shop/Pod/web-1' } });
    expect(late?.message).toContain(waiting.leaf?.notAfter);
    expect(late?.hint).toContain('retry');
  });
  it('expects nothing of a pod that is going', () => {
    expect(isLate(waiting, EVENING)).toBe(true);
    expect(isLate({ ...waiting, terminating: true }, EVENING)).toBe(false);
    expect(state([{ ...without(waiting, 'leaf'), terminating: true }], EVENING).proven).toBe(1);
  });
  it.each(['shop', 'shop/Deployment/web', 'shop/Pod/web-1'])(
    'does not wait for a proxy that is waived: %s',
    (subject) => {
      expect(state([waiting], EVENING, [{ subject, reason: 'known' }])).toMatchObject({ proven: 1, late: [] });
    },
  );
});
