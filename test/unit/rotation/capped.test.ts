import { describe, expect, it } from 'vitest';
import { capped, omittedOf, omittedText } from '../../../src/rotation/capped.js';
import type { Finding } from '../../../src/rotation/findings.js';

const finding = (reason: string, name: string): Finding => ({
  reason,
  severity: 'block',
  message: '',
  subject: { kind: 'pod', name },
});
const many = Array.from({ length: 30 }, (_, index) => finding('RenewalMissed', `shop/Pod/web-${index}`));
const one = finding('ProxyUnreadable', 'shop/Pod/last');

describe('findings that travel', () => {
  it('are all shown where they are few', () => {
    expect(capped([one], 20)).toEqual({ shown: [one], total: 1, byReason: { ProxyUnreadable: 1 } });
    expect(capped([], 20)).toEqual({ shown: [], total: 0, byReason: {} });
  });
  it('are counted by reason where they are many, and at least one of each reason is shown, in their order', () => {
    const { shown, total, byReason } = capped([...many, one], 20);
    expect(shown).toEqual([...many.slice(0, 19), one]);
    expect(total).toBe(31);
    expect(byReason).toEqual({ RenewalMissed: 30, ProxyUnreadable: 1 });
  });
  it('are never more than wanted, however many reasons there are', () => {
    expect(capped([...many, one], 1).shown).toEqual([many[0]]);
    expect(capped(many, 0).shown).toEqual([]);
  });
});

describe('findings that are not named', () => {
  it('are counted by reason, in words', () => {
    expect(omittedOf(capped([...many, one], 20))).toEqual({ RenewalMissed: 11 });
    expect(omittedOf(capped([one], 20))).toEqual({});
    expect(omittedText({ ProxyUnreadable: 5980, BarePod: 12 })).toBe('and 5,980 more ProxyUnreadable, 12 more BarePod');
    expect(omittedText({ ProxyUnreadable: 1_234_567 })).toBe('and 1,234,567 more ProxyUnreadable');
    expect(omittedText({})).toBeUndefined();
    expect(omittedText()).toBeUndefined();
  });
});
