import { writeFileSync } from 'node:fs';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pc from 'picocolors';
import { shortFingerprint } from '../../src/cli/view/render.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { startOverHttp } from '../kit/index.js';
import { chartWorkers } from './chart.js';
import { onlookerOf } from './onlooker.js';
import { type Demo, WORKFLOW_ID } from './options.js';
import { type Result, summarize } from './summary.js';
import { followWithTrouble } from './trouble.js';
import { watchMesh } from './witness.js';
import { type WorkerPool, workerPool } from './workers.js';

/**
 * Starts a rotation as a pipeline would, troubles it, and tells what became of the mesh.
 *
 * @returns the exit code: 0 when it completed, no handshake was refused, and cert-manager is as it was
 */
export async function rotate(demo: Demo): Promise<number> {
  const { options, sandbox, out } = demo;
  await showMesh(demo);
  const witness = await watchMesh(sandbox);
  const workers = await workersOf(demo);
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const handle = new Client({ connection }).workflow.getHandle(WORKFLOW_ID);

  await start(demo);
  const began = Date.now();
  const onlooker = await onlookerOf(demo, workers);
  await followWithTrouble(demo, handle, { workers, probe: witness.probe, onPhase: onlooker.sees });
  const seconds = (Date.now() - began) / 1000;
  const outcome = await outcomeOf(handle);
  const { pairs, ...seen } = await witness.stop();
  const { historyLength } = await handle.describe();
  if (options.history) writeFileSync(options.history, historyToJSON(await handle.fetchHistory()));
  const result: Result = {
    outcome: outcome.report?.outcome ?? 'failed',
    strategy: outcome.report?.strategy ?? options.strategy,
    linkerd: options.linkerd,
    ...seen,
    workerKills: workers.kills(),
    historyEvents: historyLength,
    seconds: Math.round(seconds * 10) / 10,
    workerPeakRssMb: workers.peakRssMb(),
  };
  await onlooker.end();
  if (outcome.report) summarize(demo, outcome.report, result, pairs);
  else out.write(`\n${pc.red('The rotation failed:')} ${outcome.message}\n`);
  await workers.stop();
  await connection.close();
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return outcome.report && isHarmless(result) ? 0 : 1;
}

async function workersOf(demo: Demo): Promise<WorkerPool> {
  return demo.options.chart ? await chartWorkers(demo) : workerPool(demo.sandbox);
}

function isHarmless({ refused, certificatesReady = true, specChanges = 0 }: Result): boolean {
  return refused === 0 && certificatesReady && specChanges === 0;
}

async function showMesh({ sandbox, out }: Demo): Promise<void> {
  const { proxies } = await sandbox.mesh.status();
  const roots = [...new Set(proxies.flatMap(({ anchors }) => anchors))].map(shortFingerprint);
  const namespaces = [...new Set(proxies.map(({ namespace }) => namespace))].toSorted();
  const trust = `every one trusts root ${pc.yellow(roots.join(', '))}`;
  out.write(`Mesh: ${pc.bold(`${proxies.length} proxies`)} in ${namespaces.join(', ')}; ${trust}\n`);
}

async function start({ options, sandbox: { temporal }, out }: Demo): Promise<void> {
  const path = `/api/v1/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(WORKFLOW_ID)}`;
  out.write(`\n${pc.cyan('POST')} ${temporal.http}${path}\n`);
  await startOverHttp(temporal, WORKFLOW_ID, {
    strategy: options.strategy,
    timing: { poll: '500ms', issuerEvent: '30s' },
  });
}

async function outcomeOf(handle: WorkflowHandle): Promise<{ report?: RotationReport; message: string }> {
  try {
    return { report: (await handle.result()) as RotationReport, message: '' };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { message: cause instanceof Error ? cause.message : String(cause) };
  }
}
