import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RotationInput } from '../../src/rotation/input.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import {
  bundleAnchors,
  dataPlaneGenerations,
  rolloutsBetween,
  type Sandbox,
  startSandbox,
  tail,
} from '../kit/index.js';
import { namesOf } from './contenders.js';
import { type Account, AFTERWARDS_MS, secondsSince } from './measure.js';
import { hottest, profileText } from './profile.js';
import { thisMachine } from './report.js';
import {
  flightOf,
  type Sampler,
  serverCpu,
  serverCpuSince,
  signingRate,
  startSampling,
  workerCpuBetween,
} from './sampler.js';
import { scaleChart } from './scale-chart.js';
import { BY_DEFAULT, SCALE_CONTENDERS, type ScaleContender } from './scale-contenders.js';
import {
  jsonLine,
  kindsOfParts,
  ratioOf,
  requestsText,
  scaleComplaints,
  scaleMarkdown,
  type ScaleRecord,
  type ScaleResult,
  scaleTable,
  secondsOf,
  type SizeResult,
} from './scale-report.js';

/** `--scale`: meshes of growing size; on each, one contender after the other. */

export interface ScaleOptions {
  sizes: readonly number[];
  only?: readonly string[] | undefined;
  json?: boolean | undefined;
  profile?: boolean | undefined;
  input?: RotationInput | undefined;
  out?: string | undefined;
}

const MESH = { linkerd: '2.20', kubeletLagMs: 2000, probeRate: 100 } as const;

const FILE = 'scale-benchmark';

/** @returns the exit code */
export async function benchScale(options: ScaleOptions): Promise<number> {
  const contenders = chosen(options.only ?? BY_DEFAULT);
  const sizes: SizeResult[] = [];
  for (const pods of options.sizes) {
    const size = await measureSize(pods, contenders, options);
    sizes.push(size);
    if (options.out && size.contenders.length > 0) write(options.out, merged(options.out, size));
  }
  process.stdout.write(`${scaleTable(sizes)}\n`);
  for (const { pods, contenders: results } of sizes)
    for (const { title, worker } of results)
      if (worker?.requests) process.stdout.write(`${pods} pods, ${title}: ${requestsText(worker.requests)}\n`);
  if (options.out) process.stdout.write(`\n${scaleMarkdown(sizes)}\n`);
  const wrong = scaleComplaints(sizes);
  for (const line of wrong) process.stdout.write(`${line}\n`);
  if (options.json) for (const size of sizes) process.stdout.write(`${jsonLine(size)}\n`);
  return wrong.length === 0 ? 0 : 1;
}

export function redrawScale(file: string, record: ScaleRecord, out = path.dirname(file)): number {
  write(out, record, path.basename(file, '.json'));
  process.stdout.write(`${scaleMarkdown(record.sizes)}\n`);
  return 0;
}

function chosen(names: readonly string[]): ScaleContender[] {
  return names.map((wanted) => {
    const contender = SCALE_CONTENDERS.find(({ name }) => name === wanted);
    if (!contender) throw new Error(`--only: ${wanted} is none of ${namesOf(SCALE_CONTENDERS)}`);
    return contender;
  });
}

/** Its renewals are 24 a second at most, whatever the size: what of identity and the machine is left is the rollout's. */
function leafLife(pods: number): string {
  return `${Math.max(60, Math.ceil(pods * 0.06))}s`;
}

