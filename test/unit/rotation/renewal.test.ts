import { describe, expect, it } from 'vitest';
import { presentsBothChains } from '../../../src/rotation/gates.js';
import {
  hasRenewedInVain,
  isLate,
  longestWait,
  renewalDue,
  renewalLate,
  renewalState,
} from '../../../src/rotation/renewal.js';
import { HOUR_MS, leaf, proxy, target, without } from './support.js';

const NOON = new Date('2026-01-01T12:00:00Z');
const EVENING = new Date('2026-01-01T20:00:00Z');
const DUE = '2026-01-01T16:48:34.000Z';

/** What leaves of a day last, with the clock skew that identity allows. */
const leafLifeMs = 24 * HOUR_MS + 20_000;
const MORNING = '2026-01-01T06:00:00Z';

const renewed = proxy({ leaf: leaf({ verifiesWith: ['new', 'old'] }) });
const waiting = proxy({ leaf: leaf({ verifiesWith: ['old'] }) });
const state = (
  proxies: Parameters<typeof renewalState>[0],
  now: Date,
  waivers: { subject: string; reason: string }[] = [],
) => renewalState(proxies, { target: target(), requirement: presentsBothChains, waivers, leafLifeMs }, now);
/** The state of a wait that began at 06:00. */
const begun = (...proxies: Parameters<typeof renewalState>[0]) => at(NOON, ...proxies);
const at = (now: Date, ...proxies: Parameters<typeof renewalState>[0]) =>
  renewalState(
    proxies,
    { target: target(), requirement: presentsBothChains, waivers: [], since: MORNING, leafLifeMs },
    now,
  );
/** A leaf of a day that identity has signed at a time; it dates back by 20 s. */
const signedAt = (time: string, verifiesWith: string[]) => {
  const issued = Date.parse(`2026-01-01T${time}Z`);
  const [notBefore, notAfter] = [issued - 20_000, issued + 24 * HOUR_MS].map((ms) => new Date(ms).toISOString());
  return leaf({ verifiesWith, notBefore: notBefore ?? '', notAfter: notAfter ?? '' });
};

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
  it('names a proxy that has renewed since it began, and got a leaf that does not fit: it would do so for ever', () => {
    const inVain = proxy({ leaf: signedAt('06:03:00', ['old']) });
    const [late] = begun(inVain).late;
    expect(late).toMatchObject({ reason: 'RenewedWithoutTarget', subject: { name: 'shop/Pod/web-1' } });
    expect(late?.message).toContain('got a new leaf at 2026-01-01T06:03:00.000Z');
    expect(late?.message).toContain('does not verify with the new root');
    expect(late?.hint).toContain('identity');
    expect(begun({ ...inVain, terminating: true }).late).toEqual([]);
  });
  it('expects nothing yet of a leaf that is older, or was signed while clocks and mounts may lag', () => {
    for (const time of ['05:00:00', '05:59:59', '06:01:59'])
      expect(begun(proxy({ leaf: signedAt(time, ['old']) }))).toMatchObject({ proven: 0, late: [] });
    expect(begun(proxy({ leaf: signedAt('06:03:00', ['old', 'new']) }))).toMatchObject({ proven: 1, late: [] });
  });
  it('allows less of leaves that live shortly', () => {
    const short = { notBefore: '2026-01-01T05:59:45Z', notAfter: '2026-01-01T06:00:30Z', verifiesWith: ['old'] };
    expect(hasRenewedInVain(proxy({ leaf: leaf(short) }), { leafLifeMs, since: '2026-01-01T06:00:00Z' })).toBe(true);
    expect(hasRenewedInVain(proxy({ leaf: leaf(short) }), { leafLifeMs, since: '2026-01-01T06:00:04Z' })).toBe(false);
  });
  it('expects a pod to go in the time it was given', () => {
    const gone = { ...waiting, terminating: true, deletedAt: '2026-01-01T12:00:00Z' };
    expect(isLate(gone, { leafLifeMs }, EVENING)).toBe(true);
    expect(isLate({ ...gone, deletedAt: '2026-01-01T21:00:00Z' }, { leafLifeMs }, EVENING)).toBe(false);
  });
  it('expects nothing of a pod that is going', () => {
    expect(isLate(waiting, { leafLifeMs }, EVENING)).toBe(true);
    expect(isLate({ ...waiting, terminating: true }, { leafLifeMs }, EVENING)).toBe(false);
    expect(state([{ ...without(waiting, 'leaf'), terminating: true }], EVENING).proven).toBe(1);
  });
  it.each(['shop', 'shop/Deployment/web', 'shop/Pod/web-1'])(
    'does not wait for a proxy that is waived: %s',
    (subject) => {
      expect(state([waiting], EVENING, [{ subject, reason: 'known' }])).toMatchObject({ proven: 1, late: [] });
    },
  );
});

describe('a leaf whose times are not believed', () => {
  /** 70 % of a leaf's life after the wait began, and the time that a renewal may take beyond it. */
  const [before, after] = [new Date('2026-01-01T23:50:00Z'), new Date('2026-01-02T00:10:00Z')];
  const LATE = [{ reason: 'RenewalMissed', subject: { name: 'shop/Pod/web-1' } }];

  it.each<[string, string, string]>([
    ['will be valid in a lifetime', '2090-01-01T00:00:00Z', '2091-01-01T00:00:00Z'],
    ['was signed at the moment of the look', '2026-01-01T23:49:00Z', '2026-01-02T23:49:00Z'],
    ['has lasted for years, and goes on', '2020-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
    ['has expired', '2020-01-01T00:00:00Z', '2020-01-02T00:00:00Z'],
  ])('is late by the clock of the wait where nobody of this mesh has signed it: one that %s', (_what, from, to) => {
    const unsigned = proxy({ leaf: leaf({ verifiesWith: [], notBefore: from, notAfter: to }) });
    expect(at(before, unsigned)).toMatchObject({ proven: 0, lastDue: '2026-01-01T22:48:14.000Z', late: [] });
    expect(at(after, unsigned)).toMatchObject({ proven: 0, late: LATE });
    expect(at(after, unsigned).late[0]?.message).not.toMatch(/20(20|90)|9999/);
  });
  it('is late by the clock of the wait where it lasts longer than the leaves of this mesh', () => {
    const long = proxy({
      leaf: leaf({ verifiesWith: ['old'], notBefore: '2026-01-01T04:00:00Z', notAfter: '2036-01-01T00:00:00Z' }),
    });
    expect(at(before, long).late).toEqual([]);
    expect(at(after, long)).toMatchObject({ late: LATE });
    expect(at(after, long).late[0]?.message).toContain('lasts longer than those of this mesh');
  });
  it('can be waived', () => {
    const unsigned = proxy({ leaf: leaf({ verifiesWith: [] }) });
    expect(state([unsigned], after, [{ subject: 'shop/Pod/web-1', reason: 'known' }]).proven).toBe(1);
  });
  it('is none that has expired and was signed: it is late at once, by its times', () => {
    const lapsed = proxy({ leaf: leaf({ verifiesWith: [], lapsed: true, notAfter: '2026-01-01T11:00:00Z' }) });
    expect(begun(lapsed)).toMatchObject({ late: LATE });
    expect(begun(lapsed).late[0]?.message).toContain('expires at 2026-01-01T11:00:00Z');
  });
});
