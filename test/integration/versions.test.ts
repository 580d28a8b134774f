import { it } from 'vitest';
import { type Mesh, nameOf, rotateWhole } from './versions.js';

/** One of each layout, in shapes and strategies that differ as much as they can; test/all/matrix.test.ts has every combination. */
const MESHES: readonly Mesh[] = [
  { linkerd: '2.7', issuer: 'linkerd', install: 'cli', certificates: 'default', strategy: 'standard' },
  { linkerd: '2.9', issuer: 'kubernetes', install: 'helm', certificates: 'separate', strategy: 'patient' },
  { linkerd: '2.10', issuer: 'linkerd', install: 'cli', certificates: 'separate', strategy: 'bridge' },
];

it.each(MESHES.map((mesh) => [nameOf(mesh), mesh] as const))(
  'every store and every proxy has the new root, without a refused handshake: %s',
  async (_name, mesh) => await rotateWhole(mesh),
);
