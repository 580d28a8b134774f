import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cliProgram, sandboxEnvironment } from '../../../sandbox/kit/index.js';
import { embeddedFiles, type EmbeddedState } from '../../../src/cli/session/embedded-state.js';
import { sandbox } from '../../integration/support.js';

/** Runs `reroot` in a pseudo-terminal, and answers what is asked there. */
export async function atTerminal(
  args: string[],
  env: NodeJS.ProcessEnv,
  { says, answer }: { says?: string; answer?: string } = {},
): Promise<{ code: number | null; screen: string }> {
  const command = [process.execPath, cliProgram(), ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...sandboxEnvironment(sandbox), ...env } });
  let screen = '';
  child.stdout.on('data', (part: Buffer) => {
    const asked = says === undefined || screen.includes(says);
    screen += part.toString();
    if (!asked && says && screen.includes(says)) child.stdin.write(`${answer}\n`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, screen };
}

/** A laptop without a Temporal server, whose state is in this folder. */
export interface Laptop {
  reroot(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** The background process of its embedded server, if it has one. */
  host(): EmbeddedState | undefined;
}

export async function alone<T>(
  folder: string,
  env: NodeJS.ProcessEnv,
  use: (laptop: Laptop) => Promise<T>,
): Promise<T> {
  const { TEMPORAL_ADDRESS: _none, ...rest } = { ...sandboxEnvironment(sandbox), ...env };
  const options = { cwd: folder, env: { ...rest, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder } };
  const host = (): EmbeddedState | undefined => {
    try {
      const { state } = embeddedFiles(path.join(folder, 'reroot', 'laptop'));
      return JSON.parse(readFileSync(state, 'utf8')) as EmbeddedState;
    } catch {
      return undefined;
    }
  };
  const reroot: Laptop['reroot'] = async (...args) =>
    await new Promise((resolve) => {
      execFile(process.execPath, [cliProgram(), ...args, '--cluster', 'laptop'], options, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
    });
  try {
    return await use({ reroot, host });
  } finally {
    const { pid, serverPid } = host() ?? {};
    for (const one of [pid, serverPid]) if (one !== undefined) end(one);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended, as it should
  }
}
