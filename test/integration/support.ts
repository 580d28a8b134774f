import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { expect, inject } from 'vitest';
import {
  bundleAnchors,
  cliProgram,
  sandboxEnvironment,
  standInAt,
  startWorkerProcess,
  type WorkerProcess,
} from '../../sandbox/kit/index.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';

export const sandbox = inject('sandbox');
export const mesh = standInAt(sandbox.standin);
/** The cluster as its admin sees it: what reroot did, looked at from outside. */
export const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 500 });

/** Longest that a rotation takes, on a machine that has much else to do. */
export const ROTATION_MS = 450_000;
export const TIMING = { poll: '250ms', issuerEvent: '20s' };
/** For meshes whose leaves live a day: no strategy that waits for their renewal. */
export const FAST: RotationInput = { strategy: 'standard', approvals: 'none', timing: TIMING };

let connection: Connection | undefined;

export async function client(): Promise<Client> {
  connection ??= await Connection.connect({ address: sandbox.temporal.address });
  return new Client({ connection });
}

let counter = 0;

export async function startRotation(
  input?: RotationInput,
  workflowId = `test-${Date.now()}-${(counter += 1)}`,
): Promise<WorkflowHandle> {
  return await (
    await client()
  ).workflow.start('rotateTrustRoot', {
    taskQueue: 'reroot',
    workflowId,
    args: input === undefined ? [] : [input],
  });
}

/** Ends what a test has left running, so that the next one finds the cluster's Lease free. */
export async function endRotations(): Promise<void> {
  const { workflow } = await client();
  for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    await workflow
      .getHandle(workflowId)
      .terminate('end of a test')
      .catch(() => undefined);
  }
}

export function startWorker(): WorkerProcess {
  return startWorkerProcess(sandbox);
}

/** Polls until a condition holds; says what it saw last when it does not. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs = 90_000,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(100)) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`waited in vain for ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

export async function statusOf(handle: WorkflowHandle): Promise<RotationStatus> {
  return await handle.client.connection.withDeadline(
    Date.now() + 3000,
    async () => await handle.query<RotationStatus>('status'),
  );
}

export async function statusWhere(
  handle: WorkflowHandle,
  what: string,
  holds: (status: RotationStatus) => boolean,
): Promise<RotationStatus> {
  let seen: RotationStatus | undefined;
  const look = async (): Promise<RotationStatus | undefined> => {
    seen = await statusOf(handle);
    return holds(seen) ? seen : undefined;
  };
  try {
    return await eventually(what, look);
  } catch (error) {
    const { phase, outcome, waiting, gate, notes } = seen ?? {};
    const where = JSON.stringify({ phase, outcome, waiting, findings: gate?.findings.slice(0, 3), notes });
    throw new Error(`${error instanceof Error ? error.message : String(error)}; the rotation: ${where}`, {
      cause: error,
    });
  }
}

export async function reportOf(handle: WorkflowHandle): Promise<RotationReport> {
  return (await handle.result()) as RotationReport;
}

/** The failure a rotation ended with. */
export async function failureOf(handle: WorkflowHandle): Promise<{ type: string; message: string }> {
  const error: unknown = await handle.result().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { type = '', message } = (error as WorkflowFailedError).cause as Error & { type?: string };
  return { type, message };
}

/** Undefined: nobody holds the Lease. */
export async function leaseHolder(): Promise<string | undefined> {
  const { spec } = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace: 'linkerd' });
  return spec?.holderIdentity;
}

export async function anchorsInUse(): Promise<string[]> {
  return await bundleAnchors(k8s);
}

/** Runs `reroot` as a person would; CI would have it write in colours. */
export async function reroot(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    const options = { env: { ...sandboxEnvironment(sandbox), NO_COLOR: '1', ...env }, maxBuffer: 10_000_000 };
    execFile(process.execPath, [cliProgram(), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** Probe counters over a piece of work. */
export async function refusalsDuring<T>(
  work: () => Promise<T>,
): Promise<{ result: T; refused: number; handshakes: number }> {
  await mesh.setProbe({ reset: true });
  const result = await work();
  const { refused, handshakes, lastRefusals } = await mesh.probe();
  if (refused > 0) console.error(lastRefusals.slice(0, 5));
  return { result, refused, handshakes };
}
