import { add, type Attempt, CORE, LINKERD, replace } from './client.js';
import { pod } from './victims.js';

/** What would need rights that nobody gave; `valid: false`: not even an admin is asked to show that it would work. */
export function withoutRights(): (Attempt & { valid?: false })[] {
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'evil' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'reroot', namespace: 'reroot' }],
  };
  const policy = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/reroot';
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/reroot';
  const secret = (name: string, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, annotations: { 'kubernetes.io/service-account.name': 'default' } },
    ...more,
  });
  const token = { type: 'kubernetes.io/service-account-token' };
  return [
    {
      what: 'a pod for real in kube-system',
      method: 'POST',
      path: `${CORE}/kube-system/pods`,
      body: pod(),
      valid: false,
    },
    {
      what: 'a dry run in kube-system',
      method: 'POST',
      path: `${CORE}/kube-system/pods?dryRun=All`,
      body: pod(),
      valid: false,
    },
    { what: 'the Secrets of the Linkerd namespace', method: 'GET', path: `${LINKERD}/secrets` },
    { what: 'every Secret', method: 'GET', path: '/api/v1/secrets' },
    { what: 'another Secret', method: 'GET', path: `${LINKERD}/secrets/other`, valid: false },
    { what: 'a Secret with a token', method: 'POST', path: `${LINKERD}/secrets`, body: secret('evil', token) },
    { what: 'a Secret', method: 'POST', path: `${LINKERD}/secrets`, body: secret('evil') },
    { what: 'its Secret gone', method: 'DELETE', path: `${LINKERD}/secrets/reroot-rotation` },
    { what: 'its root gone', method: 'DELETE', path: `${LINKERD}/secrets/reroot-trust-root` },
    { what: 'its Lease gone', method: 'DELETE', path: '/apis/coordination.k8s.io/v1/namespaces/linkerd/leases/reroot' },
    {
      what: 'an approval of its own',
      method: 'PATCH',
      path: `${LINKERD}/configmaps/reroot-approval`,
      body: [add('/metadata/annotations', { 'reroot.dev/approved': 'x' })],
    },
    { what: 'a ConfigMap', method: 'POST', path: `${LINKERD}/configmaps`, body: { metadata: { name: 'evil' } } },
    { what: 'a token', method: 'POST', path: `${CORE}/default/serviceaccounts/default/token`, body: {}, valid: false },
    { what: 'a shell', method: 'POST', path: `${CORE}/hostile/pods/any/exec?command=sh`, valid: false },
    {
      what: 'another container in a pod',
      method: 'PATCH',
      path: `${CORE}/hostile/pods/any/ephemeralcontainers`,
      body: [],
      valid: false,
    },
    { what: 'another pod', method: 'PATCH', path: `${CORE}/hostile/pods/any`, body: [], valid: false },
    { what: 'a pod gone', method: 'DELETE', path: `${CORE}/hostile/pods/any`, valid: false },
    { what: 'the log of a pod', method: 'GET', path: `${CORE}/hostile/pods/any/log`, valid: false },
    {
      what: 'a Deployment',
      method: 'POST',
      path: '/apis/apps/v1/namespaces/hostile/deployments',
      body: {},
      valid: false,
    },
    { what: 'a Deployment gone', method: 'DELETE', path: '/apis/apps/v1/namespaces/hostile/deployments/victim' },
    {
      what: 'more replicas by another door',
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/hostile/deployments/victim/scale',
      body: [replace('/spec/replicas', 3)],
    },
    {
      what: 'another status',
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/hostile/deployments/victim/status',
      body: [add('/status/observedGeneration', 99)],
    },
    {
      what: 'the rights of an admin',
      method: 'POST',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      body: binding,
    },
    {
      what: 'more rights of its own',
      method: 'PATCH',
      path: role,
      body: [add('/rules/-', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] })],
    },
    { what: 'another policy', method: 'PATCH', path: policy, body: [replace('/spec/failurePolicy', 'Ignore')] },
    { what: 'no policy', method: 'DELETE', path: policy },
    { what: 'a policy that binds nobody', method: 'DELETE', path: policy.replace('policies', 'policybindings') },
    {
      what: 'to be somebody else',
      method: 'GET',
      path: '/api/v1/secrets',
      headers: { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' },
    },
    {
      what: 'a namespace with other labels',
      method: 'PATCH',
      path: `${CORE}/reroot-rehearsal`,
      body: [add('/metadata/labels/evil', 'x')],
    },
    { what: 'a node', method: 'PATCH', path: '/api/v1/nodes/node-1', body: [add('/metadata/labels/evil', 'x')] },
    {
      what: 'a webhook',
      method: 'PATCH',
      path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config',
      body: [replace('/webhooks/0/clientConfig/url', 'https://evil.invalid/')],
    },
  ];
}

/** What more rights would let through, were they granted: the policy has its say then. */
export function creations(): { refused: Attempt[]; allowed: Attempt[] } {
  const path = `${LINKERD}/secrets`;
  const secret = (name: string, more: object = {}, annotations: Record<string, string> = {}): Attempt => ({
    what: `Secret ${name} ${JSON.stringify(more)}`,
    method: 'POST',
    path,
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations }, ...more },
  });
  const account = { 'kubernetes.io/service-account.name': 'default' };
  const token = { type: 'kubernetes.io/service-account-token' };
  return {
    refused: [
      secret('reroot-rotation', token, account),
      secret('reroot-trust-root', token, account),
      secret('evil', token, account),
      secret('evil', { type: 'Opaque' }),
      secret('reroot-rotation', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'AA==', 'tls.key': 'AA==' } }),
      secret('reroot-rotation', { type: 'Opaque' }, account),
      secret('reroot-rotation', { type: 'Opaque', data: { evil: 'AA==' } }),
      secret('linkerd-identity-issuer', { type: 'Opaque' }),
      ...['evil', 'reroot-evidence-16'].map((name) => ({
        ...{ what: `ConfigMap ${name}`, method: 'POST' as const },
        ...{ path: `${LINKERD}/configmaps`, body: { metadata: { name } } },
      })),
      {
        what: 'approval',
        method: 'POST',
        path: `${LINKERD}/configmaps`,
        body: { metadata: { name: 'reroot-approval' } },
      },
      {
        what: 'patch of another Secret',
        method: 'PATCH',
        path: `${path}/other`,
        body: [add('/data', { key: 'AA==' })],
      },
      {
        what: 'Lease evil',
        method: 'POST',
        path: '/apis/coordination.k8s.io/v1/namespaces/linkerd/leases',
        body: { metadata: { name: 'evil' } },
      },
    ],
    allowed: [
      secret('reroot-rotation', { type: 'Opaque', data: { 'ca.crt': 'AA==' } }, { 'reroot.dev/rotation': 'x' }),
      { what: 'report', method: 'POST', path: `${LINKERD}/configmaps`, body: { metadata: { name: 'reroot-report' } } },
      {
        what: 'Lease',
        method: 'POST',
        path: '/apis/coordination.k8s.io/v1/namespaces/linkerd/leases',
        body: { metadata: { name: 'reroot' }, spec: { holderIdentity: 'x' } },
      },
    ],
  };
}
