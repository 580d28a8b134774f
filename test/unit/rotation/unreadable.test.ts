import { describe, expect, it } from 'vitest';
import { unreadableClock } from '../../../src/rotation/unreadable.js';
import { proxy, without } from './support.js';

const at = (second: number) => new Date(second * 1000);
const silent = proxy({ problem: 'no answer' });
const many = Array.from({ length: 150 }, (_, index) => proxy({ uid: `u${index}`, problem: 'no answer' }));

describe('a proxy that cannot be read', () => {
  it('is named once that has lasted for long enough, with the time it began', () => {
    const { look } = unreadableClock(10_000);
    expect(look([silent], at(5))).toEqual([]);
    expect(look([silent], at(14))).toEqual([]);
    expect(look([silent], at(15))).toMatchObject([
      {
        reason: 'ProxyUnreadable',
        severity: 'block',
        message: expect.stringContaining('since 1970-01-01T00:00:05.000Z: no answer'),
      },
    ]);
  });
  it('begins anew when it could be read in between', () => {
    const { look } = unreadableClock(10_000);
    look([silent], at(0));
    look([proxy()], at(8));
    expect(look([silent], at(12))).toEqual([]);
    expect(look([silent], at(22))).toHaveLength(1);
  });
  it('is nobody while its pod goes', () => {
    const { look } = unreadableClock(0);
    expect(look([{ ...silent, terminating: true }], at(1))).toEqual([]);
  });
  it('may also be one that has not been started', () => {
    const { look } = unreadableClock(0);
    const [finding] = look([{ ...without(proxy(), 'leaf'), unstarted: true }], at(1));
    expect(finding?.message).toContain('its pod has not been started (shop/Deployment/web)');
  });
});

describe('a wait that is begun anew', () => {
  it('goes on with the clocks of before, so that what people were told of stands', () => {
    const before = unreadableClock(10_000);
    expect(before.look([silent], at(0))).toEqual([]);
    const after = unreadableClock(10_000, before.memory());
    expect(after.look([silent], at(10))).toHaveLength(1);
  });
  it('goes on with them for more proxies than it names', () => {
    const before = unreadableClock(10_000);
    before.look(many, at(0));
    const memory = before.memory();
    expect(Object.keys(memory.named)).toHaveLength(100);
    const after = unreadableClock(10_000, memory);
    expect(after.look(many, at(10))).toHaveLength(150);
    const late = proxy({ uid: 'late', problem: 'no answer' });
    expect(after.look([...many, late], at(11))).toHaveLength(150);
  });
  it('knows nothing of one that could be read since', () => {
    const before = unreadableClock(10_000);
    before.look([silent], at(0));
    const after = unreadableClock(10_000, before.memory());
    after.look([proxy()], at(5));
    expect(after.look([silent], at(10))).toEqual([]);
  });
});
