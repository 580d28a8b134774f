import type { V1ResourceRule } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { namesThatMayBeRead } from '../../../src/kubernetes/permissions.js';

const rule = (change: Partial<V1ResourceRule>): V1ResourceRule => ({
  verbs: ['get', 'patch'],
  apiGroups: [''],
  resources: ['secrets'],
  ...change,
});

it('finds by the rules of whoever asks which Secrets may be read by name', async () => {
  const asked: unknown[] = [];
  const resourceRules = [
    rule({ resourceNames: ['trust', 'trust-before'] }),
    rule({ resourceNames: ['trust', 'other'] }),
    rule({ verbs: ['patch'], resourceNames: ['written-blindly'] }),
    rule({ resources: ['configmaps'], resourceNames: ['no-secret'] }),
    rule({ apiGroups: ['cert-manager.io'], resourceNames: ['no-core'] }),
    rule({}),
  ];
  const authorization = {
    createSelfSubjectRulesReview: async ({ body }: { body: unknown }) => {
      asked.push(body);
      return await Promise.resolve({ status: { resourceRules, nonResourceRules: [], incomplete: false } });
    },
  };
  const k8s = { authorization } as unknown as Kubernetes;
  expect(await namesThatMayBeRead(k8s, { namespace: 'cert-manager', resource: 'secrets' })).toEqual([
    'trust',
    'trust-before',
    'other',
  ]);
  expect(asked).toEqual([{ spec: { namespace: 'cert-manager' } }]);
});
