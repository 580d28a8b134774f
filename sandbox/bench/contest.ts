import { loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../../src/ground/present.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import { bundleAnchors, dataPlaneGenerations, rolloutsBetween, type Sandbox, tail } from '../kit/index.js';
import { type Account, AFTERWARDS_MS, type Part } from './measure.js';
import { hottest, profileText } from './profile.js';
import {
  flightOf,
  type Sample,
  serverCosts,
  serverCostsSince,
  signingRate,
  startSampling,
  workerCpuBetween,
} from './sampler.js';
import type { ScaleContender } from './scale-contenders.js';
import { kindsOfParts, longestLook, ratioOf, type ScaleResult, secondsOf, type SizeResult } from './scale-report.js';

/** Measures one contender on a mesh that others have been at before it. */
export async function contest(
  sandbox: Sandbox,
  contender: ScaleContender,
  size: SizeResult,
  profiles: string | undefined,
): Promise<ScaleResult> {
  await atRest(sandbox, size.proxies);
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const [oldRoots, generations] = [new Set(await bundleAnchors(k8s)), await dataPlaneGenerations(sandbox)];
  const [loadBefore, costsBefore, before] = [loadavg()[0] ?? 0, serverCosts(sandbox), await sandbox.mesh.counts()];
  await sandbox.mesh.setProbe({ reset: true });
  const { account, samples, startedAt } = await run(sandbox, contender, size, profiles);
  const [probe, after, end] = [await sandbox.mesh.probe(), await sandbox.mesh.counts(), await sandbox.mesh.status()];
  const trusted = [...(await bundleAnchors(k8s)), ...end.proxies.flatMap(({ anchors }) => anchors)];
  const [refusal] = probe.lastRefusals;
  const { name, title, by, strategy, replacesRoot } = contender;
  const result: ScaleResult = {
    ...{ name, title, by, ...(strategy ? { strategy } : {}), replacesRoot, ...account },
    ...partsOf(account.parts, kindsOfParts(contender, size.input)),
    rollouts: rolloutsBetween(generations, await dataPlaneGenerations(sandbox)),
    podsReplaced: after.begunDataPlane - before.begunDataPlane,
    ...{ handshakes: probe.handshakes, refused: probe.refused },
    ...(refusal ? { refusal: `${refusal.from} to ${refusal.to}, ${refusal.side}: ${refusal.reason}` } : {}),
    oldRootGone: !trusted.some((anchor) => oldRoots.has(anchor)),
    flight: flightOf(samples, startedAt, size.proxies),
    leavesPerSecond: signingRate(samples),
    ...proofCpu(account, samples),
    servers: serverCostsSince(sandbox, costsBefore),
    leastAvailableMb: Math.min(...samples.map(({ availableMb }) => availableMb)),
    loadBefore: Math.round(loadBefore * 10) / 10,
    ...(profiles && contender.by === 'reroot' ? { profile: profileText(hottest(profiles)) } : {}),
  };
  tell(result, { ...size, contenders: [...size.contenders, result] });
  return result;
}

async function run(
  sandbox: Sandbox,
  contender: ScaleContender,
  { input, workers }: SizeResult,
  profiles: string | undefined,
): Promise<{ account: Account; samples: Sample[]; startedAt: number }> {
  process.stderr.write(`${contender.title}\n`);
  const sampler = startSampling(sandbox);
  try {
    const startedAt = Date.now();
    const account = await contender.rotate(sandbox, {
      ...{ input, ...present({ workers }), onWorker: sampler.watchWorker },
      ...(profiles === undefined ? {} : { profiles }),
    });
    if (account.outcome !== 'completed' && contender.by === 'reroot')
      process.stderr.write(`${tail(path.join(sandbox.folder, 'worker.log'))}\n`);
    await sleep(AFTERWARDS_MS);
    return { account, samples: await sampler.stop(), startedAt };
  } finally {
    await sampler.stop();
  }
}

function partsOf(
  parts: readonly Part[],
  kindOf: (part: Part) => string,
): Pick<ScaleResult, 'rollingSeconds' | 'waitingSeconds' | 'rolling'> {
  const rolls = parts.filter((part) => kindOf(part) === 'rolls');
  const waits = parts.filter((part) => kindOf(part) === 'waits');
  const [first, last] = [rolls[0], rolls.at(-1)];
  return {
    ...{ rollingSeconds: secondsOf(rolls), waitingSeconds: secondsOf(waits) },
    ...(first && last ? { rolling: [first.beganAt ?? 0, (last.beganAt ?? 0) + last.seconds] } : {}),
  };
}

function proofCpu(account: Account, samples: readonly Sample[]): Pick<ScaleResult, 'proofCpuSeconds'> {
  const look = longestLook(account);
  if (!look) return {};
  return { proofCpuSeconds: workerCpuBetween(samples, look.startedAt, look.startedAt + look.seconds * 1000) };
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
  const { title, outcome, seconds, rollingSeconds, refused, servers, leastAvailableMb, worker } = result;
  const ratio = ratioOf(result, size);
  const costs = Object.entries({ ...servers, ...(worker ? { worker } : {}) }).map(
    ([server, { cpuSeconds, peakRssMb }]) => `${server} ${cpuSeconds} s, ${peakRssMb} MB`,
  );
  const rolled = `${rollingSeconds} s of it rolling${ratio === undefined ? '' : `, ${ratio.toFixed(2)} of the floor`}`;
  const lines = [
    `${title}: ${outcome} in ${seconds} s, ${rolled}; ${refused} refused`,
    `  CPU and most memory: ${costs.join('; ')}; at least ${leastAvailableMb} MB available`,
    ...(result.profile ?? []).map((each) => `  ${each}`),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