async function measureSize(
  pods: number,
  contenders: readonly ScaleContender[],
  options: ScaleOptions,
): Promise<SizeResult> {
  const { input = {} } = options;
  const [booted, date] = [Date.now(), new Date().toISOString()];
  const size: SizeResult = {
    ...{ date, machine: thisMachine(), pods, proxies: 0, workloads: 0, namespaces: 0, leafLife: leafLife(pods) },
    ...{ sandboxSeconds: 0, input, contenders: [] },
  };
  let sandbox: Sandbox | undefined;
  try {
    sandbox = await startSandbox({ ...MESH, issuanceLifetime: size.leafLife, apps: `scale:${pods}` });
    size.sandboxSeconds = secondsSince(booted);
    size.proxies = (await sandbox.mesh.counts()).proxies;
    const names = [...(await dataPlaneGenerations(sandbox)).keys()];
    size.workloads = names.length;
    size.namespaces = new Set(names.map((name) => name.split('/')[0])).size;
    const { proxies, workloads, namespaces, sandboxSeconds } = size;
    process.stderr.write(
      `${proxies} proxies, ${workloads} workloads, ${namespaces} namespaces: a sandbox in ${sandboxSeconds} s\n`,
    );
    for (const contender of contenders) size.contenders.push(await contest(sandbox, contender, size, options));
  } catch (error) {
    size.failure = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${pods} pods: ${size.failure}\n`);
  } finally {
    await sandbox?.stop();
  }
  return size;
}

/** One contender on a mesh that is at rest. */
async function contest(
  sandbox: Sandbox,
  contender: ScaleContender,
  size: SizeResult,
  { profile, out = '.' }: ScaleOptions,
): Promise<ScaleResult> {
  await atRest(sandbox, size.proxies);
  const profiles =
    profile && contender.by === 'reroot' ? path.resolve(out, `worker-${size.pods}-${contender.name}`) : '';
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const [oldRoots, generations] = [new Set(await bundleAnchors(k8s)), await dataPlaneGenerations(sandbox)];
  const [loadBefore, cpuBefore, before] = [loadavg()[0] ?? 0, serverCpu(sandbox), await sandbox.mesh.counts()];
  await sandbox.mesh.setProbe({ reset: true });
  const sampler = startSampling(sandbox);
  const startedAt = Date.now();
  const account = await runOf(sandbox, contender, sampler, { input: size.input, profiles });
  await sleep(AFTERWARDS_MS);
  const samples = await sampler.stop();
  const [probe, after, end] = [await sandbox.mesh.probe(), await sandbox.mesh.counts(), await sandbox.mesh.status()];
  const trusted = [...(await bundleAnchors(k8s)), ...end.proxies.flatMap(({ anchors }) => anchors)];
  const kindOf = kindsOfParts(contender, size.input);
  const [refusal] = probe.lastRefusals;
  const preflight = account.history?.looks.find(({ activity }) => activity === 'preflight');
  const { name, title, by, strategy, replacesRoot } = contender;
  const result: ScaleResult = {
    ...{ name, title, by, ...(strategy ? { strategy } : {}), replacesRoot, ...account },
    rollouts: rolloutsBetween(generations, await dataPlaneGenerations(sandbox)),
    podsReplaced: after.begunDataPlane - before.begunDataPlane,
    rollingSeconds: secondsOf(account.parts.filter((part) => kindOf(part) === 'rolls')),
    waitingSeconds: secondsOf(account.parts.filter((part) => kindOf(part) === 'waits')),
    ...{ handshakes: probe.handshakes, refused: probe.refused },
    ...(refusal ? { refusal: `${refusal.from} to ${refusal.to}, ${refusal.side}: ${refusal.reason}` } : {}),
    oldRootGone: !trusted.some((anchor) => oldRoots.has(anchor)),
    flight: flightOf(samples, startedAt, size.proxies),
    leavesPerSecond: signingRate(samples),
    ...(preflight
      ? {
          preflightCpuSeconds: workerCpuBetween(
            samples,
            preflight.startedAt,
            preflight.startedAt + preflight.seconds * 1000,
          ),
        }
      : {}),
    serverCpuSeconds: serverCpuSince(sandbox, cpuBefore),
    leastAvailableMb: Math.min(...samples.map(({ availableMb }) => availableMb)),
    loadBefore: Math.round(loadBefore * 10) / 10,
    ...(profiles ? { profile: profileText(hottest(profiles)) } : {}),
  };
  tell(result, { ...size, contenders: [...size.contenders, result] });
  return result;
}

async function runOf(
  sandbox: Sandbox,
  contender: ScaleContender,
  sampler: Sampler,
  { input, profiles }: { input: RotationInput; profiles: string },
): Promise<Account> {
  process.stderr.write(`${contender.title}\n`);
  const account = await contender.rotate(sandbox, {
    input,
    ...(profiles ? { profiles } : {}),
    onWorker: sampler.watchWorker,
  });
  if (account.outcome !== 'completed' && contender.by === 'reroot')
    process.stderr.write(`${tail(path.join(sandbox.folder, 'worker.log'))}\n`);
  return account;
}

const REST_LOOK_MS = 1000;
const RESTS_FOR_MS = 5000;
const REST_DEADLINE_MS = 10 * 60_000;

/** All pods are there, all are ready, and none was made for some seconds: what one leaves behind is not the next one's. */
async function atRest({ mesh }: Sandbox, proxies: number): Promise<void> {
  let [since, begun] = [Date.now(), -1];
  for (const end = Date.now() + REST_DEADLINE_MS; Date.now() < end; await sleep(REST_LOOK_MS)) {
    const counts = await mesh.counts();
    const now = counts.begunDataPlane + counts.begunControlPlane;
    if (now !== begun || counts.ready !== proxies || counts.proxies !== proxies) since = Date.now();
    begun = now;
    if (Date.now() - since >= RESTS_FOR_MS) return;
  }
  throw new Error(`the mesh did not come to rest within ${REST_DEADLINE_MS / 60_000} minutes`);
}

function tell(result: ScaleResult, size: SizeResult): void {
  const { title, outcome, seconds, rollingSeconds, refused, serverCpuSeconds, leastAvailableMb, worker } = result;
  const [ratio, cpu] = [ratioOf(result, size), Object.entries(serverCpuSeconds)];
  const lines = [
    `${title}: ${outcome} in ${seconds} s, ${rollingSeconds} s of it rolling${ratio ? ` (${ratio})` : ''}, ${refused} refused`,
    `  CPU: ${[...cpu, ...(worker ? [['worker', worker.cpuSeconds] as const] : [])].map((each) => each.join(' ')).join(', ')} s; at least ${leastAvailableMb} MB of memory available`,
    ...(result.profile ?? []).map((line) => `  ${line}`),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** With what earlier runs have measured of other sizes. */
function merged(folder: string, size: SizeResult): ScaleRecord {
  const file = path.join(folder, `${FILE}.json`);
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ScaleRecord).sizes : [];
  const sizes = [...earlier.filter(({ pods }) => pods !== size.pods), size];
  return { sizes: sizes.toSorted((a, b) => a.pods - b.pods) };
}

function write(folder: string, record: ScaleRecord, name = FILE): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(record, null, 1)}\n`);
  writeFileSync(path.join(folder, `${name}.svg`), scaleChart(record.sizes));
}
