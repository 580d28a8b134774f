import { expect, it } from 'vitest';
import type { HelmUpgrade } from '../../../src/ground/helm.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import { followHelm } from '../../../workflows/helm.js';

const heard = (...answers: { helm?: HelmUpgrade }[]) => {
  const status = { notes: [] as string[] } as RotationStatus;
  for (const answer of answers) followHelm(status, answer);
  return status;
};

it('people hear of the values of Helm once, when they change', () => {
  const [first, second] = [{ values: 'a: 1\n', keyFlag: '--set-file k=<(kubectl)' }, { values: 'a: 2\n' }];
  const { helm, notes } = heard({ helm: first }, { helm: first }, { helm: second }, {});
  expect(helm).toEqual(second);
  expect(notes).toHaveLength(2);
  expect(notes[0]).toContain('a: 1');
  expect(notes[1]).toContain('a: 2');
});

it('the answer of a worker of an earlier version is no reason to stop', () => {
  const answer = { helm: { value: 'identityTrustAnchorsPEM', pem: 'PEM' } as unknown as HelmUpgrade };
  expect(heard(answer)).toEqual({ notes: [] });
});
