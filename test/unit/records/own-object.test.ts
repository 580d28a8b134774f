import { describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { writeOwnObject } from '../../../src/records/own-object.js';
import { reportObject } from '../../../src/records/report.js';

const failure = (kind: 'AlreadyExists' | 'Conflict') => new KubernetesError({ kind, request: 'test', message: kind });

/** An API server with one object of a kind, at a version that somebody else moves on once. */
function serving(kind: string, exists: boolean) {
  const bodies: unknown[] = [];
  let version = 1;
  const core = {
    [`createNamespaced${kind}`]: async ({ body }: { body: unknown }) => {
      if (exists) throw failure('AlreadyExists');
      bodies.push(body);
    },
    [`readNamespaced${kind}`]: async () => ({ metadata: { resourceVersion: String(version) } }),
    [`patchNamespaced${kind}`]: async ({ body }: { body: unknown }) => {
      version += 1;
      if (version === 2) throw failure('Conflict');
      bodies.push(body);
    },
  };
  return { k8s: { core } as unknown as Kubernetes, bodies };
}

describe("an object of reroot's own", () => {
  it('is created with its label; a Secret is encoded', async () => {
    const { k8s, bodies } = serving('Secret', false);
    await writeOwnObject(k8s, 'linkerd', { kind: 'Secret', name: 'mine', data: { a: 'text' } });
    const metadata = { name: 'mine', labels: { 'app.kubernetes.io/managed-by': 'reroot' } };
    expect(bodies).toEqual([{ metadata, type: 'Opaque', data: { a: 'dGV4dA==' } }]);
  });
  it('replaces all that was in it, on condition that nobody wrote since it was read', async () => {
    const { k8s, bodies } = serving('ConfigMap', true);
    await writeOwnObject(k8s, 'linkerd', reportObject({ outcome: 'completed' }));
    expect(bodies).toEqual([
      [
        { op: 'test', path: '/metadata/resourceVersion', value: '2' },
        { op: 'add', path: '/data', value: { 'report.json': '{\n  "outcome": "completed"\n}\n' } },
      ],
    ]);
  });
});
