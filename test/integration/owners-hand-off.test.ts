import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/kit/index.js';
import { drivenByCommits, type GitOwner, gitOwner } from './git-owner.js';
import {
  anchorsInUse,
  endRotations,
  FAST,
  k8s,
  refusalsDuring,
  sandbox,
  startRotation,
  startWorker,
} from './support.js';

/** One of each; test/all/owners-hand-off.test.ts has the strategies, and what is not what was asked for. */
describe('a mesh that is in Git', () => {
  let worker: WorkerProcess;
  let owner: GitOwner;
  beforeAll(async () => {
    worker = startWorker();
    owner = await gitOwner(sandbox, k8s, 'both');
  });
  afterEach(endRotations);
  afterAll(async () => {
    await owner.stop();
    await worker.stop();
  });

  it('goes by commits of what reroot shows, bundle and issuer', async () => {
    const shown: string[] = [];
    const { result: report, refused } = await refusalsDuring(async () => {
      const handle = await startRotation(FAST);
      return await drivenByCommits(handle, owner, async ({ waiting }) => {
        shown.push(waiting?.for ?? '');
        expect(waiting?.handOff?.who).toBe('Argo CD'); // found by its mark
        return await Promise.resolve(undefined);
      });
    });
    expect(refused).toBe(0);
    expect(report.outcome).toBe('completed');
    expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
    expect([...new Set(shown)]).toEqual([
      expect.stringMatching(/^the bundle to have the new root .*, which Argo CD writes$/),
      'the issuer Secret to have the new issuer, certificate and key, which Argo CD writes',
      expect.stringMatching(/^the bundle to be without the root of the start /),
    ]);
  });
});
