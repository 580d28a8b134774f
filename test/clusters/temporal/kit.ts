import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { cliProgram, sandboxEnvironment, tool } from '../../../sandbox/kit/index.js';
import { embeddedFiles, type EmbeddedFiles, readState } from '../../../src/cli/session/embedded-state.js';
import { answers } from '../../../src/cli/session/ports.js';
import { client, eventually, reroot, sandbox } from '../../integration/support.js';

/** What the rows about Temporal make: namespaces, workers and laptops of their own. */

/** A rotation that preflight refuses at once: the workflow has gone past everything that is about Temporal. */
export const REFUSED = ['rotate', '--certificates', 'linkerd-config-overrides'];
export const WHOLE = ['rotate', '--strategy', 'standard', '--approvals', 'none'];

/** IndexedValueType of temporal.api.enums.v1. */
export const KEYWORD = 2;
export const INT = 3;

let counter = 0;

export interface Namespace {
  name: string;
  env: NodeJS.ProcessEnv;
  client: Client;
  add(attributes: Record<string, number>): Promise<void>;
}

/** A Temporal namespace that nobody has prepared, with the shortest retention there is (a day). */
export async function ownNamespace(): Promise<Namespace> {
  const { connection } = await client();
  counter += 1;
  const name = `clusters-${process.pid}-${counter}`;
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod });
  const own = new Client({ connection, namespace: name });
  await eventually('the namespace to be known', async () => {
    await own.workflow.count();
    return true;
  });
  return {
    name,
    env: { TEMPORAL_NAMESPACE: name },
    client: own,
    add: async (searchAttributes) => {
      await connection.operatorService.addSearchAttributes({ namespace: name, searchAttributes });
      const [first = ''] = Object.keys(searchAttributes);
      await eventually('the search attributes to be known', async () => {
        await own.workflow.count(`${first} IS NULL`);
        return true;
      });
    },
  };
}

/** As retention does it, only sooner. */
export async function forget(
  { client: { workflowService, workflow }, name }: Namespace,
  workflowId: string,
  runId = '',
) {
  const workflowExecution = { workflowId, runId };
  await workflowService.deleteWorkflowExecution({ namespace: name, workflowExecution });
  await eventually('the history to be gone', async () => {
    const found = await workflow
      .getHandle(workflowId, runId || undefined)
      .describe()
      .catch((error: unknown) => error);
    return found instanceof Error;
  });
}

/** `reroot worker` as a process of its own, and what it says. */
export interface Worker {
  said(): string;
  /** A line of its log, once it has said it. */
  line(words: string): Promise<string>;
  ended: Promise<number | null>;
  stop(): Promise<void>;
}

export function worker(env: NodeJS.ProcessEnv): Worker {
  const child = spawn(tool('leash'), [process.execPath, cliProgram(), 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...sandboxEnvironment(sandbox), ...env },
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    said: () => log,
    line: async (words) =>
      await eventually(`"${words}" in the worker's log`, async () => {
        const found = log.split('\n').find((line) => line.includes(words));
        return await Promise.resolve(found?.startsWith('{') ? (JSON.parse(found) as { msg: string }).msg : found);
      }),
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Works with a worker that polls. */
export async function withWorker<T>(env: NodeJS.ProcessEnv, work: (running: Worker) => Promise<T>): Promise<T> {
  const running = worker(env);
  try {
    await running.line('worker polls');
    return await work(running);
  } finally {
    await running.stop();
  }
}

/** The last line that a command has said on stderr: its error. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Variables that load a script into every Node process of a command. */
export function preloading(folder: string, script: string): NodeJS.ProcessEnv {
  const file = path.join(folder, 'preload.mjs');
  writeFileSync(file, script);
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}

/** A machine whose clock is ahead of everybody else's. */
export function aheadBy(folder: string, milliseconds: number): NodeJS.ProcessEnv {
  return preloading(
    folder,
    `const real = Date.now.bind(Date);
    Date.now = () => real() + ${milliseconds};
    globalThis.Date = new Proxy(Date, {
      construct: (target, args, type) => Reflect.construct(target, args.length > 0 ? args : [target.now()], type),
      apply: (target) => new target(target.now()).toString(),
    });`,
  );
}

/** A machine that has no Temporal server, with a state of its own. */
export interface Laptop {
  folder: string;
  files: EmbeddedFiles;
  env: NodeJS.ProcessEnv;
  reroot(args: string[], env?: NodeJS.ProcessEnv): ReturnType<typeof reroot>;
  /** Ends the embedded server, and its worker. */
  stop(): Promise<void>;
}

/** Works on such a machine, and takes everything away again. */
export async function onLaptop<T>(work: (laptop: Laptop) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-laptop-'));
  const env = { TEMPORAL_ADDRESS: undefined, HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
  const files = embeddedFiles(path.join(folder, 'reroot', 'laptop'));
  const stop = async () => {
    const state = readState(files);
    if (!state) return;
    process.kill(state.pid, 'SIGTERM');
    await eventually('the embedded server to end', async () => !(await answers(state.address)));
  };
  try {
    return await work({
      ...{ folder, files, env, stop },
      reroot: async (args, more = {}) => await reroot([...args, '--cluster', 'laptop'], { ...env, ...more }),
    });
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A `temporal` program that says it is another version, and is the real one in all else. */
export function otherTemporal(folder: string, says: string): NodeJS.ProcessEnv {
  const file = path.join(folder, 'temporal');
  writeFileSync(
    file,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo "${says}"; else exec "${tool('temporal')}" "$@"; fi\n`,
  );
  chmodSync(file, 0o755);
  return { REROOT_TEMPORAL: file };
}
