import { expect, it } from 'vitest';
import { withMark } from '../../../../activities/kit/last-roll.js';
import { restartedAt } from '../../../../src/kubernetes/restarted-at.js';
import type { Workload } from '../../../../src/kubernetes/workload.js';

const web: Workload = {
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  uid: 'u',
  generation: 1,
  templatePath: ['spec', 'template'],
  templateAnnotations: true,
  annotations: true,
  edits: [],
  replacement: 'rollout',
  rolledOut: true,
};
const owner = { kind: 'Prometheus', name: 'main' };
const restarted = restartedAt('abc-trust', new Date('2026-01-01T00:00:00Z'));

it.each<[string, Partial<Workload>, string | undefined]>([
  ['its template', { mark: 'abc-trust' }, 'abc-trust'],
  ['the object, where it is off the template', { objectMark: 'abc-trust' }, 'abc-trust'],
  ['the restart of an operator’s, where nothing else is left', { owner, restartedAt: restarted }, 'abc-trust'],
  [
    'nothing, where the restart is of another phase',
    { owner, restartedAt: restarted.replace(/\d{9}Z/, '123456789Z') },
    undefined,
  ],
  ['an earlier phase', { mark: 'abc-install', objectMark: 'abc-install' }, 'abc-install'],
])('the mark of the phase is found on %s', (_what, change, mark) => {
  expect(withMark({ ...web, ...change }, 'abc-trust').mark).toBe(mark);
});
