import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startWorkerProcess, type WorkerProcess } from '../kit/index.js';

export interface WorkerPool {
  /** SIGKILL for the one that runs; another takes over a second later. */
  killAndReplace(): Promise<void>;
  kills(): number;
  /** Of the largest of them so far, in MB. */
  peakRssMb(): number;
  stop(): Promise<void>;
  /** Of the page that they serve, if they do. */
  pageUrl?(): string | undefined;
}

/** Workers come and go; there is one at a time. */
export function workerPool(sandbox: Sandbox): WorkerPool {
  let current: WorkerProcess = startWorkerProcess(sandbox);
  let kills = 0;
  let peak = 0;
  const note = (worker: WorkerProcess): number => (peak = Math.max(peak, worker.peakRssMb()));
  return {
    kills: () => kills,
    peakRssMb: () => note(current),
    async killAndReplace() {
      note(current);
      await current.kill();
      note(current);
      kills += 1;
      await sleep(1000);
      current = startWorkerProcess(sandbox);
    },
    stop: async () => await current.stop(),
  };
}
