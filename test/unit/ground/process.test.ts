import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { birthOf, isAlive, isStillAlive, startTicks } from '../../../src/ground/process.js';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

function sleeper(): number {
  const child = spawn('sleep', ['60']);
  children.push(child);
  return child.pid ?? 0;
}

describe('a process that was written down', () => {
  it('is known again, as long as it runs', () => {
    const pid = sleeper();
    const born = birthOf(pid);
    expect(born).toMatch(/\S \S/);
    expect(birthOf(pid)).toBe(born);
    expect(isStillAlive(pid, born)).toBe(true);
  });
  it('is not the one that has its id now: of another boot, or started at another time', () => {
    const pid = sleeper();
    const [boot = '', started = ''] = (birthOf(pid) ?? '').split(' ');
    expect(isAlive(pid)).toBe(true);
    expect(isStillAlive(pid, `${'0'.repeat(boot.length)} ${started}`)).toBe(false);
    expect(isStillAlive(pid, `${boot} 1${started}`)).toBe(false);
  });
  it('without its birth, is any process with its id', () => {
    expect(isStillAlive(sleeper(), undefined)).toBe(true);
  });
  it('is gone once it has ended', async () => {
    const pid = sleeper();
    const born = birthOf(pid);
    const ended = once(children[0] as ChildProcess, 'exit');
    process.kill(pid, 'SIGKILL');
    await ended;
    expect(birthOf(pid)).toBeUndefined();
    expect(isStillAlive(pid, born)).toBe(false);
    expect(isStillAlive(pid, undefined)).toBe(false);
  });
});

it('the start of a process is read whatever its name is', () => {
  const behind = 'S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 99';
  expect(startTicks(`7 (node) ${behind}`)).toBe('12345');
  expect(startTicks(`7 (a) R 1) Z (x) ${behind}`)).toBe('12345');
});
