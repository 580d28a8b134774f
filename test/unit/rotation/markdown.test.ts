import * as fc from 'fast-check';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { markdown, markdownLines } from '../../../src/rotation/markdown.js';
import { statusMarkdown } from '../../../src/rotation/status.js';
import { type Next, hostileText, hostileTexts, oneAfterTheOther, UNFIT } from '../hostile.js';
import { statusWith } from '../hostile-rotation.js';

/** As the Temporal UI reads it: CommonMark with GitHub's tables, links without being asked, footnotes and so on. */
function parsed(text: string): Nodes {
  return fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

function nodesOf(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap((child) => nodesOf(child)) : [])];
}

/** What it is made of, beside text, which does nothing. */
function shapeOf(text: string): string[] {
  const inert = ['root', 'paragraph', 'text', 'inlineCode', 'code'];
  return nodesOf(parsed(text)).flatMap(({ type }) => (inert.includes(type) ? [] : [type]));
}

/** What a person reads. */
function readText(text: string): string {
  return nodesOf(parsed(text))
    .map((node) => ('value' in node ? node.value : ''))
    .join('');
}

/** They try hundreds of texts, on a machine that does other things too. */
const LONG = 60_000;

describe('text in Markdown', () => {
  it.each([
    ['a name as it is', 'shop/Deployment/web-1_a.b: 3 of 4 pods (10.0.0.1:4191)'],
    ['a message with its code', 'repair it, then `retry`; `reroot waive … --gate trust`'],
    ['a link as text', '[approve](here)', String.raw`\[approve\](here)`],
    ['an address as code', 'see https://evil.example/x now', 'see `https://evil.example/x` now'],
    ['the start of an address as code', 'a www.` b', 'a `www.`\\` b'],
    ['HTML as text', '<b>x</b> &lt;', String.raw`\<b>x\</b> \&lt;`],
    ['a heading as text', '# x', String.raw`\# x`],
    ['a list as text', '1. x', String.raw`1\. x`],
    ['emphasis as text', '*x* _y_ a_b', String.raw`\*x\* \_y\_ a_b`],
    ['a table as text', '| a |', String.raw`\| a \|`],
    ['a single backtick as text', 'a ` b', 'a \\` b'],
    ['lines as one', 'a\n# b', 'a # b'],
  ])('shows %s', (_what, text, expected = text) => expect(markdown(text)).toBe(expected));

  it('is shown, and does nothing', { timeout: LONG }, () => {
    fc.assert(
      fc.property(hostileText, (hostile) => {
        for (const text of [markdown(hostile), `⚠ ${markdown(hostile)}`]) expect(shapeOf(text)).toEqual([]);
        expect(shapeOf(`- ${markdown(hostile)}`)).toEqual(['list', 'listItem']);
        expect(shapeOf(markdownLines(hostile))).toEqual([]);
        expect(markdownLines(hostile)).not.toMatch(UNFIT);
      }),
      { numRuns: 300 },
    );
  });
  it('is read as it was written, but for blanks and the marks of code', () => {
    const visible = fc.string({ unit: fc.constantFrom(...'abc_*[]()<>&;#|~\\!.:/@-+=1 "\'') });
    const bare = (text: string) => text.replaceAll(/\s/g, '');
    fc.assert(
      fc.property(visible, (text) => {
        expect(bare(readText(markdown(text)))).toBe(bare(text));
      }),
    );
  });
  it('of several lines keeps those after the first, to be copied', () => {
    expect(markdownLines('Set this:\n-----BEGIN X-----\n```')).toBe(
      ['Set this:', '', '````', '-----BEGIN X-----', '```', '````'].join('\n'),
    );
  });
});

describe('the details in the Temporal UI', () => {
  const benign: Next = () => 'x';
  it('have the headings, lists and tables of their template, whatever others have written', { timeout: LONG }, () => {
    const shape = shapeOf(statusMarkdown(statusWith(benign)));
    expect(shape).toContain('table');
    fc.assert(
      fc.property(hostileTexts, (hostile) => {
        const text = statusMarkdown(statusWith(oneAfterTheOther(hostile)));
        expect(shapeOf(text)).toEqual(shape);
        expect(text).not.toMatch(UNFIT);
      }),
      { examples: [[['\u001B[2J`1. www.evil.example', '']]] },
    );
  });
});
