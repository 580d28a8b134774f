import { describe, expect, it } from 'vitest';
import { checkJson, checksOf, checkText } from '../../../../src/cli/view/checks.js';
import type { Finding } from '../../../../src/rotation/findings.js';

const finding = (reason: string, severity: Finding['severity'], name: string): Finding => ({
  ...{ reason, severity, message: 'it is so', hint: 'mend it' },
  subject: { kind: 'workload', name },
});
const FINDINGS = [
  finding('HelmValues', 'warn', 'linkerd'),
  finding('ProxyUnreadable', 'block', 'shop/Pod/a'),
  finding('ProxyUnreadable', 'block', 'shop/Pod/b'),
];

describe('checks', () => {
  it('succeed where nothing was found', () =>
    expect(checksOf([])).toEqual([{ description: 'the trust root could be replaced now', result: 'success' }]));
  it('name each reason once, what stops a rotation first, and how many there are', () => {
    const [first, ...rest] = checksOf(FINDINGS, { ProxyUnreadable: 3 });
    expect(first).toMatchObject({ result: 'warning', error: 'it could not: ProxyUnreadable' });
    expect(rest).toEqual([
      {
        description: 'nothing of reason ProxyUnreadable',
        result: 'warning',
        error: 'ProxyUnreadable: shop/Pod/a: it is so (mend it) (and 4 more)',
        hint: '`reroot explain ProxyUnreadable`',
      },
      {
        description: 'nothing of reason HelmValues',
        result: 'warning',
        error: 'HelmValues: linkerd: it is so (mend it)',
        hint: '`reroot explain HelmValues`',
      },
    ]);
  });
  it('say that a rotation could begin where findings only warn', () =>
    expect(checksOf(FINDINGS.slice(0, 1))[0]).toMatchObject({ result: 'success' }));
});

describe('for linkerd', () => {
  it('are of one category, and no error: Linkerd is as well as it was', () =>
    expect(checkJson(checksOf(FINDINGS))).toMatchObject({
      success: true,
      categories: [{ categoryName: 'linkerd-reroot', checks: [{}, { result: 'warning' }, {}] }],
    }));
});

describe('for people', () => {
  it('look like those of linkerd', () =>
    expect(checkText(checksOf(FINDINGS.slice(0, 1)), 'table').split('\n')).toEqual([
      'linkerd-reroot',
      '--------------',
      expect.stringContaining('the trust root could be replaced now'),
      expect.stringContaining('nothing of reason HelmValues'),
      '    HelmValues: linkerd: it is so (mend it)',
      '    see `reroot explain HelmValues` for hints',
      '',
      'Status check results are √',
    ]));
  it('are short where nothing was found', () =>
    expect(checkText(checksOf([]), 'short')).toBe('Status check results are √'));
});
