import { describe, expect, it } from 'vitest';
import {
  bridgeCheckInterval,
  bridgeEndsSoon,
  bridgeKept,
  bridgeLife,
  KEY_DISCARDED,
} from '../../../src/rotation/bridge-life.js';
import { HOUR_MS, request } from './support.js';

const DAY_MS = 24 * HOUR_MS;

describe('bridgeLife', () => {
  it.each([
    ['14 days', {}, DAY_MS, 14 * DAY_MS],
    ['at least twice a leaf', {}, 10 * DAY_MS, 20 * DAY_MS],
    [
      '14 days where that key stays in the Secret of its owner',
      { certificates: { secret: 'mine' } },
      DAY_MS,
      14 * DAY_MS,
    ],
    ['30 days where the key that could make it anew is not kept', { root: { key: 'discard' } }, DAY_MS, 30 * DAY_MS],
    [
      'longer by the deadline of an organic rollout where that key is not kept',
      { root: { key: 'discard' }, rollout: { pace: 'organic', deadline: '5d' } },
      DAY_MS,
      35 * DAY_MS,
    ],
    ['what the input says', { bridge: { validity: '3d' } }, DAY_MS, 3 * DAY_MS],
    ['90 days at the most', { bridge: { validity: '90d' } }, DAY_MS, 90 * DAY_MS],
    [
      '90 days at the most, however long an organic rollout waits',
      { root: { key: 'discard' }, rollout: { pace: 'organic', deadline: '60d' } },
      DAY_MS,
      90 * DAY_MS,
    ],
    ['twice a leaf where that is more', {}, 60 * DAY_MS, 120 * DAY_MS],
    ['at least twice a leaf whatever the input says', { bridge: { validity: '1h' } }, DAY_MS, 2 * DAY_MS],
  ] as const)('is %s', (_what, input, leafLifeMs, life) =>
    expect(bridgeLife(request(input).settings, leafLifeMs)).toBe(life),
  );
});

describe('bridgeLife of settings that an earlier version took', () => {
  it('is 90 days at the most', () => {
    const { settings } = request();
    expect(bridgeLife({ ...settings, bridge: { validity: 3650 * DAY_MS } }, DAY_MS)).toBe(90 * DAY_MS);
  });
});

describe('bridgeEndsSoon', () => {
  const now = new Date('2026-01-10T00:00:00Z');
  it.each([
    ['not while more than half of it is left', '2026-01-05T00:00:00Z', '2026-01-19T00:00:00Z', false],
    ['when half of it is over', '2026-01-02T00:00:00Z', '2026-01-16T00:00:00Z', true],
    ['when less than 1.5 leaf lives are left', '2026-01-09T12:00:00Z', '2026-01-11T11:00:00Z', true],
  ])('%s', (_what, notBefore, notAfter, soon) => {
    const validity = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
    expect(bridgeEndsSoon(validity, DAY_MS, now)).toBe(soon);
  });
});

describe('bridgeCheckInterval', () => {
  it('is a quarter of a leaf, and five seconds at the least', () => {
    expect(bridgeCheckInterval(DAY_MS)).toBe(DAY_MS / 4);
    expect(bridgeCheckInterval(1000)).toBe(5000);
  });
});

describe('a bridge certificate that is looked after', () => {
  const HOUR = 3_600_000;
  const now = new Date('2026-01-01T00:00:00Z');
  const bridge = { notAfter: new Date(now.getTime() + 30 * HOUR) };
  it('ends soon only where nobody can make it anew, and less than two leaf lives are left', () => {
    const keyMissing = { why: KEY_DISCARDED, canReturn: false };
    expect(bridgeKept({ bridge, keyMissing }, 24 * HOUR, now)).toEqual({
      notAfter: '2026-01-02T06:00:00.000Z',
      renewable: false,
      endsSoon: true,
      keyMissing,
    });
    expect(bridgeKept({ bridge, keyMissing }, 12 * HOUR, now).endsSoon).toBe(false);
    expect(bridgeKept({ bridge }, 24 * HOUR, now)).toMatchObject({ renewable: true, endsSoon: false });
    expect(bridgeKept({}, 24 * HOUR, now)).toMatchObject({ notAfter: '', endsSoon: false });
  });
});
