import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type FindingsShown, renderFindings } from '../../../../src/cli/view/findings.js';
import type { Finding } from '../../../../src/rotation/findings.js';

const bare = (name: string): Finding => ({
  reason: 'BarePod',
  severity: 'block',
  message: 'it has no controller that would make it anew',
  subject: { kind: 'pod', name: `ci/Pod/${name}` },
  hint: 'delete and create it again',
});
const kept: Finding = {
  reason: 'RootKeyKept',
  severity: 'warn',
  message: 'the key will be kept',
  subject: { kind: 'cluster', name: 'cluster' },
};

describe('findings for people', () => {
  const linesOf = (findings: Finding[], shown?: FindingsShown) =>
    stripVTControlCharacters(renderFindings(findings, shown)).split('\n');

  it('say each reason once: how many, the first few, and what to do', () => {
    expect(linesOf([kept, ...['a', 'b', 'c', 'd', 'e'].map(bare)])).toEqual([
      '✖ BarePod, 5 times: it has no controller that would make it anew',
      '    ci/Pod/a, ci/Pod/b, ci/Pod/c, and 2 more',
      '    delete and create it again',
      '! RootKeyKept: the key will be kept',
      '  Cause and cure of each: `reroot explain BarePod`, and so on',
    ]);
  });
  it('say what each of the first few says, where they differ', () => {
    expect(linesOf([bare('a'), { ...bare('b'), message: 'another' }])).toEqual([
      '✖ BarePod, 2 times',
      '    ci/Pod/a: it has no controller that would make it anew',
      '    ci/Pod/b: another',
      '    delete and create it again',
      '  Cause and cure: `reroot explain BarePod`',
    ]);
  });
  it('say what to do about each of the first few, where that differs', () => {
    expect(linesOf([bare('a'), { ...bare('b'), hint: 'ask its operator' }, ...['c', 'd'].map(bare)])).toEqual([
      '✖ BarePod, 4 times',
      '    ci/Pod/a: it has no controller that would make it anew',
      '      delete and create it again',
      '    ci/Pod/b: it has no controller that would make it anew',
      '      ask its operator',
      '    ci/Pod/c: it has no controller that would make it anew',
      '      delete and create it again',
      '    and 1 more',
      '  Cause and cure: `reroot explain BarePod`',
    ]);
  });
  it('count those that did not travel, with their reason or alone', () => {
    expect(linesOf([bare('a')], { omitted: { BarePod: 4000, ProxyUnreadable: 7 } })).toEqual([
      '✖ BarePod, 4001 times: it has no controller that would make it anew',
      '    ci/Pod/a, and 4000 more',
      '    delete and create it again',
      '  and 7 more ProxyUnreadable',
      '  Cause and cure: `reroot explain BarePod`',
    ]);
  });
  it('keep apart what blocks and what does not', () => {
    const lines = linesOf([{ ...bare('a'), severity: 'warn' }, bare('b')]);
    expect(lines[0]).toBe('✖ BarePod: ci/Pod/b: it has no controller that would make it anew');
    expect(lines[2]).toBe('! BarePod: ci/Pod/a: it has no controller that would make it anew');
  });
  it('are named each in a line, in detail', () => {
    expect(linesOf([bare('a'), bare('b'), kept], { details: true, omitted: { BarePod: 1 } })).toEqual([
      '✖ BarePod: ci/Pod/a: it has no controller that would make it anew (delete and create it again)',
      '✖ BarePod: ci/Pod/b: it has no controller that would make it anew (delete and create it again)',
      '! RootKeyKept: the key will be kept',
      '  and 1 more BarePod',
    ]);
  });
});
