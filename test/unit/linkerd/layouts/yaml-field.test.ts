import { describe, expect, it } from 'vitest';
import { readYamlField, replaceYamlField } from '../../../../src/linkerd/layouts/yaml-field.js';

const TEXT = `# kept
a:   "spaced   out"
nested:
    pem: |
        one
        two
    after: {x: 1}   # kept too
top: |-
  alpha
  beta
last: "q\\nr"
`;

describe('YAML fields', () => {
  it('are read by path', () => {
    expect(readYamlField(TEXT, ['nested', 'pem'])).toBe('one\ntwo\n');
    expect(readYamlField(TEXT, ['top'])).toBe('alpha\nbeta');
    expect(readYamlField(TEXT, ['none'])).toBeUndefined();
  });

  it('are replaced with every other byte left alone', () => {
    const first = replaceYamlField(TEXT, ['nested', 'pem'], 'three\nfour\nfive\n');
    expect(first).toBe(TEXT.replace('        one\n        two\n', '        three\n        four\n        five\n'));
    const second = replaceYamlField(first, ['top'], 'gamma');
    expect(second).toBe(first.replace('  alpha\n  beta\n', '  gamma\n'));
    expect(readYamlField(replaceYamlField(second, ['last'], 'x\ny\n'), ['last'])).toBe('x\ny\n');
    expect(replaceYamlField(replaceYamlField(TEXT, ['top'], 'x'), ['top'], 'alpha\nbeta')).toBe(TEXT);
  });

  it('that are not there are not made up', () => {
    expect(() => replaceYamlField(TEXT, ['none'], 'x')).toThrow('no string at none');
  });
});
