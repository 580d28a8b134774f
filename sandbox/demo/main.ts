import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { follow } from '../../src/cli/view/follow.js';
import { shortFingerprint } from '../../src/cli/view/render.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import { formatDuration } from '../../src/ground/duration.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { Phase } from '../../src/rotation/phases.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import {
  bundleAnchors,
  dataPlaneGenerations,
  meshOptions,
  type MeshFlags,
  type ProbeStatus,
  rolloutsBetween,
  type Sandbox,
  startOverHttp,
  startSandbox,
  startWorkerProcess,
  updateOverHttp,
  withMeshFlags,
  type WorkerProcess,
} from '../kit/index.js';

interface DemoOptions extends MeshFlags {
  strategy: RotationSettings['strategy'];
  json?: boolean;
  keep?: boolean;
  history?: string;
}

const WORKFLOW_ID = 'trust-root-demo';
/** In each of these phases the worker dies once, without a word: those of the strategy that last. */
const DEADLY_PHASES: Record<RotationSettings['strategy'], readonly Phase[]> = {
  standard: ['trust', 'issue', 'retire'],
  patient: ['trust', 'renew', 'retire'],
  bridge: ['renew', 'retire', 'refresh'],
};
/** Leaves live this long where a strategy waits for their renewal: a day of real Linkerd, in under a minute. */
const SHORT_LEAVES = '40s';

const options = withMeshFlags(new Command('npm run demo --'))
  .addOption(
    new Option('--strategy <name>', 'how to rotate').choices(['bridge', 'patient', 'standard']).default('bridge'),
  )
  .description('Rotates the trust root of a sandbox mesh while the worker is killed three times')
  .option('--json', 'the last line of stdout is one JSON object')
  .option('--keep', 'leave everything up afterwards')
  .option('--history <file>', 'write the history of its workflow there, as test/histories has them')
  .parse()
  .opts<DemoOptions>();

/** With --json, stdout carries the JSON line alone. */
const out = options.json ? process.stderr : process.stdout;
const say = (text = ''): void => void out.write(`${text}\n`);

const exitCode = await demo().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
process.exit(exitCode); // its workers are leashed to it

async function demo(): Promise<number> {
  say(pc.bold('reroot demo') + pc.dim('  a Kubernetes cluster, a Temporal server and a Linkerd mesh on this machine'));
  const booted = Date.now();
  const mesh = meshOptions(options);
  const sandbox = await startSandbox({
    ...mesh,
    apps: 'demo',
    kubeletLagMs: 2000,
    probeRate: 100,
    ...(options.strategy === 'standard' ? {} : { issuanceLifetime: SHORT_LEAVES }),
    stay: options.keep ?? false,
  });
  say(
    `Sandbox up in ${formatDuration(Date.now() - booted)}: etcd, kube-apiserver, controller-manager, scheduler, kwok, Temporal`,
  );
  try {
    return await rotate(sandbox);
  } finally {
    if (options.keep) say(`\nEverything stays up. Logs: ${sandbox.folder}\nEnd it with: kill ${sandbox.pid}`);
    else await sandbox.stop();
  }
}

