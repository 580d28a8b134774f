import { describe, expect, it } from 'vitest';
import { boundaries, layers, levels, partOf, ticks, windowOf } from '../../../src/picture/areas.js';
import { noCounts, type Sample } from '../../../src/rotation/census.js';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 30, 17, minute)).toISOString();

function sample(minute: number, phase: string, trusts: Partial<Sample['trusts']>): Sample {
  return { at: at(minute), phase, trusts: { ...noCounts(), ...trusts }, presents: noCounts() };
}

const SOME = [
  sample(0, 'trust', { old: 10 }),
  sample(5, 'retire', { old: 10 }),
  sample(10, 'retire', { old: 4, new: 6 }),
  sample(20, 'finish', { new: 10 }),
];

describe('stacked areas', () => {
  it('stand one upon the other, the new root at the bottom, the top one painted first', () => {
    const drawn = layers(SOME, 'trusts', windowOf(SOME));
    expect(drawn).toEqual([
      { holding: 'old', path: 'M0 1L0 0L0.25 0L0.5 0L1 0L1 0L1 1Z' },
      { holding: 'new', path: 'M0 1L0 1L0.25 1L0.5 0.4L1 0L1 0L1 1Z' },
    ]);
  });

  it('have a level from one look alone', () => {
    const [one] = SOME;
    const drawn = layers(one ? [one] : [], 'trusts', windowOf(one ? [one] : []));
    expect(drawn).toEqual([{ holding: 'old', path: 'M0 1L0 0L1 0L1 1Z' }]);
  });

  it('are none where nothing is counted', () => {
    expect(layers(SOME, 'presents', windowOf(SOME))).toEqual([]);
  });
});

describe('the axis of time', () => {
  it('has each moment at its part', () => {
    const within = windowOf(SOME);
    expect([0, 5, 20].map((minute) => partOf(within, Date.parse(at(minute))))).toEqual([0, 0.25, 1]);
  });

  it('has a boundary where a phase begins', () => {
    expect(boundaries(SOME, windowOf(SOME))).toEqual([
      { phase: 'trust', part: 0, width: 0.25 },
      { phase: 'retire', part: 0.25, width: 0.75 },
      { phase: 'finish', part: 1, width: 0 },
    ]);
  });

  it.each([
    ['2026-11-30T17:02:00Z', '2026-11-30T17:02:09Z', ['17:02:00', '17:02:02', '17:02:04', '17:02:06', '17:02:08']],
    ['2026-11-30T17:02:00Z', '2026-11-30T17:36:30Z', ['17:10', '17:20', '17:30']],
    ['2026-11-30T17:02:00Z', '2026-12-01T12:00:00Z', ['18:00', '12-01', '06:00', '12:00']],
    ['2026-11-02T00:00:00Z', '2026-11-30T00:00:00Z', ['11-05', '11-12', '11-19', '11-26']],
  ])('from %s to %s counts as people do', (from, to, labels) => {
    expect(ticks({ from: Date.parse(from), to: Date.parse(to) }).map(({ label }) => label)).toEqual(labels);
  });
});

describe('the axis of proxies', () => {
  it.each([
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [10, [0, 5, 10]],
    [47, [0, 20, 47]],
    [100, [0, 50, 100]],
    [11_452, [0, 5000, 11_452]],
  ])('to %i has %j', (most, expected) => {
    expect(levels(most)).toEqual(expected);
  });
});
