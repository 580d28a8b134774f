import { describe, expect, it } from 'vitest';
import { reasonNamed, reasons, reasonsLike, reasonsOf } from '../../../src/cli/reasons.js';

describe('a reason', () => {
  it('is found however it is written', () => {
    expect(reasonNamed('anotherwriter')?.name).toBe('AnotherWriter');
    expect(reasonNamed('NoSuchReason')).toBeUndefined();
  });
  it.each([
    ['AnotherWritter', 'AnotherWriter'],
    ['barpod', 'BarePod'],
    ['unreadable', 'ProxyUnreadable'],
  ])('that is misspelt (%s) is offered: %s', (wanted, offered) => expect(reasonsLike(wanted)).toContain(offered));
  it('is not offered for what is like none', () => expect(reasonsLike('zzzzzzzzzz')).toEqual([]));
  it('is summed up in one line', () => {
    for (const { name, summary } of reasons()) expect(summary, name).toMatch(/^[^\n]+\.$/);
  });
});

describe('a section of the page', () => {
  it('has its links as a terminal shows them', () => {
    const [one] = reasonsOf('# Reasons\n\n## One\n\nSee [a](a.md#b) or\n[Two](#two).\n\n- **Cure:** none.\n\n## Two\n');
    expect(one).toEqual({
      name: 'One',
      summary: 'See docs/a.md or Two.',
      text: 'See docs/a.md or\nTwo.\n\n- Cure: none.',
    });
  });
});
