import { describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../src/kubernetes/errors.js';
import { annotate, writeOwnObject } from '../../../src/records/own-object.js';
import { reportObject } from '../../../src/records/report.js';

const failure = (kind: KubernetesErrorKind) => new KubernetesError({ kind, request: 'test', message: kind });

/**
 * An API server with one object of a kind, at a version that somebody else moves on once; `made`: somebody else has just
 * made it when reroot is about to.
 */
function serving(kind: string, { exists, made = false, refused }: Serving) {
  const bodies: unknown[] = [];
  let [version, there] = [1, exists];
  const core = {
    [`createNamespaced${kind}`]: async ({ body }: { body: unknown }) => {
      if (refused) throw failure('Forbidden');
      there = made;
      if (made) throw failure('AlreadyExists');
      bodies.push(body);
    },
    [`readNamespaced${kind}`]: async () => {
      if (!there) throw failure('NotFound');
      return { metadata: { resourceVersion: String(version) } };
    },
    [`patchNamespaced${kind}`]: async ({ body }: { body: unknown }) => {
      version += 1;
      if (version === 2) throw failure('Conflict');
      bodies.push(body);
    },
  };
  return { k8s: { core } as unknown as Kubernetes, bodies };
}

interface Serving {
  exists: boolean;
  made?: boolean;
  refused?: boolean;
}

const report = reportObject({ outcome: 'completed' });
const replaced = [
  { op: 'test', path: '/metadata/resourceVersion', value: '2' },
  { op: 'add', path: '/data', value: { 'report.json': '{\n  "outcome": "completed"\n}\n' } },
];

describe("an object of reroot's own", () => {
  it('that is not there is created with its label; a Secret is encoded', async () => {
    const { k8s, bodies } = serving('Secret', { exists: false });
    await writeOwnObject(k8s, 'linkerd', { kind: 'Secret', name: 'mine', data: { a: 'text' } });
    const metadata = { name: 'mine', labels: { 'app.kubernetes.io/managed-by': 'reroot' } };
    expect(bodies).toEqual([{ metadata, type: 'Opaque', data: { a: 'dGV4dA==' } }]);
  });
  it.each([
    ['is there', { exists: true }],
    ['somebody else makes at the same moment', { exists: false, made: true }],
  ])('that %s has all replaced that is in it, on condition that nobody wrote since it was read', async (_, given) => {
    const { k8s, bodies } = serving('ConfigMap', given);
    await writeOwnObject(k8s, 'linkerd', report);
    expect(bodies).toEqual([replaced]);
  });
  it('that is not there and may not be created is named, with the file that makes it', async () => {
    const { k8s } = serving('ConfigMap', { exists: false, refused: true });
    await expect(writeOwnObject(k8s, 'linkerd', report)).rejects.toMatchObject({
      reason: 'ObjectAbsent',
      message: expect.stringContaining('ConfigMap linkerd/reroot-report is not there') as string,
      hint: expect.stringContaining('deploy/objects.yaml') as string,
    });
  });
});

describe('an annotation', () => {
  it('is added beside those of others, or as the first', () => {
    const wanted = { 'reroot.dev/rotation': 'x' };
    expect(annotate({ annotations: { theirs: 'y' } }, wanted)).toEqual([
      { op: 'add', path: '/metadata/annotations/reroot.dev~1rotation', value: 'x' },
    ]);
    expect(annotate({}, wanted)).toEqual([{ op: 'add', path: '/metadata/annotations', value: wanted }]);
  });
});
