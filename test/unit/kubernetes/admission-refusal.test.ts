import { expect, it } from 'vitest';
import { podRefusal } from '../../../src/kubernetes/admission-refusal.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../src/kubernetes/errors.js';

const refusal = (kind: KubernetesErrorKind, message: string) =>
  podRefusal(new KubernetesError({ kind, request: 'createNamespacedPod shop', message }));

it.each<[string, KubernetesErrorKind, string, ReturnType<typeof podRefusal>]>([
  [
    'a webhook that says no, whatever its code is',
    'Unavailable',
    'admission webhook "a.b" denied the request: x',
    { by: 'webhook', webhook: 'a.b', how: 'denied' },
  ],
  [
    'one that is away',
    'Unavailable',
    'Internal error occurred: failed calling webhook "a.b": EOF',
    { by: 'webhook', webhook: 'a.b', how: 'failed' },
  ],
  [
    'one that takes no dry runs',
    'Invalid',
    'admission webhook "a.b" does not support dry run',
    { by: 'webhook', webhook: 'a.b', how: 'no dry runs' },
  ],
  [
    'a policy that quotes another webhook',
    'Invalid',
    `ValidatingAdmissionPolicy 'x' with binding 'y' denied request: failed calling webhook "a.b"`,
    { by: 'admission' },
  ],
  [
    'RBAC',
    'Forbidden',
    'pods is forbidden: User "me" cannot create resource "pods" in API group "" in the namespace "shop"',
    { by: 'rbac' },
  ],
  ['a quota', 'Forbidden', 'pods "p" is forbidden: exceeded quota: small', { by: 'admission' }],
  ['an API server that is away', 'Unavailable', 'etcdserver: leader changed', undefined],
  ['one that does not know who asks', 'Unauthorized', 'Unauthorized', undefined],
])('a pod is refused by %s', (_what, kind, message, by) => expect(refusal(kind, message)).toEqual(by));
