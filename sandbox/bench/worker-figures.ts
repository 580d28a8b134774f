import { readFileSync } from 'node:fs';
import type { WorkerProcess } from '../kit/index.js';

/** What the workers have cost. */
export interface WorkerFigures {
  /** Of the one that had most. */
  peakRssMb: number;
  /** Of all their threads, their start included. */
  cpuSeconds: number;
  /** To the API server, by `VERB resource`; absent when one did not say so at its end. */
  requests?: Record<string, number>;
}

/** To be asked after their end: they tell their requests last. They write one log. */
export function workerFigures(workers: readonly WorkerProcess[]): WorkerFigures {
  const [first] = workers;
  const requests = first && requestsIn(readFileSync(first.logFile, 'utf8'), workers.length);
  return {
    peakRssMb: Math.max(...workers.map((worker) => worker.peakRssMb())),
    cpuSeconds: Math.round(cpuSecondsOfAll(workers) * 10) / 10,
    ...(requests ? { requests } : {}),
  };
}

/** Of all their threads so far. */
export function cpuSecondsOfAll(workers: readonly WorkerProcess[]): number {
  return workers.reduce((sum, worker) => sum + worker.cpuSeconds(), 0);
}

/** Of the so many workers that have ended last in this log. */
export function requestsIn(log: string, workers = 1): Record<string, number> | undefined {
  const ends = log.split('\n').filter((line) => line.includes('"worker ended"'));
  if (ends.length < workers) return undefined;
  const total: Record<string, number> = {};
  for (const end of ends.slice(-workers)) {
    const { requests } = JSON.parse(end) as { requests?: Record<string, number> };
    if (!requests) return undefined;
    for (const [kind, count] of Object.entries(requests)) total[kind] = (total[kind] ?? 0) + count;
  }
  return total;
}

export function sumOf(requests: Record<string, number>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}
