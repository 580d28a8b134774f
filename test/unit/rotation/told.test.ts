import { describe, expect, it } from 'vitest';
import { capped } from '../../../src/rotation/capped.js';
import { isNews, toldOf } from '../../../src/rotation/told.js';

const late = (...names: string[]) =>
  capped(
    names.map((name) => ({
      reason: 'RenewalMissed',
      severity: 'block' as const,
      message: '',
      subject: { kind: 'pod' as const, name },
    })),
    2,
  );
const at = (second: number) => new Date(second * 1000);
const MINUTE = 60_000;
const told = (...names: string[]) => toldOf(late(...names), at(0).toISOString());

describe('news of late proxies', () => {
  it('is the first of them, at once', () => {
    expect(isNews(late(), undefined, at(0), MINUTE)).toBe(false);
    expect(isNews(late('a'), undefined, at(0), MINUTE)).toBe(true);
  });
  it('is not what people know already, however long it lasts', () => {
    expect(isNews(late('a', 'b'), told('b', 'a'), at(3600), MINUTE)).toBe(false);
    expect(isNews(late('a', 'b', 'c'), told('a', 'b', 'c'), at(3600), MINUTE)).toBe(false);
  });
  it('is at once that none is left', () => {
    expect(isNews(late(), told('a'), at(1), MINUTE)).toBe(true);
    expect(isNews(late(), told(), at(1), MINUTE)).toBe(false);
  });
  it('is another one, or another number, but not more often than it may be', () => {
    for (const other of [late('c'), late('a', 'b'), late('a', 'b', 'd')]) {
      expect(isNews(other, told('a'), at(59), MINUTE)).toBe(false);
      expect(isNews(other, told('a'), at(60), MINUTE)).toBe(true);
    }
    expect(isNews(late('a', 'b', 'c', 'd'), told('a', 'b', 'c'), at(60), MINUTE)).toBe(true);
  });
  it('is not more often either where proxies are late one after the other', () => {
    expect(isNews(late('b'), told(), at(59), MINUTE)).toBe(false);
  });
});
