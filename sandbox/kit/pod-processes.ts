import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../../src/ground/present.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { PROCESS_ANNOTATION } from '../cluster/kwok.js';
import { tool } from '../cluster/processes.js';
import type { SandboxFacts } from '../facts.js';
import { type Kubelet, type PodEnvironment, podEnvironment, REFRESH_AFTER_MS } from './pod-environment.js';
import { type PlayedPod, playedPod } from './pod-facts.js';
import { type Probes, probesOf } from './pod-probes.js';
import { cliProgram, peakRssOf } from './worker-process.js';

/**
 * Plays the kubelet for pods of reroot: each bound pod has a real process, `reroot` with the pod's arguments and exactly its variables,
 * Secrets and ServiceAccount. It is started again when it dies, asked by the pod's probes, and ended as a kubelet ends it. kwok plays
 * the rest: addresses and phases. What a container would keep from it (another user, a file system that cannot be written, limits) it
 * has all the same.
 */
export interface PodProcesses {
  running(): RunningPod[];
  /** SIGKILL for all that run; each is started again. @returns how many */
  killAll(): number;
  /** Processes started again because they had died. */
  restarts(): number;
  /** Of the largest process so far, in MB. */
  peakRssMb(): number;
  /** Ends all of them, and leaves the pods. */
  stop(): Promise<void>;
}

export interface RunningPod {
  name: string;
  pid: number;
  address: string;
  ready: boolean;
}

/** What the pods of its template say, so that this kubelet has them: a value `podAnnotations` of the chart. */
export const PLAYED_BY_A_PROCESS = { [PROCESS_ANNOTATION]: 'waits' } as const;

interface Process {
  pod: PlayedPod;
  folder: string;
  child: ChildProcess;
  /** Writes another token. */
  refresh?: PodEnvironment['refresh'];
  refreshAt: number;
  probes: Probes;
  ready: boolean;
  /** When it was told to end. */
  toldAt?: number;
  /** When it was seen to have ended by itself. */
  diedAt?: number;
}

const LOOK_MS = 250;
const RESTART_AFTER_MS = 1000;
/** Conditions of a pod that say it. */
const READINESS = new Set(['Ready', 'ContainersReady']);

interface State extends Kubelet {
  namespace: string;
  labelSelector: string;
  folder: string;
  logFile: string;
  processes: Map<string, Process>;
  restarts: number;
  peak: number;
}

/** Their log is `pods.log` in the sandbox's folder. */
export function startPodProcesses(
  sandbox: SandboxFacts,
  { namespace, labelSelector }: { namespace: string; labelSelector: string },
): PodProcesses {
  const { adminKubeconfig, folder } = sandbox;
  mkdirSync(path.join(folder, 'pods'), { recursive: true, mode: 0o700 });
  const state: State = {
    k8s: createKubernetes({ kubeconfig: adminKubeconfig, requestsPerSecond: 200 }),
    ...{ adminKubeconfig, namespace, labelSelector, folder, logFile: path.join(folder, 'pods.log') },
    ...{ processes: new Map<string, Process>(), restarts: 0, peak: 0 },
  };
  const stopped = new AbortController();
  const loop = lookAgainAndAgain(state, stopped.signal);
  return {
    running: () => [...state.processes.values()].filter(lives).map(facts),
    killAll: () => {
      const alive = [...state.processes.values()].filter(lives);
      measure(state);
      for (const { child } of alive) child.kill('SIGKILL');
      return alive.length;
    },
    restarts: () => state.restarts,
    peakRssMb: () => measure(state),
    stop: async () => {
      stopped.abort();
      await loop;
      measure(state);
      await Promise.all([...state.processes.values()].map(async (each) => await endNow(each)));
    },
  };
}

async function lookAgainAndAgain(state: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // a look that fails is as good as none: there is another one soon
    await look(state).catch(() => undefined);
    await sleep(LOOK_MS);
  }
}

async function look(state: State): Promise<void> {
  measure(state);
  const { k8s, namespace, labelSelector, processes } = state;
  const { items } = await k8s.core.listNamespacedPod({ namespace, labelSelector });
  const pods = items.map(playedPod);
  const uids = new Set(pods.map(({ uid }) => uid));
  for (const [uid, gone] of processes) if (!uids.has(uid)) await forget(state, uid, gone);
  await Promise.allSettled(pods.map(async (pod) => await tend(state, pod)));
}

