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
          { what: 'list pods in all namespaces', neededFor: 'every gate', file: 'deploy/rbac/core.yaml' },
          { what: 'patch secrets "a" in namespace linkerd', neededFor: 'issue', file: 'deploy/objects.yaml' },
        ],
      },
      finds: [
        {
          reason: 'PermissionMissing',
          severity: 'block',
          subject: 'cluster',
          says: ['reroot may not list pods in all namespaces', 'every gate'],
          hint: 'apply deploy/rbac/core.yaml',
        },
        {
          reason: 'PermissionMissing',
          severity: 'block',
          subject: 'cluster',
          says: ['reroot may not patch secrets "a" in namespace linkerd', 'issue'],
          hint: 'apply deploy/objects.yaml',
        },
      ],
    },
  ])('$name', holds);
});

describe('optionalPermissionMissing', () => {
  const events = { neededFor: 'Events for those who watch', file: 'deploy/rbac/events.yaml' };
  it.each<Case>([
    { name: 'finds nothing when all are granted', observed: { optionalMissing: [] }, finds: [] },
    {
      name: 'warns of what is used for one thing as one',
      observed: {
        optionalMissing: [
          { what: 'create events in namespace linkerd', ...events },
          { what: 'patch events in namespace linkerd', ...events },
          { what: 'list bundles.trust.cert-manager.io in all namespaces', neededFor: 'who writes', file: 'a.yaml' },
        ],
      },
      finds: [
        {
          reason: 'OptionalPermissionMissing',
          severity: 'warn',
          subject: 'cluster',
          says: [
            'may not create events in namespace linkerd, nor patch events in namespace linkerd; a rotation goes on',
          ],
          hint: 'apply deploy/rbac/events.yaml of this version, if you want it',
        },
        {
          reason: 'OptionalPermissionMissing',
          severity: 'warn',
          subject: 'cluster',
          says: ['list bundles.trust.cert-manager.io', 'who writes'],
          hint: 'a.yaml',
        },
      ],
    },
  ])('$name', holds);
});

describe('admissionPolicyAbsent', () => {
  it.each<Case>([
    { name: 'finds nothing where a policy limits the user', observed: {}, finds: [] },
    {
      name: 'warns, and blocks nothing, where none does',
      observed: { policyShortfall: 'ValidatingAdmissionPolicy reroot is not there' },
      finds: [
        {
          reason: 'AdmissionPolicyAbsent',
          severity: 'warn',
          subject: 'cluster',
          says: ['nothing limits', 'ValidatingAdmissionPolicy reroot is not there'],
          hint: 'deploy/policy.yaml',
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
