import { afterAll, beforeAll, it } from 'vitest';
import { abortIn, abortName, type AbortCase } from '../integration/abort.js';
import { type OwnMesh, ownMesh } from '../integration/own-mesh.js';

/** Every phase before the point of no return, of every strategy. */
const CASES: readonly AbortCase[] = [
  ...(['trust', 'issue', 'renew', 'approve'] as const).flatMap((phase) => [
    { strategy: 'standard' as const, phase },
    { strategy: 'patient' as const, phase },
  ]),
  ...(['trust', 'bridge', 'renew', 'approve'] as const).map((phase) => ({ strategy: 'bridge' as const, phase })),
  ...(['renew', 'issue', 'approve'] as const).map((phase) => ({
    strategy: 'bridge' as const,
    phase,
    leafRenewal: 'roll' as const,
  })),
  { strategy: 'standard', phase: 'renew', killed: true },
  { strategy: 'bridge', phase: 'renew', killed: true },
  { strategy: 'bridge', phase: 'approve', killed: true },
  { strategy: 'patient', phase: 'renew', killed: true, paused: true },
];

let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh()));
afterAll(async () => await mesh.stop());

it.each(CASES.map((item) => [abortName(item), item] as const))(
  'an abort ends in the certificates of the start, without a refused handshake: %s',
  async (_name, item) => await abortIn(mesh, item),
);
