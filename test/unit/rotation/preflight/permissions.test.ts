import { describe, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import { type Case, holds } from './support.js';

describe('permissionMissing', () => {
  it.each<Case>([
    { name: 'finds nothing when all are granted', observed: { missingPermissions: [] }, finds: [] },
    {
      name: 'blocks on each that is missing, with what needs it',
      observed: {
        missingPermissions: [
          { what: 'list pods in all namespaces', neededFor: 'every gate' },
          { what: 'patch secrets "a" in namespace linkerd', neededFor: 'issue' },
        ],
      },
      finds: [
        {
          reason: 'PermissionMissing',
          severity: 'block',
          subject: 'cluster',
          says: ['reroot may not list pods in all namespaces', 'every gate'],
          hint: 'deploy/rbac.yaml',
        },
        {
          reason: 'PermissionMissing',
          severity: 'block',
          subject: 'cluster',
          says: ['reroot may not patch secrets "a" in namespace linkerd', 'issue'],
          hint: 'deploy/rbac.yaml',
        },
      ],
    },
  ])('$name', holds);
});

describe('approvalsElsewhere', () => {
  const observed = { approvalsInCluster: true };
  it.each<Case>([
    { name: 'finds nothing where the worker takes any', observed: { approvalsInCluster: false }, finds: [] },
    {
      name: 'blocks a rotation that would wait for an approval that does not count',
      observed,
      finds: [
        {
          reason: 'ApprovalsElsewhere',
          severity: 'block',
          subject: 'cluster',
          says: ['REROOT_APPROVALS'],
          hint: '"inCluster"',
        },
      ],
    },
    {
      name: 'is not for the issuer alone, which passes no such point',
      observed: { ...observed, course: COURSES.issuer.course },
      finds: [],
    },
  ])('$name', holds);
});
