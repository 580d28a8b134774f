import { describe, expect, it } from 'vitest';
import { selects, selectorText } from '../../../src/kubernetes/selector.js';

describe('a label selector', () => {
  const labels = { tier: 'gold', zone: 'a' };
  const by = (operator: string, key: string, ...values: string[]) => ({
    matchExpressions: [{ operator, key, values }],
  });
  it.each([
    [{}, true, ''],
    [{ matchLabels: { tier: 'gold' } }, true, 'tier=gold'],
    [{ matchLabels: { tier: 'tin' } }, false, 'tier=tin'],
    [by('In', 'tier', 'gold', 'tin'), true, 'tier in (gold, tin)'],
    [by('In', 'none', 'gold'), false, 'none in (gold)'],
    [by('NotIn', 'tier', 'gold'), false, 'tier notin (gold)'],
    [by('NotIn', 'none', 'gold'), true, 'none notin (gold)'],
    [by('Exists', 'zone'), true, 'zone'],
    [by('DoesNotExist', 'zone'), false, '!zone'],
    [by('Invented', 'zone'), false, 'zone invented ()'],
    [{ matchLabels: { tier: 'gold' }, ...by('Exists', 'none') }, false, 'tier=gold,none'],
  ])('%j: %s', (selector, selected, text) => {
    expect(selects(selector, labels)).toBe(selected);
    expect(selectorText(selector)).toBe(text);
  });
});
