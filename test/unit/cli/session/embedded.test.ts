import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureEmbedded, findEmbedded } from '../../../../src/cli/session/embedded.js';
import { embeddedFiles, type EmbeddedState, writeState } from '../../../../src/cli/session/embedded-state.js';
import { answers } from '../../../../src/cli/session/ports.js';
import { birthOf, isAlive } from '../../../../src/ground/process.js';

const home = mkdtempSync(path.join(tmpdir(), 'reroot-embedded-unit-'));
const env = { XDG_STATE_HOME: home, PATH: '' };
const children: ChildProcess[] = [];
afterEach(() => {
  children.splice(0).forEach((child) => child.kill('SIGKILL'));
  rmSync(home, { recursive: true, force: true });
});

/** A process that listens, as a server does. */
async function listener(): Promise<{ pid: number; address: string; exit: Promise<unknown> }> {
  const program = `const s = require('net').createServer((c) => c.destroy()).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program]);
  children.push(child);
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid ?? 0, address: `127.0.0.1:${port.toString().trim()}`, exit: once(child, 'exit') };
}

function write(state: EmbeddedState): void {
  const files = embeddedFiles(path.join(home, 'reroot', 'prod'));
  mkdirSync(files.folder, { recursive: true });
  writeState(files, state);
}

const BEFORE_THE_BOOT = '00000000-0000-0000-0000-000000000000 4711';
/** Above what Linux gives out. */
const NOBODY = 2 ** 22 + 1;

describe('the embedded server that was written down', () => {
  it('is found while its two processes run and it listens', async () => {
    const { pid, address } = await listener();
    const state = { pid: process.pid, serverPid: pid, address };
    write({ ...state, ...births(state) });
    expect(await findEmbedded('prod', env)).toMatchObject({ address });
  });
  it('is found as 0.3 wrote it down: ids only', async () => {
    const { pid, address } = await listener();
    write({ pid: process.pid, serverPid: pid, address });
    expect(await findEmbedded('prod', env)).toMatchObject({ address });
  });
  it('is gone when others have its ids and its port by now', async () => {
    const { pid, address } = await listener();
    const state = { pid: process.pid, serverPid: pid, address };
    expect(await answers(address)).toBe(true);
    write({ ...state, ...births(state), born: BEFORE_THE_BOOT });
    expect(await findEmbedded('prod', env)).toBeUndefined();
    write({ ...state, ...births(state), serverBorn: BEFORE_THE_BOOT });
    expect(await findEmbedded('prod', env)).toBeUndefined();
  });
  it('is gone when another process listens at its port', async () => {
    const { address } = await listener();
    const state = { pid: process.pid, serverPid: process.pid, address };
    write({ ...state, ...births(state) });
    expect(await findEmbedded('prod', env)).toBeUndefined();
  });
});

/** `PATH` has no temporal: the start ends there, after what is left of an earlier one has been dealt with. */
describe('a start', () => {
  it('ends the server that a killed background process has left', async () => {
    const { pid, address, exit } = await listener();
    write({ pid: NOBODY, born: BEFORE_THE_BOOT, serverPid: pid, address, serverBorn: birthOf(pid) ?? '' });
    await expect(start()).rejects.toThrow('`temporal` program');
    await exit;
  });
  it('lets a stranger live that has the id of that server by now', async () => {
    const { pid, address } = await listener();
    write({ pid: NOBODY, born: BEFORE_THE_BOOT, serverPid: pid, address, serverBorn: BEFORE_THE_BOOT });
    await expect(start()).rejects.toThrow('`temporal` program');
    expect(isAlive(pid)).toBe(true);
    expect(await answers(address)).toBe(true);
  });
  it('lets a stranger live where 0.3 wrote ids only, unless it also has the port', async () => {
    const { pid } = await listener();
    const other = await listener();
    write({ pid: NOBODY, serverPid: pid, address: other.address });
    await expect(start()).rejects.toThrow('`temporal` program');
    expect([isAlive(pid), isAlive(other.pid)]).toEqual([true, true]);
  });
});

async function start(): Promise<unknown> {
  return await ensureEmbedded('prod', env, { ui: false });
}

function births({ pid, serverPid }: { pid: number; serverPid: number }): { born: string; serverBorn: string } {
  return { born: birthOf(pid) ?? '', serverBorn: birthOf(serverPid) ?? '' };
}
