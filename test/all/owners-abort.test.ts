import { afterAll, afterEach, expect, it } from 'vitest';
import { abortIn, abortName, type AbortCase } from '../integration/abort.js';
import { expectUntouched, lookAt, sharedMesh, sourcesOf } from './owners.js';

/** Every phase before the point of no return, of every strategy; cert-manager has issued the new root by then, and the new issuer in some. */
const CASES: readonly AbortCase[] = [
  ...(['trust', 'bridge', 'renew', 'approve'] as const).map((phase) => ({ strategy: 'bridge' as const, phase })),
  ...(['trust', 'issue', 'renew', 'approve'] as const).flatMap((phase) => [
    // cert-manager takes its time for the issuer, and identity none
    { strategy: 'standard' as const, phase, atOnce: phase === 'issue' },
    { strategy: 'patient' as const, phase, atOnce: phase === 'issue' },
  ]),
  { strategy: 'bridge', phase: 'renew', leafRenewal: 'roll' },
  { strategy: 'bridge', phase: 'renew', killed: true },
  { strategy: 'standard', phase: 'renew', killed: true },
];

const shared = sharedMesh();
afterEach(shared.after);
afterAll(shared.stop);

it.each(CASES.map((item) => [abortName(item), item] as const))(
  'an abort gives cert-manager its root and issuer of the start back, and both stay: %s',
  async (_name, item) => {
    const mesh = await shared.mesh();
    const [look, sources] = [await lookAt(mesh), await sourcesOf(mesh)];
    await abortIn(mesh, item);
    expect(await sourcesOf(mesh)).toEqual(sources);
    await expectUntouched(mesh, look);
    expect(await sourcesOf(mesh), 'cert-manager has issued it anew').toEqual(sources);
  },
);
