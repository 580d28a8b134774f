import type { HistoryFigures } from './history.js';
import type { WorkerFigures } from './worker-figures.js';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubernetes } from '../../src/kubernetes/client.js';
import {
  bundleAnchors,
  certificatesSince,
  type CertificatesSince,
  dataPlaneGenerations,
  type MeshStatus,
  rolloutsBetween,
  type Sandbox,
} from '../kit/index.js';
import { keepDoing } from './keep-doing.js';

export interface Part {
  name: string;
  /** Seconds after the contender's start; absent in older records. */
  beganAt?: number;
  seconds: number;
}

/** What a contender tells of its own rotation; everything else is measured around it. */
export interface Account {
  /** Its steps or phases in their order. */
  parts: Part[];
  /** `completed`, or why it was not. */
  outcome: string;
  /** From its first step to its end. */
  seconds: number;
  historyEvents?: number;
  /** Most resident memory of the worker, in MB. */
  workerPeakRssMb?: number;
  history?: HistoryFigures;
  worker?: WorkerFigures;
}

/** One rotation, measured from the cluster and the probe mesh. */
export interface Measured extends Account, Partial<CertificatesSince> {
  proxies: number;
  /** The most that any workload of the data plane went through. */
  dataPlaneRollouts: number;
  /** Meshed pods of the data plane that appeared since its start. */
  podsReplaced: number;
  controlPlanePodsReplaced: number;
  handshakes: number;
  /** Handshakes refused for trust, by either side. */
  refused: number;
  /** Looks, half a second apart, between which a handshake was refused; in seconds. */
  secondsWithRefusals: number;
  /** One of the refusals, in the proxy's words. */
  refusal?: string;
  /** From the bundle and from every proxy. */
  oldRootGone: boolean;
  /** The machine's load average over a minute, before its start. */
  loadBefore: number;
}

const LOOK_MS = 500;
/** Refusals are counted for as long afterwards: what was left behind shows. */
export const AFTERWARDS_MS = 10_000;

/** Runs a rotation on a fresh sandbox and measures it. Two requests a look, whatever the size of the mesh. */
export async function measure(sandbox: Sandbox, rotate: () => Promise<Account>): Promise<Measured> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const oldRoots = new Set(await bundleAnchors(k8s));
  const generations = await dataPlaneGenerations(sandbox);
  const certificates = await certificatesSince(k8s);
  const { proxies } = await sandbox.mesh.status();
  const loadBefore = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  await sandbox.mesh.setProbe({ reset: true });
  const lookout = keepLooking(sandbox, proxies);
  try {
    const account = await rotate();
    await sleep(AFTERWARDS_MS);
    const seen = await lookout.stop();
    const [probe, end] = [await sandbox.mesh.probe(), await sandbox.mesh.status()];
    const trusted = [...(await bundleAnchors(k8s)), ...end.proxies.flatMap(({ anchors }) => anchors)];
    const refusal = probe.lastRefusals[0];
    return {
      ...account,
      proxies: proxies.length,
      dataPlaneRollouts: rolloutsBetween(generations, await dataPlaneGenerations(sandbox)),
      podsReplaced: seen.dataPlane,
      controlPlanePodsReplaced: seen.controlPlane,
      handshakes: probe.handshakes,
      refused: probe.refused,
      secondsWithRefusals: seen.secondsWithRefusals,
      ...(refusal ? { refusal: `${refusal.from} to ${refusal.to}, ${refusal.side}: ${refusal.reason}` } : {}),
      oldRootGone: !trusted.some((anchor) => oldRoots.has(anchor)),
      ...(await certificates()),
      loadBefore,
    };
  } finally {
    await lookout.stop();
  }
}

export function secondsSince(began: number): number {
  return Math.round((Date.now() - began) / 100) / 10;
}

/** Notes every pod that it has not seen yet, and the looks at which refusals had grown. */
function keepLooking({ mesh }: Sandbox, before: MeshStatus['proxies']) {
  const known = new Set(before.map(({ uid }) => uid));
  const seen = { dataPlane: 0, controlPlane: 0, secondsWithRefusals: 0 };
  let refusedBefore = 0;
  const look = async (): Promise<void> => {
    const [{ proxies }, { refused }] = await Promise.all([mesh.status(), mesh.probe()]);
    for (const { uid, namespace } of proxies) {
      if (known.has(uid)) continue;
      known.add(uid);
      seen[namespace === 'linkerd' ? 'controlPlane' : 'dataPlane'] += 1;
    }
    if (refused > refusedBefore) seen.secondsWithRefusals += LOOK_MS / 1000;
    refusedBefore = refused;
  };
  const stop = keepDoing(look, LOOK_MS);
  return {
    stop: async () => {
      await stop();
      return seen;
    },
  };
}
