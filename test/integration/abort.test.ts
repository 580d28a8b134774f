import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abortIn, abortName, type AbortCase } from './abort.js';
import { approve, type OwnMesh, ownMesh } from './own-mesh.js';
import { eventually, reportOf, statusWhere } from './support.js';

/** The hardest; test/all/abort.test.ts has every phase of every strategy, and workers that are killed on the way back. */
const CASES: readonly AbortCase[] = [{ strategy: 'bridge', phase: 'renew', paused: true }];

describe('abort', () => {
  let mesh: OwnMesh;
  beforeAll(async () => void (mesh = await ownMesh()));
  afterAll(async () => await mesh.stop());

  it.each(CASES.map((item) => [abortName(item), item] as const))(
    'ends in the certificates of the start, without a refused handshake: %s',
    async (_name, item) => await abortIn(mesh, item),
  );

  it('is refused after the point of no return, with what can be done instead', async () => {
    const handle = await mesh.start({ strategy: 'bridge', leafRenewal: 'roll' });
    const { waiting } = await statusWhere(handle, 'the approval', ({ waiting: seen }) => seen?.kind === 'approval');
    await approve(handle, waiting?.planHash);
    await statusWhere(handle, 'the point of no return', ({ pastPointOfNoReturn }) => pastPointOfNoReturn);
    const refusal = await handle.executeUpdate('abort', { args: [] }).then(
      () => '',
      (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message),
    );
    expect(refusal).toContain('rotate again');
    expect((await reportOf(handle)).outcome).toBe('completed');
    await eventually('the mesh to be one', async () => (await mesh.certificates()).trusted.length === 1);
  });
});
