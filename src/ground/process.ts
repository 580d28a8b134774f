import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a process of this machine runs; one that has ended and only waits to be asked for its end does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return stateOf(statOf(pid)) !== 'Z'; // containers often have an init that never asks
  } catch {
    return false;
  }
}

/**
 * What tells a process from a later one with the same id: the boot of the machine, and when it was started in it.
 * Undefined when no such process runs.
 */
export function birthOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  if (process.platform !== 'linux') return `${said('sysctl', '-n', 'kern.bootsessionuuid')} ${startedBy(pid)}`;
  return `${read('/proc/sys/kernel/random/boot_id')} ${startTicks(statOf(pid))}`;
}

/**
 * Whether a process that was written down still runs. Ids are given out again, after a boot above all: the process that
 * has the id now may be anybody's.
 *
 * @param born what `birthOf` said then; without it (reroot 0.3 wrote none down) any process with the id will do
 */
export function isStillAlive(pid: number, born: string | undefined): boolean {
  return born === undefined ? isAlive(pid) : birthOf(pid) === born;
}

/** proc_pid_stat(5): the name, field 2, may hold blanks and brackets, so fields are counted from behind it. */
function fieldsAfterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Field 3 of /proc/pid/stat; `Z` is a process that has ended. */
function stateOf(stat: string): string | undefined {
  return fieldsAfterName(stat)[0];
}

/** Field 22 of /proc/pid/stat: clock ticks from the boot of the machine to the start of the process. */
export function startTicks(stat: string): string | undefined {
  return fieldsAfterName(stat)[19];
}

function statOf(pid: number): string {
  return read(`/proc/${pid}/stat`);
}

function startedBy(pid: number): string {
  return said('ps', '-o', 'lstart=', '-p', `${pid}`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** What a program says, in one language and time zone: it is compared with what it says another day. */
function said(program: string, ...args: string[]): string {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC0' };
    return execFileSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
