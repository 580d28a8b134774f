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
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** null: it has not ended, or by a signal. */
  exitCode(): number | null;
  /** Most resident memory so far, in MB, as Linux counts it (VmHWM). */
  peakRssMb(): number;
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

/** `program`: the CLI of another version, in its own folder. */
export function startWorkerProcess(
  sandbox: SandboxFacts,
  env: NodeJS.ProcessEnv = {},
  program: string = cliProgram(),
): WorkerProcess {
  const log = openSync(path.join(sandbox.folder, 'worker.log'), 'a');
  const child = spawn(tool('leash'), [process.execPath, program, 'worker'], {
    stdio: ['ignore', log, log],
    env: { ...sandboxEnvironment(sandbox), ...env },
  });
  let peak = 0;
  const measure = (): number => {
    const text = statusOf(child.pid ?? 0);
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1024);
    return Math.round(peak);
  };
  const timer = setInterval(measure, 500);
  timer.unref();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    measure();
    clearInterval(timer);
    await ended(child, signal);
  };
  return {
    pid: child.pid ?? 0,
    kill: async () => await end('SIGKILL'),
    stop: async () => await end('SIGTERM'),
    exitCode: () => child.exitCode,
    peakRssMb: measure,
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await Promise.race([exit, sleep(30_000)]);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
