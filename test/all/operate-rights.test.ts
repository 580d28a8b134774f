import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abortIn } from '../integration/abort.js';
import { drivenByCommits, type GitOwner, gitOwner } from '../integration/git-owner.js';
import { BUILDING_MS, expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { eventually, statusWhere } from '../integration/support.js';
import { expectRotated, expectUntouched, lookAt, managedMesh, sourcesOf } from './owners.js';

/**
 * Workers that Helm has installed from reroot's chart: pods of a Deployment, each a process with a token of their ServiceAccount. Nothing
 * else of deploy is in the cluster, and nobody else moves the rotation.
 */

async function workerUids({ k8s }: OwnMesh): Promise<Set<string | undefined>> {
  const labelSelector = 'app.kubernetes.io/component=worker';
  const { items } = await k8s.core.listNamespacedPod({ namespace: 'reroot', labelSelector });
  return new Set(items.map(({ metadata }) => metadata?.uid));
}

describe('where reroot writes all of it', () => {
  let mesh: OwnMesh;
  let git: GitOwner | undefined;
  beforeAll(async () => void (mesh = await ownMesh({ chart: {} })), BUILDING_MS);
  afterEach(async () => {
    await git?.stop();
    git = undefined;
    await mesh.endRotations();
  });
  afterAll(async () => await mesh.stop());
  const releaseOf = () => {
    if (!mesh.release) throw new Error('there is no release');
    return mesh.release;
  };

  it('a bridge, whose workers are all killed in the middle of it', async () => {
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const pods = await workerUids(mesh);
    const handle = await mesh.start({ strategy: 'bridge' });
    await statusWhere(handle, 'the wait for the proxies', ({ phase }) => phase === 'renew');
    await mesh.killWorker();
    const report = await seenThrough(handle);
    expect(report).toMatchObject({ outcome: 'completed', strategy: 'bridge' });
    const { bundle, trusted } = await mesh.certificates();
    expect(bundle).toEqual([report.newRoot.fingerprint]);
    expect(trusted).toEqual(bundle);
    expect(releaseOf().workers.restarts()).toBe(2);
    expect(await workerUids(mesh), 'nobody has rolled what is not meshed').toEqual(pods);
    await expectNoRefusal(mesh);
  });

  it('an abort, whose workers are killed on the way back', async () => {
    await abortIn(mesh, { strategy: 'bridge', phase: 'renew', killed: true });
  });

  it('a hand-off of both, after an upgrade that takes the rights to write them away', async () => {
    await releaseOf().upgrade({ owners: { bundle: 'handOff', issuer: 'handOff' } });
    await mesh.sandbox.mesh.setProbe({ reset: true });
    git = await gitOwner(mesh.sandbox, mesh.k8s, 'both');
    const report = await drivenByCommits(await mesh.start({ strategy: 'bridge', ...git.input }), git);
    expect(report.outcome).toBe('completed');
    expect((await mesh.certificates()).bundle).toEqual([report.newRoot.fingerprint]);
    await expectNoRefusal(mesh);
    await git.stop();
    git = undefined;

    const refused = await mesh.start({ strategy: 'bridge', owners: { bundle: 'reroot', issuer: 'reroot' } });
    const { failure } = await refused.result().then(
      () => ({ failure: 'it completed' }),
      (error: Error) => ({ failure: error.cause instanceof Error ? error.cause.message : error.message }),
    );
    expect(failure, 'these rights are not there').toContain(
      'may not patch configmaps "linkerd-identity-trust-roots" in namespace linkerd',
    );
  });

  it('a rotation rolls the workers themselves, where they are meshed, and goes on in the new ones', async () => {
    await releaseOf().upgrade({ meshed: true });
    await eventually('proxies of the workers', async () => {
      const { proxies } = await mesh.sandbox.mesh.status();
      const own = proxies.filter(({ namespace }) => namespace === 'reroot');
      return own.length === 2 && own.every(({ ready }) => ready);
    });
    await mesh.sandbox.mesh.setProbe({ reset: true });
    const [before, restarts] = [await workerUids(mesh), releaseOf().workers.restarts()];
    const report = await seenThrough(await mesh.start({ strategy: 'bridge' }));
    expect(report.outcome).toBe('completed');
    const after = await workerUids(mesh);
    expect(after.size).toBe(2);
    expect([...after].filter((uid) => before.has(uid))).toEqual([]);
    expect(releaseOf().workers.restarts(), 'none has died').toBe(restarts);
    const { proxies } = await mesh.sandbox.mesh.status();
    const own = proxies.filter(({ namespace }) => namespace === 'reroot');
    expect(own.map(({ anchors }) => anchors)).toEqual([[report.newRoot.fingerprint], [report.newRoot.fingerprint]]);
    await expectNoRefusal(mesh);
  });
});

describe('where cert-manager makes both', () => {
  let mesh: OwnMesh;
  const chart = { owners: { bundle: 'certManager', issuer: 'certManager' } };
  beforeAll(async () => void (mesh = await managedMesh({ chart })), BUILDING_MS);
  afterEach(async () => await mesh.endRotations());
  afterAll(async () => await mesh.stop());

  it('an abort', async () => {
    const [look, sources] = [await lookAt(mesh), await sourcesOf(mesh)];
    await abortIn(mesh, { strategy: 'bridge', phase: 'renew' });
    expect(await sourcesOf(mesh)).toEqual(sources);
    await expectUntouched(mesh, look);
  });

  it('a bridge', async () => {
    const look = await lookAt(mesh);
    const report = await seenThrough(await mesh.start({ strategy: 'bridge' }));
    await expectRotated(mesh, look, report);
  });
});