/** One look at one pod, and the one thing that it needs. */
async function tend(state: State, pod: PlayedPod): Promise<void> {
  const process = state.processes.get(pod.uid);
  if (pod.deleting) return await end(state, pod, process);
  if (pod.address === '') return;
  if (!process) return await begin(state, pod, path.join(state.folder, 'pods', pod.uid));
  if (!lives(process)) return await beginAgain(state, process);
  await renewToken(process);
  const { ready, dead } = await process.probes.look();
  if (dead) process.child.kill('SIGKILL');
  if (ready !== process.ready) await tell(state, process, ready);
}

/** Its variables and Secrets are read anew, as for a new container. */
async function begin(state: State, pod: PlayedPod, folder: string): Promise<void> {
  const { env, refresh } = await podEnvironment(state, pod, folder);
  const log = openSync(state.logFile, 'a');
  const command = [process.execPath, cliProgram(), ...pod.args];
  const child = spawn(tool('leash'), command, { stdio: ['ignore', log, log], env });
  closeSync(log);
  state.processes.set(pod.uid, {
    ...{ pod, folder, child, probes: probesOf(pod), ready: false, refreshAt: Date.now() + REFRESH_AFTER_MS },
    ...present({ refresh }),
  });
}

async function beginAgain(state: State, process: Process): Promise<void> {
  if (process.ready) await tell(state, process, false);
  process.diedAt ??= Date.now();
  if (Date.now() - process.diedAt < RESTART_AFTER_MS) return;
  await begin(state, process.pod, process.folder);
  state.restarts += 1;
}

async function renewToken(process: Process): Promise<void> {
  if (!process.refresh || Date.now() < process.refreshAt) return;
  process.refreshAt = Date.now() + REFRESH_AFTER_MS;
  await process.refresh();
}

/** SIGTERM, SIGKILL after the grace period, and then the pod goes. */
async function end({ k8s }: State, { uid, name, namespace, graceMs }: PlayedPod, process?: Process): Promise<void> {
  if (process && lives(process)) {
    if (process.toldAt === undefined) process.child.kill('SIGTERM');
    process.toldAt ??= Date.now();
    if (Date.now() - process.toldAt > graceMs) process.child.kill('SIGKILL');
    return;
  }
  const body = { gracePeriodSeconds: 0, preconditions: { uid } };
  await k8s.core.deleteNamespacedPod({ name, namespace, body });
}

async function forget({ processes }: State, uid: string, process: Process): Promise<void> {
  await endNow(process);
  processes.delete(uid);
  rmSync(process.folder, { recursive: true, force: true });
}

async function endNow({ child }: Process): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** kwok makes it ready where the annotation says so; not ready again it makes nothing. */
async function tell({ k8s }: State, process: Process, ready: boolean): Promise<void> {
  const { name, namespace } = process.pod;
  const at = PROCESS_ANNOTATION.replaceAll('/', '~1');
  const value = ready ? 'ready' : 'waits';
  await k8s.core.patchNamespacedPod({
    ...{ name, namespace },
    body: [{ op: 'add', path: `/metadata/annotations/${at}`, value }],
  });
  if (!ready) await unready(k8s, { name, namespace });
  process.ready = ready;
}

async function unready(k8s: Kubernetes, at: { name: string; namespace: string }): Promise<void> {
  const { status } = await k8s.core.readNamespacedPod(at);
  const types = (status?.conditions ?? []).map(({ type }) => type);
  const body = types.flatMap((type, index) =>
    READINESS.has(type) ? [{ op: 'replace', path: `/status/conditions/${index}/status`, value: 'False' }] : [],
  );
  await k8s.core.patchNamespacedPodStatus({ ...at, body });
}

function lives({ child }: Process): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function facts({ pod: { name, address }, child, ready }: Process): RunningPod {
  return { name, pid: child.pid ?? 0, address, ready };
}

function measure(state: State): number {
  for (const { child } of state.processes.values()) state.peak = Math.max(state.peak, peakRssOf(child.pid ?? 0));
  return Math.round(state.peak);
}
