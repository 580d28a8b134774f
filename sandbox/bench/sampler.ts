import { readFileSync } from 'node:fs';
import { cpuSecondsOf, type MeshCounts, peakRssOf, type Sandbox, type WorkerProcess } from '../kit/index.js';
import { keepDoing } from './keep-doing.js';
import { cpuSecondsOfAll } from './worker-figures.js';

/** The mesh at a moment: from the stand-in, which the API server does not notice. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  counts: MeshCounts;
  /** Of reroot's workers so far, while they run. */
  workerCpuSeconds?: number;
  /** Memory of the machine that nobody needs, in MB. */
  availableMb: number;
}

export interface Sampler {
  /** Whose processor time is noted from now on. */
  watchWorker(worker: WorkerProcess): void;
  stop(): Promise<Sample[]>;
}

const LOOK_MS = 1000;

export function startSampling({ mesh }: Sandbox): Sampler {
  const samples: Sample[] = [];
  const workers: WorkerProcess[] = [];
  const look = async (): Promise<void> => {
    const [at, counts] = [Date.now(), await mesh.counts()];
    const cpu = workers.length > 0 ? { workerCpuSeconds: cpuSecondsOfAll(workers) } : {};
    samples.push({ at, counts, ...cpu, availableMb: availableMb() });
  };
  const stop = keepDoing(look, LOOK_MS);
  return {
    watchWorker: (started) => void workers.push(started),
    stop: async () => {
      await stop();
      return samples;
    },
  };
}

function availableMb(): number {
  return Math.round(Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1024);
}

/** Seconds after the start, and how many pods were in flight: replaced, and not ready yet. */
export type FlightPoint = [seconds: number, pods: number];

/** More make a picture no better. */
const MOST_POINTS = 240;

/** Of each stretch of time the most that was seen in it. */
export function flightOf(samples: readonly Sample[], startedAt: number, pods: number): FlightPoint[] {
  const points = samples.map(({ at, counts }): FlightPoint => [
    Math.round((at - startedAt) / 1000),
    Math.max(0, Math.max(counts.proxies, pods) - counts.ready),
  ]);
  const stretch = Math.ceil(points.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(points.length / Math.max(1, stretch)) }, (_, index) => {
    const within = points.slice(index * stretch, (index + 1) * stretch);
    return [within[0]?.[0] ?? 0, Math.max(...within.map(([, inFlight]) => inFlight))];
  });
}

export interface SigningRate {
  mean: number;
  /** Over five seconds. */
  peak: number;
}

const PEAK_OVER_MS = 5000;

/** Leaves that identity signed a second. */
export function signingRate(samples: readonly Sample[]): SigningRate {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last === first) return { mean: 0, peak: 0 };
  const peaks = samples.map((sample) => {
    const later = samples.find(({ at }) => at >= sample.at + PEAK_OVER_MS);
    return later ? rate(sample, later) : 0;
  });
  return { mean: rounded(rate(first, last)), peak: rounded(Math.max(...peaks)) };
}

function rate(from: Sample, to: Sample): number {
  return ((to.counts.leavesSigned - from.counts.leavesSigned) / (to.at - from.at)) * 1000;
}

/** Of the workers, between two moments. */
export function workerCpuBetween(samples: readonly Sample[], from: number, to: number): number {
  const within = samples.filter(({ at, workerCpuSeconds }) => workerCpuSeconds !== undefined && at <= to);
  const [start, end] = [within.findLast(({ at }) => at <= from), within.at(-1)];
  return rounded((end?.workerCpuSeconds ?? 0) - (start?.workerCpuSeconds ?? 0));
}

/** What a process of the sandbox costs. */
export interface ServerCost {
  cpuSeconds: number;
  /** Most resident memory since its start. */
  peakRssMb: number;
}

export function serverCosts({ servers }: Sandbox): Record<string, ServerCost> {
  return Object.fromEntries(
    servers.map(({ name, pid }) => [name, { cpuSeconds: cpuSecondsOf(pid), peakRssMb: Math.round(peakRssOf(pid)) }]),
  );
}

export function serverCostsSince(sandbox: Sandbox, before: Record<string, ServerCost>): Record<string, ServerCost> {
  const since = Object.entries(serverCosts(sandbox)).map(([name, { cpuSeconds, peakRssMb }]) => {
    return [name, { cpuSeconds: rounded(cpuSeconds - (before[name]?.cpuSeconds ?? 0)), peakRssMb }] as const;
  });
  return Object.fromEntries(since);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
