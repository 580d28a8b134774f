import { readFileSync } from 'node:fs';
import type { WorkerProcess } from '../kit/index.js';

/** What a worker has cost. */
export interface WorkerFigures {
  peakRssMb: number;
  /** Of all its threads, its start included. */
  cpuSeconds: number;
  /** To the API server, by `VERB resource`; absent when it did not say so at its end. */
  requests?: Record<string, number>;
}

/** To be asked after its end: it tells its requests last. */
export function workerFigures(worker: WorkerProcess): WorkerFigures {
  const requests = requestsIn(readFileSync(worker.logFile, 'utf8'));
  return {
    peakRssMb: worker.peakRssMb(),
    cpuSeconds: Math.round(worker.cpuSeconds() * 10) / 10,
    ...(requests ? { requests } : {}),
  };
}

/** Of the worker that has ended last in this log. */
export function requestsIn(log: string): Record<string, number> | undefined {
  const last = log.split('\n').findLast((line) => line.includes('"worker ended"'));
  if (last === undefined) return undefined;
  const { requests } = JSON.parse(last) as { requests?: Record<string, number> };
  return requests;
}

export function sumOf(requests: Record<string, number>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}
