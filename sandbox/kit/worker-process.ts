import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { built } from '../cluster/paths.js';
import { tool } from '../cluster/processes.js';
import type { SandboxFacts } from '../facts.js';

/** `reroot worker` as a process of its own, so that it can be killed as a crash would. */
export interface WorkerProcess {
  pid: number;
  /** What it says, and what others said before it. */
  logFile: string;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** null: it has not ended, or by a signal. */
  exitCode(): number | null;
  /** Most resident memory so far, in MB, as Linux counts it (VmHWM). */
  peakRssMb(): number;
  /** Seconds of processor time so far, of all its threads. */
  cpuSeconds(): number;
}

/** The environment of a worker (and CLI) that works on a sandbox. */
export function sandboxEnvironment(sandbox: SandboxFacts): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: sandbox.kubeconfig,
    TEMPORAL_ADDRESS: sandbox.temporal.address,
    REROOT_REACH: 'address',
  };
}

export function cliProgram(): string {
  return built('cli.js');
}

/** A profile is written at the end. */
const ENDS_WITHIN_MS = 60_000;

/** `program`: the CLI of another version, in its own folder; `nodeArguments`: Node's own, for example `--cpu-prof`. */
export function startWorkerProcess(
  sandbox: SandboxFacts,
  env: NodeJS.ProcessEnv = {},
  program: string = cliProgram(),
  nodeArguments: readonly string[] = [],
): WorkerProcess {
  const logFile = path.join(sandbox.folder, 'worker.log');
  const log = openSync(logFile, 'a');
  const child = spawn(tool('leash'), [process.execPath, ...nodeArguments, program, 'worker'], {
    stdio: ['ignore', log, log],
    env: { ...sandboxEnvironment(sandbox), ...env },
  });
  const pid = child.pid ?? 0; // leash has become it
  let [peak, cpu] = [0, 0];
  const measure = (): void => {
    peak = Math.max(peak, peakRssOf(pid));
    cpu = Math.max(cpu, cpuSecondsOf(pid));
  };
  const timer = setInterval(measure, 500);
  timer.unref();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    measure();
    await ended(child, signal);
    clearInterval(timer);
  };
  return {
    ...{ pid, logFile },
    kill: async () => await end('SIGKILL'),
    stop: async () => await end('SIGTERM'),
    exitCode: () => child.exitCode,
    peakRssMb: () => {
      measure();
      return Math.round(peak);
    },
    cpuSeconds: () => {
      measure();
      return cpu;
    },
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await Promise.race([exit, sleep(ENDS_WITHIN_MS, undefined, { ref: false })]);
}

/** Most resident memory so far, in MB. */
export function peakRssOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024;
}

/** Linux counts in hundredths of a second, whatever its own clock. */
const TICKS_A_SECOND = 100;

/** utime and stime, the fields after the name in brackets that may have anything in it (proc_pid_stat(5)). */
export function cpuSecondsOf(pid: number): number {
  const fields = readProc(pid, 'stat').replace(/^.*\)/s, '').trim().split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_A_SECOND;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