async function rotate(sandbox: Sandbox): Promise<number> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const before = { anchors: await bundleAnchors(k8s), generations: await dataPlaneGenerations(sandbox) };
  await showMesh(sandbox);
  const workers = workerPool(sandbox);
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const handle = new Client({ connection }).workflow.getHandle(WORKFLOW_ID);

  await sandbox.mesh.setProbe({ reset: true });
  say(
    `\n${pc.cyan('POST')} ${sandbox.temporal.http}/api/v1/namespaces/default/workflows/${encodeURIComponent(WORKFLOW_ID)}`,
  );
  await startOverHttp(sandbox.temporal, WORKFLOW_ID, {
    cluster: 'demo',
    strategy: options.strategy,
    timing: { poll: '500ms', issuerEvent: '30s' },
  });
  const began = Date.now();
  const anchorsSeen = new Set<string>();
  const watcher = setInterval(
    () =>
      void bundleAnchors(k8s).then(
        (all) => all.forEach((anchor) => anchorsSeen.add(anchor)),
        () => undefined,
      ),
    500,
  );
  const probe = latestProbe(sandbox);
  await followWithTrouble(handle, sandbox, workers, probe.read);
  clearInterval(watcher);
  const seconds = (Date.now() - began) / 1000;

  const outcome = await outcomeOf(handle);
  const counters = await probe.stop();
  const mesh = await sandbox.mesh.status();
  const after = { anchors: await bundleAnchors(k8s), generations: await dataPlaneGenerations(sandbox) };
  for (const anchor of after.anchors) anchorsSeen.add(anchor);
  const { historyLength } = await handle.describe();
  if (options.history) writeFileSync(options.history, historyToJSON(await handle.fetchHistory()));
  const old = before.anchors;
  const result = {
    outcome: outcome.report?.outcome ?? 'failed',
    strategy: outcome.report?.strategy ?? options.strategy,
    linkerd: options.linkerd,
    proxies: mesh.proxies.filter(({ ready }) => ready).length,
    namespaces: new Set(mesh.proxies.map(({ namespace }) => namespace)).size,
    handshakes: counters.handshakes,
    refused: counters.refused,
    dataPlaneRollouts: rolloutsBetween(before.generations, after.generations),
    workerKills: workers.kills(),
    newRoots: [...anchorsSeen].filter((anchor) => !old.includes(anchor)).length,
    oldRootGone: ![after.anchors, ...mesh.proxies.map(({ anchors }) => anchors)]
      .flat()
      .some((anchor) => old.includes(anchor)),
    historyEvents: historyLength,
    seconds: Math.round(seconds * 10) / 10,
    workerPeakRssMb: workers.peakRssMb(),
  };
  if (outcome.report) summarize(outcome.report, result, counters, sandbox);
  else say(`\n${pc.red('The rotation failed:')} ${outcome.message}`);
  await workers.stop();
  await connection.close();
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return outcome.report && result.refused === 0 ? 0 : 1;
}

async function showMesh(sandbox: Sandbox): Promise<void> {
  const { proxies } = await sandbox.mesh.status();
  const roots = [...new Set(proxies.flatMap(({ anchors }) => anchors))].map(shortFingerprint);
  const namespaces = [...new Set(proxies.map(({ namespace }) => namespace))].toSorted();
  say(
    `Mesh: ${pc.bold(`${proxies.length} proxies`)} in ${namespaces.join(', ')}; every one trusts root ${pc.yellow(roots.join(', '))}`,
  );
}

/** Workers come and go; there is one at a time. */
function workerPool(sandbox: Sandbox) {
  let current: WorkerProcess = startWorkerProcess(sandbox);
  let kills = 0;
  let peak = 0;
  const note = (worker: WorkerProcess): number => (peak = Math.max(peak, worker.peakRssMb()));
  return {
    kills: () => kills,
    peakRssMb: () => note(current),
    async killAndReplace(): Promise<void> {
      note(current);
      await current.kill();
      note(current);
      kills += 1;
      await sleep(1000);
      current = startWorkerProcess(sandbox);
    },
    async stop(): Promise<void> {
      await current.stop();
    },
  };
}

type Workers = ReturnType<typeof workerPool>;

/** Follows it live, kills the worker once in each deadly phase, and approves when asked. */
async function followWithTrouble(
  handle: WorkflowHandle,
  sandbox: Sandbox,
  workers: Workers,
  probe: () => ProbeStatus | undefined,
): Promise<void> {
  const deadly = new Set(DEADLY_PHASES[options.strategy]);
  const lines: string[] = [];
  const note = (line: string): void => (out.isTTY ? void lines.push(line) : say(line));
  let asked = false;
  const background: Promise<void>[] = [];
  const onStatus = (status: RotationStatus): void => {
    if (deadly.delete(status.phase)) {
      note(`${pc.red('✝')} worker killed with SIGKILL in ${pc.bold(status.phase)}; another takes over`);
      background.push(workers.killAndReplace());
    }
    if (status.waiting?.kind === 'approval' && !asked) {
      asked = true;
      note(`${pc.green('☑')} approving plan ${status.waiting.planHash} over HTTP`);
      background.push(approve(sandbox, status.waiting.planHash ?? ''));
    }
  };
  const footer = (): string => [...lines, probeLine(probe())].join('\n');
  await follow(handle, { output: out, signal: new AbortController().signal, onStatus, footer });
  await Promise.all(background);
}

