import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, it } from 'vitest';
import { cliProgram } from '../../sandbox/kit/index.js';
import type { EmbeddedState } from '../../src/cli/session/embedded-state.js';
import { answers } from '../../src/cli/session/ports.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { anchorsInUse, eventually, sandbox } from './support.js';

const STANDARD = ['rotate', '--strategy', 'standard', '--approvals', 'none'] as const;
const state = mkdtempSync(path.join(tmpdir(), 'reroot-embedded-'));

/** A laptop with a kubeconfig and the Temporal CLI, and no Temporal server configured. */
function reroot(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
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

function hostState(): EmbeddedState {
  return JSON.parse(readFileSync(path.join(state, 'reroot', 'laptop', 'server.json'), 'utf8')) as EmbeddedState;
}

async function middleOfRotation(): Promise<void> {
  await eventually('the middle of the rotation', async () => {
    const { stdout } = await reroot('status', '-o', 'json');
    return (JSON.parse(stdout) as RotationStatus).phase === 'trust';
  });
}

async function terminateAt(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    await workflow.getHandle(workflowId).terminate('by a person, in the UI');
  }
  await connection.close();
}

async function stopHost(): Promise<void> {
  const { pid, address } = hostState();
  process.kill(pid, 'SIGTERM');
  await eventually('the background process to end with its server', async () => !(await answers(address)));
}

/** Whatever became of the test, nothing of it may work on in the mesh of the next one. */
afterAll(() => {
  try {
    const { pid, serverPid } = hostState();
    process.kill(pid, 'SIGKILL');
    process.kill(serverPid, 'SIGKILL');
  } catch {
    // both have ended and removed their file, as they should
  }
  rmSync(state, { recursive: true, force: true });
});

it('without a Temporal server, rotate runs one; killed in the middle, the same command goes on', async () => {
  const before = await anchorsInUse();
  expect(await reroot('status')).toMatchObject({ code: 1 });
  const detached = await reroot(...STANDARD, '--detach');
  expect(detached.stderr).toContain('Follow it again with: reroot rotate --cluster laptop');
  expect(detached.code).toBe(3);
  await middleOfRotation();
  const killed = hostState();
  process.kill(killed.pid, 'SIGKILL');

  const again = await reroot(...STANDARD, '-o', 'json');
  expect(again.stderr).toContain('Found the running rotation');
  expect(again.code).toBe(0);
  const report = JSON.parse(again.stdout) as RotationReport;
  expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual(before.slice(-1));
  expect(await anchorsInUse()).toContain(report.newRoot.fingerprint);

  const next = hostState();
  expect(next.pid).not.toBe(killed.pid);
  expect(await answers(killed.address)).toBe(false);
  await stopHost();
});

it('a rotation that was terminated is taken over by the next one, although the server is at another port by then', async () => {
  await reroot(...STANDARD, '--detach');
  await middleOfRotation();
  const { address } = hostState();
  await terminateAt(address);
  await stopHost();

  const again = await reroot(...STANDARD, '-o', 'json');
  expect(again).toMatchObject({ code: 0 });
  expect((JSON.parse(again.stdout) as RotationReport).adopted).toBe(true);
  expect(hostState().address).not.toBe(address);
  await stopHost();
});
