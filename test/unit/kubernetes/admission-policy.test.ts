import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  type AdmissionPolicy,
  policyShortfall,
  CERT_MANAGER_POLICY,
  readAdmissionPolicy,
} from '../../../src/kubernetes/admission-policy.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../src/kubernetes/errors.js';

const file = path.resolve(import.meta.dirname, '../../../deploy/policy.yaml');
const [policy, binding, itsPolicy, itsBinding] = parseAllDocuments(readFileSync(file, 'utf8')).map(
  (document) => document.toJS() as unknown,
) as [
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
];
const user = 'system:serviceaccount:reroot:reroot';

describe('the policy of deploy', () => {
  it.each<[string, Partial<AdmissionPolicy>, string]>([
    ['is not there', { policy: undefined, binding: undefined }, 'is not there'],
    ['may not be read', { policy: 'unread' }, 'may not be read'],
    ['has a binding that may not be read', { binding: 'unread' }, 'may not be read'],
    [
      'is about another user',
      { user: 'system:serviceaccount:tools:reroot' },
      'is not about user system:serviceaccount:tools',
    ],
    ['is not about a user whose name begins like it', { user: `${user}2` }, 'is not about user'],
    ['has no binding', { binding: undefined }, 'no ValidatingAdmissionPolicyBinding'],
    ['is only audited', { binding: { spec: { policyName: 'reroot', validationActions: ['Audit'] } } }, 'deny'],
    [
      'is not what its binding is of',
      { binding: { spec: { policyName: 'other', validationActions: ['Deny'] } } },
      'deny',
    ],
  ])('limits nobody when it %s', (_what, change, says) => {
    const shortfall = policyShortfall({ policy, binding, user, ...change });
    expect(shortfall).toContain(says);
  });
  it.each([user, ''])(
    'limits its own user, and, as far as can be told, one that does not know its name: %j',
    (name) => {
      expect(policyShortfall({ policy, binding, user: name })).toBeUndefined();
    },
  );
});

describe("the policy about cert-manager's objects", () => {
  const its = { policy: itsPolicy, binding: itsBinding, user };
  it('limits its user where it is asked for by its name', () => {
    expect(policyShortfall(its, CERT_MANAGER_POLICY)).toBeUndefined();
    expect(policyShortfall({ ...its, binding }, CERT_MANAGER_POLICY)).toContain(
      'no ValidatingAdmissionPolicyBinding reroot-cert-manager',
    );
  });
});

/** An API server by what it says of the user, and of the policy. */
function server(name: string, isAdmin: boolean, refusal?: KubernetesErrorKind): Kubernetes {
  const answer = async (object: object) => {
    if (refusal) throw new KubernetesError({ kind: refusal, request: 'test', message: refusal });
    return await Promise.resolve(object);
  };
  return {
    authentication: {
      createSelfSubjectReview: async () => await Promise.resolve({ status: { userInfo: { username: name } } }),
    },
    authorization: {
      createSelfSubjectAccessReview: async () => await Promise.resolve({ status: { allowed: isAdmin } }),
    },
    admission: {
      readValidatingAdmissionPolicy: async () => await answer(policy),
      readValidatingAdmissionPolicyBinding: async () => await answer(binding),
    },
  } as unknown as Kubernetes;
}

describe('the policy of a cluster', () => {
  it('is read with the name of who reads', async () => {
    expect(await readAdmissionPolicy(server(user, false))).toEqual({ policy, binding, user });
  });
  it.each<[KubernetesErrorKind, 'unread' | undefined]>([
    ['Forbidden', 'unread'],
    ['NotFound', undefined], // also where the API is not served
  ])('is known not to be known on %s', async (refusal, found) => {
    expect(await readAdmissionPolicy(server(user, true, refusal))).toEqual({ policy: found, binding: found, user });
  });
  it('is of no interest to a person who may do everything, but to a ServiceAccount that may', async () => {
    expect(await readAdmissionPolicy(server('kubernetes-admin', true))).toBeUndefined();
    expect(await readAdmissionPolicy(server('worker', false))).toBeDefined();
    expect(await readAdmissionPolicy(server(user, true))).toBeDefined();
  });
});
