import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import { add, type Attempt, CORE, LINKERD, replace } from './client.js';
import { pod } from './victims.js';

const OWN = { 'app.kubernetes.io/managed-by': 'reroot' };
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/linkerd/leases/reroot';

/** What the policy refuses beside workloads, though RBAC lets it through. */
export function onObjects(leaseVersion: string): Attempt[] {
  const changes: [string, string, PatchOperation[]][] = [
    ['secrets/reroot-rotation', "a key that is not reroot's", [add('/data', { 'evil.key': 'AA==' })]],
    ['secrets/reroot-rotation', 'a label', [add('/metadata/labels/evil', 'x')]],
    [
      'secrets/reroot-rotation',
      'the ServiceAccount that it is of',
      [add('/metadata/annotations', { 'kubernetes.io/service-account.name': 'linkerd-identity' })],
    ],
    ['secrets/reroot-rotation', 'a finalizer', [add('/metadata/finalizers', ['example.invalid/stay'])]],
    ['secrets/reroot-rotation', 'immutable', [add('/immutable', true)]],
    ['secrets/reroot-trust-root', "a key that is not reroot's", [add('/data', { 'tls.key': 'AA==' })]],
    [
      'secrets/reroot-trust-root',
      'an owner',
      [add('/metadata/ownerReferences', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'gone' }])],
    ],
    ['secrets/linkerd-identity-issuer', "a key that is not identity's", [add('/data/evil', 'AA==')]],
    ['secrets/linkerd-identity-issuer', 'a label', [add('/metadata/labels', { evil: 'x' })]],
    ['secrets/linkerd-identity-issuer', 'an annotation', [add('/metadata/annotations', { evil: 'x' })]],
    ['secrets/linkerd-config-overrides', 'another key', [add('/data/evil', 'AA==')]],
    ['configmaps/linkerd-identity-trust-roots', 'another key', [add('/data/evil', 'x')]],
    ['configmaps/linkerd-identity-trust-roots', 'an annotation', [add('/metadata/annotations', { evil: 'x' })]],
    ['configmaps/linkerd-config', 'another key', [add('/data/evil', 'x')]],
    ['configmaps/linkerd-config', 'binary data', [add('/binaryData', { evil: 'AA==' })]],
    ['configmaps/reroot-report', 'another key', [add('/data', { evil: 'x' })]],
    ['configmaps/reroot-timeline', 'another key', [add('/data', { evil: 'x' })]],
    ['configmaps/reroot-evidence-15', 'another key', [add('/data', { evil: 'x' })]],
  ];
  const patches = changes.map(([object, what, body]): Attempt => ({
    what: `change of ${object}: ${what}`,
    method: 'PATCH',
    path: `${LINKERD}/${object}`,
    body,
  }));
  const metadata = { name: 'reroot', resourceVersion: leaseVersion };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
  return [
    ...patches,
    {
      what: 'a pod for real where pods are rehearsed',
      method: 'POST',
      path: `${CORE}/reroot-rehearsal/pods`,
      body: pod(),
    },
    {
      what: 'a change of the Lease beside its holder',
      method: 'PUT',
      path: LEASE,
      body: { ...lease, metadata: { ...metadata, labels: OWN }, spec: { leaseDurationSeconds: 5 } },
    },
    {
      what: 'a Lease without its label',
      method: 'PUT',
      path: LEASE,
      body: { ...lease, spec: { holderIdentity: 'x' } },
    },
  ];
}

/** What reroot itself writes into Secrets, ConfigMaps and its Lease; and the dry run of a pod. */
export function writes(leaseVersion: string): Attempt[] {
  const patch = (object: string, body: PatchOperation[]): Attempt => ({
    what: `change of ${object}`,
    method: 'PATCH',
    path: `${LINKERD}/${object}`,
    body,
  });
  const annotations = { 'reroot.dev/rotation': 'x', 'reroot.dev/retire': 'y', 'reroot.dev/run-id': 'z' };
  return [
    patch('secrets/reroot-rotation', [
      add('/data', { 'ca.crt': 'AA==', 'ca.key': 'AA==', 'bridge.crt': 'AA==', 'previous.tls.key': 'AA==' }),
      add('/metadata/annotations', annotations),
    ]),
    patch('secrets/reroot-trust-root', [add('/data', { 'ca.crt': 'AA==', 'ca.key': 'AA==' })]),
    patch('secrets/linkerd-identity-issuer', [replace('/data/crt.pem', 'AA=='), replace('/data/key.pem', 'AA==')]),
    patch('secrets/linkerd-config-overrides', [replace('/data/linkerd-config-overrides', 'AA==')]),
    patch('configmaps/linkerd-identity-trust-roots', [replace('/data/ca-bundle.crt', 'x')]),
    patch('configmaps/linkerd-config', [replace('/data/values', 'x')]),
    patch('configmaps/reroot-report', [add('/data', { 'report.json': '{}' })]),
    patch('configmaps/reroot-timeline', [add('/data', { 'timeline.json': '{}' })]),
    patch('configmaps/reroot-evidence-0', [add('/data', { evidence: 'AA==' })]),
    patch('configmaps/reroot-evidence-15', [add('/data', {})]),
    {
      what: 'a dry run of a pod',
      method: 'POST',
      path: `${CORE}/reroot-rehearsal/pods?dryRun=All`,
      body: pod(),
    },
    {
      what: 'the Lease',
      method: 'PUT',
      path: LEASE,
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'reroot', resourceVersion: leaseVersion, annotations, labels: OWN },
        spec: { holderIdentity: 'x' },
      },
    },
  ];
}
