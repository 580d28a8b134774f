import pc from 'picocolors';
import { formatDuration } from '../../src/ground/duration.js';
import { installChart } from '../kit/index.js';
import type { Demo } from './options.js';
import type { WorkerPool } from './workers.js';

/** The workers of a release of the chart: two pods, each a real process with the rights of their ServiceAccount. */
export async function chartWorkers({ sandbox, options, out }: Demo): Promise<WorkerPool> {
  const began = Date.now();
  const owner = options.certificates === 'cert-manager' ? 'certManager' : 'reroot';
  const { workers, stop } = await installChart(sandbox, {
    owners: { bundle: owner, issuer: owner },
    worker: { lookIntervalSeconds: 1 },
    extraEnv: [{ name: 'REROOT_PROBE_RESULTS', value: `${sandbox.standin}/probe` }],
  });
  const pods = workers.running().map(({ name }) => name);
  const lasted = formatDuration(Date.now() - began);
  out.write(
    `${pc.cyan('helm install')} reroot deploy/chart/reroot -n reroot: ready in ${lasted}, ${pods.join(', ')}\n`,
  );
  let kills = 0;
  return {
    killAndReplace: async () => {
      await Promise.resolve();
      kills += workers.killAll();
    },
    kills: () => kills,
    peakRssMb: () => workers.peakRssMb(),
    stop,
    pageUrl: () => {
      const address = workers.running().find(({ ready }) => ready)?.address;
      return address === undefined ? undefined : `http://${address}:8080/`;
    },
  };
}
