import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { CONTROLLER, manifestsIn, startGitController } from '../../../sandbox/git/controller.js';
import { createRepository, type Repository } from '../../../sandbox/git/repository.js';

const MANIFEST = `apiVersion: v1
kind: ConfigMap
metadata:
  name: roots
  namespace: linkerd
data:
  ca: one
`;

const MARK = 'argocd.argoproj.io/tracking-id';

describe('the Git repository of the sandbox', () => {
  let repository: Repository;
  beforeAll(async () => void (repository = await createRepository()));
  afterAll(async () => await repository.remove());

  it('is a real one, whose HEAD is what was committed last', async () => {
    await repository.commit({ 'mesh/roots.yaml': MANIFEST }, 'Begin');
    await repository.commit({ 'mesh/roots.yaml': MANIFEST.replace('one', 'two') }, 'Change');
    expect(Object.keys(await repository.head())).toEqual(['mesh/roots.yaml']);
    expect(manifestsIn(await repository.read('mesh/roots.yaml'))[0]?.data).toEqual({ ca: 'two' });
    await repository.revert();
    expect(manifestsIn(await repository.read('mesh/roots.yaml'))[0]?.data).toEqual({ ca: 'one' });
  });

  it('is applied as Argo CD does: again and again, by force, with its mark', async () => {
    const applied: { body: { metadata: { annotations?: object } }; fieldManager: string; force: boolean }[] = [];
    const patch = async (request: (typeof applied)[number]) => void (await Promise.resolve(applied.push(request)));
    const metadata = { annotations: { [MARK]: 'x', kept: 'yes' }, managedFields: [{ manager: CONTROLLER }] };
    const read = async () => await Promise.resolve({ metadata });
    const core = { patchNamespacedConfigMap: patch, readNamespacedConfigMap: read };
    const k8s = { core } as unknown as Kubernetes;
    const controller = startGitController(k8s, repository, 5);
    await controller.synced();
    await expect.poll(() => applied.length, { timeout: 5000 }).toBeGreaterThan(2);
    await controller.stop();
    expect(applied[0]).toMatchObject({ fieldManager: CONTROLLER, force: true });
    expect(applied[0]?.body.metadata.annotations).toEqual({
      [MARK]: 'mesh:/ConfigMap:linkerd/roots',
    });
    expect(applied.at(-1)?.body).toEqual([
      { op: 'add', path: '/metadata/annotations', value: { kept: 'yes' } },
      { op: 'replace', path: '/metadata/managedFields', value: [{}] },
    ]);
  });
});
