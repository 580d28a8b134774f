import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRoot } from '../../src/pki/issue.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { drivenByCommits, type GitOwner, gitOwner, type Owned, ROOTS } from '../integration/git-owner.js';
import { expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { reportOf, statusWhere } from '../integration/support.js';

/**
 * A mesh that is in a Git repository, whose controller puts back every two seconds whatever is not in it: every rotation goes
 * by the commits that a person makes from what reroot shows. Nobody is refused, whatever is committed.
 */
const KEY = 'ca-bundle.crt';
const STRATEGIES = ['bridge', 'standard', 'patient'] as const;

describe('a mesh that is in Git', () => {
  let mesh: OwnMesh;
  let owner: GitOwner | undefined;
  beforeAll(async () => void (mesh = await ownMesh()));
  afterEach(async () => {
    await mesh.endRotations();
    await owner?.stop();
    owner = undefined;
  });
  afterAll(async () => await mesh.stop());

  const owned = async (what: Owned): Promise<GitOwner> => {
    owner = await gitOwner(mesh.sandbox, mesh.k8s, what);
    await mesh.sandbox.mesh.setProbe({ reset: true });
    return owner;
  };
  const inGit = async (git: GitOwner, change: (pem: string) => string) => {
    await git.edit(ROOTS, (manifest) => ({
      ...manifest,
      data: { ...manifest.data, [KEY]: change(manifest.data[KEY] ?? '') },
    }));
  };
  const lines = ({ waiting }: RotationStatus) => waiting?.on.join('\n') ?? '';

  for (const what of ['bundle', 'both'] as const) {
    it.each(STRATEGIES)(`${what} by commits, strategy %s`, async (strategy) => {
      const git = await owned(what);
      const report = await drivenByCommits(await mesh.start({ strategy, ...git.input }), git);
      expect(report).toMatchObject({ outcome: 'completed', strategy });
      const { bundle, trusted } = await mesh.certificates();
      expect(bundle).toEqual([report.newRoot.fingerprint]);
      expect(trusted).toEqual(bundle);
      await expectNoRefusal(mesh);
    });

    it.each(['bridge', 'standard'] as const)(`${what}: the way back of %s goes by commits too`, async (strategy) => {
      const git = await owned(what);
      const before = await mesh.certificates();
      const handle = await mesh.start({ strategy, ...git.input });
      let isAborted = false;
      const report = await drivenByCommits(handle, git, async ({ phase, waiting }) => {
        const isLast = waiting?.for.startsWith('the bundle to be without') === true;
        if (!isLast || isAborted || phase === 'abort') return false;
        isAborted = true;
        await handle.executeUpdate('abort', { args: [{ reason: 'a test', by: 'tester' }] });
        const back = await statusWhere(handle, 'the way back', (status) => status.phase === 'abort');
        expect(back.pastPointOfNoReturn).toBe(false);
        return true;
      });
      expect(report.outcome).toBe('aborted');
      const after = await mesh.certificates();
      expect(after.bundle).toEqual(before.bundle);
      expect(after.issuer).toEqual(before.issuer);
      expect(after.trusted).toEqual(before.trusted);
      await expectNoRefusal(mesh);
    });
  }

  it('refuses half of it, an extra root, and the old one back, each with the difference; `retry` keeps the extra one', async () => {
    const git = await owned('bundle');
    const other = createRoot({ commonName: 'root.of.another.cluster', validForMs: 86_400_000 }).certificate;
    const handle = await mesh.start({ strategy: 'standard', ...git.input });
    const asked = await statusWhere(handle, 'the first question', ({ waiting }) => waiting?.kind === 'handOff');
    const [value = ''] = (asked.waiting?.handOff?.places ?? []).map((place) => place.value);
    // a bundle may end without a newline
    const [old = '', made = ''] = value.trimEnd().split(/(?<=-----END CERTIFICATE-----)\n/);
    const foreign = other.pem.trimEnd();

    await inGit(git, () => made);
    const half = await statusWhere(handle, 'half of it', (status) => lines(status).includes('lacks root'));
    await statusWhere(handle, 'the old one to be missed', (status) => lines(status) !== lines(asked));
    expect(half.phase).toBe('trust');
    await inGit(git, () => [old, made, foreign].join('\n'));
    const extra = await statusWhere(handle, 'the extra root', (status) => lines(status).includes('not asked for'));
    expect(lines(extra)).toContain(`${other.fingerprint.slice(0, 12)} (root.of.another.cluster)`);
    await handle.executeUpdate('retry', { args: [] });
    await statusWhere(handle, 'it to go on', ({ waiting }) => waiting?.kind !== 'handOff');

    await inGit(git, () => old);
    const back = await statusWhere(handle, 'the new one to be missed', (status) =>
      lines(status).includes('lacks root'),
    );
    expect(back.waiting?.kind).toBe('handOff');
    const report = await drivenByCommits(handle, git).catch(async (error: Error) => {
      // identity has been restarted while the old one stood there alone
      if (!error.message.includes('`retry` to roll it once more')) throw error;
      await handle.executeUpdate('retry', { args: [] });
      await statusWhere(handle, 'it to be rolled again', ({ waiting }) => waiting?.kind !== 'attention');
      return await drivenByCommits(handle, git);
    });
    expect(report.outcome).toBe('completed');
    expect((await mesh.certificates()).bundle).toContain(report.newRoot.fingerprint);
    await inGit(git, (pem) => pem.replace(foreign, ''));
    await expectNoRefusal(mesh);
  });

  it('waits through a pause and a killed worker, and withdraws what it shows while it is paused', async () => {
    const git = await owned('bundle');
    const handle = await mesh.start({ strategy: 'bridge', ...git.input });
    const { waiting } = await statusWhere(handle, 'the question', (status) => status.waiting?.kind === 'handOff');
    await handle.executeUpdate('pause', { args: [{ reason: 'lunch' }] });
    const paused = await statusWhere(handle, 'the pause', (status) => status.waiting?.kind === 'paused');
    expect(JSON.stringify(paused.waiting)).not.toContain('BEGIN CERTIFICATE');
    await handle.executeUpdate('resume', { args: [] });
    const again = await statusWhere(handle, 'the question again', (status) => status.waiting?.kind === 'handOff');
    expect(again.waiting?.since).toBe(waiting?.since);
    await mesh.killWorker();
    expect((await drivenByCommits(handle, git)).outcome).toBe('completed');
    expect((await reportOf(handle)).outcome).toBe('completed');
    await expectNoRefusal(mesh);
  });
});
