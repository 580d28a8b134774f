import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cliProgram } from '../../sandbox/kit/index.js';
import { embeddedFiles, type EmbeddedFiles, type EmbeddedState } from '../../src/cli/session/embedded-state.js';
import { answers } from '../../src/cli/session/ports.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { eventually, sandbox } from './support.js';

export const STANDARD = ['rotate', '--strategy', 'standard', '--approvals', 'none'] as const;
const state = mkdtempSync(path.join(tmpdir(), 'reroot-embedded-'));

/** A laptop with a kubeconfig and the Temporal CLI, and no Temporal server configured. */
export function rerootAlone(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    KUBECONFIG: sandbox.kubeconfig,
    REROOT_REACH: 'address',
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: state,
  };
  delete env['TEMPORAL_ADDRESS'];
  return new Promise((resolve) => {
    execFile(process.execPath, [cliProgram(), ...args, '--cluster', 'laptop'], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

export function hostFiles(): EmbeddedFiles {
  return embeddedFiles(path.join(state, 'reroot', 'laptop'));
}

export function hostState(): EmbeddedState {
  return JSON.parse(readFileSync(hostFiles().state, 'utf8')) as EmbeddedState;
}

export async function middleOfRotation(): Promise<void> {
  await eventually('the middle of the rotation', async () => {
    const { stdout } = await rerootAlone('status', '-o', 'json');
    return (JSON.parse(stdout) as RotationStatus).phase === 'trust';
  });
}

export async function stopHost(): Promise<void> {
  const { pid, address } = hostState();
  process.kill(pid, 'SIGTERM');
  await eventually('the background process to end with its server', async () => !(await answers(address)));
}

/** Whatever became of the test, nothing of it may work on in the mesh of the next one. */
export function endHost(): void {
  try {
    const { pid, serverPid } = hostState();
    process.kill(pid, 'SIGKILL');
    process.kill(serverPid, 'SIGKILL');
  } catch {
    // both have ended and removed their file, as they should
  }
  rmSync(state, { recursive: true, force: true });
}
