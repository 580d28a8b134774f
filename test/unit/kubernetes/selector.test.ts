import { expect, it } from 'vitest';
import { selectorText } from '../../../src/kubernetes/selector.js';

it('a selector is written as a list takes it', () => {
  expect(
    selectorText({
      matchLabels: { mesh: 'yes' },
      matchExpressions: [
        { key: 'team', operator: 'In', values: ['a', 'b'] },
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] },
        { key: 'owner', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    }),
  ).toBe('mesh=yes,team in (a,b),kubernetes.io/metadata.name notin (kube-system),owner,!old');
  expect(selectorText({})).toBe('');
});
