import { describe, expect, it } from 'vitest';
import { html, own, prose, type Shown } from '../../../src/picture/html.js';

describe('a template of markup', () => {
  it.each([
    ['<b>&"\'', '&lt;b&gt;&amp;&quot;&#39;'],
    ['a\u202Eb\u0000c', 'a\uFFFDb\uFFFDc'],
    ['two\nlines', 'two lines'],
    [7, '7'],
    [undefined, ''],
    [false, ''],
    [['<', own('<br>'), ['>']], '&lt;<br>&gt;'],
  ] satisfies [Shown, string][])('shows %j as %s', (value, expected) => {
    expect(html`${value}`.markup).toBe(expected);
  });

  it('takes what another has made as it is, and no indentation of the source', () => {
    const inner = html`<b>${'<'}</b>`;
    const outer = html`<ul>
      <li>${inner}</li>
    </ul>`;
    expect(outer.markup).toBe('<ul>\n<li><b>&lt;</b></li>\n</ul>');
  });

  it('cuts what nobody reads to its end', () => {
    expect(html`${'x'.repeat(100_000)}`.markup.length).toBeLessThan(3000);
  });
});

describe('a sentence', () => {
  it.each([
    ['Send `approve`, or `reroot approve`.', 'Send <code>approve</code>, or <code>reroot approve</code>.'],
    ['one ` alone', 'one ` alone'],
    ['`<b>`', '<code>&lt;b&gt;</code>'],
  ])('%s has what is to be typed as code', (sentence, expected) => {
    expect(prose(sentence).markup).toBe(expected);
  });
});