async function approve({ temporal }: Sandbox, planHash: string): Promise<void> {
  await sleep(1500); // long enough to be seen
  await updateOverHttp(temporal, WORKFLOW_ID, 'approve', { planHash, by: 'demo', reason: 'it is a demo' });
}

function probeLine(probe: ProbeStatus | undefined): string {
  if (!probe) return 'probe mesh starts';
  const refused = probe.refused === 0 ? pc.green('0 refused') : pc.red(`${probe.refused} refused`);
  return `probe mesh: ${probe.handshakes} handshakes, ${refused}, ${probe.closed} cut off by a pod's end`;
}

/** The counters, read in the background so that drawing never waits for them. */
function latestProbe({ mesh }: Sandbox) {
  let latest: ProbeStatus | undefined;
  const timer = setInterval(
    () =>
      void mesh.probe().then(
        (probe) => (latest = probe),
        () => undefined,
      ),
    500,
  );
  return {
    read: () => latest,
    stop: async (): Promise<ProbeStatus> => {
      clearInterval(timer);
      return await mesh.probe();
    },
  };
}

async function outcomeOf(handle: WorkflowHandle): Promise<{ report?: RotationReport; message: string }> {
  try {
    return { report: (await handle.result()) as RotationReport, message: '' };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { message: cause instanceof Error ? cause.message : String(cause) };
  }
}

interface Result {
  proxies: number;
  handshakes: number;
  refused: number;
  dataPlaneRollouts: number;
  workerKills: number;
  historyEvents: number;
  seconds: number;
  workerPeakRssMb: number;
  oldRootGone: boolean;
}

function summarize(report: RotationReport, result: Result, probe: ProbeStatus, sandbox: Sandbox): void {
  const rows: [string, string][] = [
    [
      'old root',
      `${report.oldRoots.map(({ fingerprint }) => shortFingerprint(fingerprint)).join(', ')} ${result.oldRootGone ? 'gone from every proxy and from the bundle' : pc.red('still there')}`,
    ],
    [
      'new root',
      `${pc.green(shortFingerprint(report.newRoot.fingerprint))} ${report.newRoot.commonName}, until ${report.newRoot.notAfter.slice(0, 10)}`,
    ],
    ['proxies', `${report.proxiesProven} proven from their processes and handshakes`],
    ['rollouts', `${result.dataPlaneRollouts} of each data-plane workload`],
    [
      'handshakes',
      `${result.handshakes} between ${probe.pairs} pairs of identities, ${result.refused === 0 ? pc.green('0 refused') : pc.red(`${result.refused} refused`)}`,
    ],
    ['worker', `killed ${result.workerKills} times; at most ${result.workerPeakRssMb} MB`],
    [
      'took',
      `${formatDuration(result.seconds * 1000)}: ${report.phases
        .filter(({ finishedAt }) => finishedAt)
        .map(
          ({ phase, startedAt, finishedAt }) =>
            `${phase} ${formatDuration(Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? ''))}`,
        )
        .join(', ')}`,
    ],
    ['history', `${result.historyEvents} events`],
    [
      'look',
      options.keep
        ? `${sandbox.temporal.ui}/namespaces/default/workflows/${encodeURIComponent(WORKFLOW_ID)}`
        : 'run with --keep to look around in the Temporal UI',
    ],
  ];
  say(`\n${pc.bold(pc.green('Completed'))}`);
  for (const [name, value] of rows) say(`  ${pc.dim(name.padEnd(11))} ${value}`);
}
