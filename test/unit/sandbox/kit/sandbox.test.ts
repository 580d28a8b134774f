import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { namedFolder, startSandbox, stopHost } from '../../../../sandbox/kit/sandbox.js';
import { birthOf, isAlive } from '../../../../src/ground/process.js';

describe('the name of a sandbox', () => {
  it.each(['default', 'a', '2nd', 'linkerd-2.20'])('%s is its folder', (name) => {
    expect(namedFolder(name)).toMatch(new RegExp(`/reroot/sandboxes/${name}$`));
  });
  it.each([
    '..',
    '../..',
    '../../../..',
    '.',
    '',
    'a/b',
    '/',
    '/home',
    'a..b',
    '-x',
    'Prod',
    'a b',
    'a\n',
    'x'.repeat(64),
  ])('%j is refused: `down` would remove what is there', (name) => {
    expect(() => namedFolder(name)).toThrow('cannot be the name of a sandbox');
  });
});

it('a Linkerd that had no trust roots of its own takes none of cert-manager', async () => {
  await expect(startSandbox({ linkerd: '2.10', certManager: {} })).rejects.toThrow('choose 2.11 or newer');
});

describe('the end of a sandbox', () => {
  it('leaves a stranger alone that has the id of its host by now', async () => {
    const stranger = spawn('sleep', ['60']);
    const pid = stranger.pid ?? 0;
    await stopHost({ pid, born: '00000000-0000-0000-0000-000000000000 4711' });
    expect(isAlive(pid)).toBe(true);
    await stopHost({ pid, born: birthOf(pid) ?? '' });
    expect(isAlive(pid)).toBe(false);
  });
});
