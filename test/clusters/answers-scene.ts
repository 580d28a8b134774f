import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { cliProgram } from '../../sandbox/kit/index.js';
import type { LiveProgress } from '../../src/operate/progress.js';
import type { Picture } from '../../src/cli/view/render.js';
import type { PlannedPhase } from '../../src/rotation/planned-phases.js';
import { eventually, k8s, mesh, reroot } from '../integration/support.js';

/** What the rows of "What a person sees" make, and take away again. */

const NAMESPACE = 'seen';
const POD = { containers: [{ name: 'app', image: 'example.invalid/app' }] };

/** A meshed namespace of its own, for as long as it is looked at. */
async function inNamespace<T>(make: () => Promise<unknown>, pods: number, look: () => Promise<T>): Promise<T> {
  const own = async () => (await mesh.status()).proxies.filter(({ namespace }) => namespace === NAMESPACE);
  await k8s.core.createNamespace({
    body: { metadata: { name: NAMESPACE, annotations: { 'linkerd.io/inject': 'enabled' } } },
  });
  try {
    const account = { name: 'default', namespace: NAMESPACE };
    await eventually('the default account', async () => await k8s.core.readNamespacedServiceAccount(account));
    await make();
    await eventually(`${pods} ready pods`, async () => (await own()).filter(({ ready }) => ready).length === pods);
    return await look();
  } finally {
    await k8s.core.deleteNamespace({ name: NAMESPACE });
    await eventually('the namespace to go', async () => (await own()).length === 0);
  }
}

/** So many pods that nobody would make anew. */
export async function withBarePods<T>(count: number, look: () => Promise<T>): Promise<T> {
  const make = async () => {
    for (let index = 0; index < count; index += 1) {
      const body = { metadata: { name: `runner-${index}`, namespace: NAMESPACE }, spec: POD };
      await k8s.core.createNamespacedPod({ namespace: NAMESPACE, body });
    }
  };
  return await inNamespace(make, count, look);
}

/** A Deployment that replaces one pod after the other, each when it has been ready for so long. */
export async function withSlowDeployment<T>(
  { replicas, minReadySeconds }: { replicas: number; minReadySeconds: number },
  look: () => Promise<T>,
): Promise<T> {
  const labels = { app: 'slow' };
  const body = {
    metadata: { name: 'slow', namespace: NAMESPACE },
    spec: {
      ...{ replicas, minReadySeconds, selector: { matchLabels: labels } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: POD },
    },
  };
  return await inNamespace(
    async () => await k8s.apps.createNamespacedDeployment({ namespace: NAMESPACE, body }),
    replicas,
    look,
  );
}

/** The phases of the plan, as preflight predicts them for a strategy. */
export async function predicted(strategy: string): Promise<Record<string, PlannedPhase>> {
  const { stdout, stderr } = await reroot(['preflight', '--strategy', strategy, '-o', 'json']);
  expect(stdout, stderr).not.toBe('');
  const { plan } = JSON.parse(stdout) as { plan: { phases: PlannedPhase[] } };
  return Object.fromEntries(plan.phases.map((one) => [one.phase, one]));
}

/** A line of the table that a plan is on a terminal: `trust: 4 to 9 min`. */
export function predictionIn(text: string, phase: string): string {
  const line = text.split('\n').find((one) => one.includes(`│ ${phase} `));
  const cells = (line ?? '').split('│').map((cell) => cell.trim());
  expect(cells, text).toHaveLength(5);
  return `${phase}: ${cells[3]}`;
}

/** A rotation of so many namespaces under way. */
export function underWay(namespaces: number): Picture {
  const all = Array.from({ length: namespaces }, (_, index) => ({
    ...{ namespace: `team-${index}`, phase: 'trust', workloads: 3, workloadsDone: 1, rolled: 1, waitingFor: [] },
    ...{ proxies: 9, proven: index < 45 ? 9 : 2, state: index < 45 ? 'done' : index < 49 ? 'running' : 'waiting' },
  }));
  const status = {
    ...{
      cluster: 'prod',
      phase: 'trust',
      outcome: 'running',
      strategy: 'standard',
      startedAt: new Date().toISOString(),
    },
    ...{ phases: [{ phase: 'trust', state: 'running' }], namespaces: all, stragglers: [], waivers: [] },
  };
  return {
    status: status as unknown as Picture['status'],
    live: { namespaces: all, activities: [] } as unknown as LiveProgress,
    now: new Date(),
  };
}

/** A file with input, for as long as it is needed. */
export async function withInputFile<T>(input: object, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reroot-input-'));
  try {
    const file = path.join(folder, 'input.json');
    await writeFile(file, JSON.stringify(input));
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What bash offers for each line, with the script that reroot prints, twice sourced as by two files of a person. */
export async function completedByBash(lines: readonly string[][]): Promise<string[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reroot-bash-'));
  try {
    await symlink(cliProgram(), path.join(folder, 'reroot'));
    const tries = lines.map((words) => {
      const quoted = words.map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _reroot_complete; echo "\${COMPREPLY[*]}"`;
    });
    const script = ['set -eu', ...Array.from({ length: 2 }, () => 'source <(reroot completion bash)'), ...tries];
    const env = { HOME: folder, PATH: `${folder}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script.join('\n')], {
      env,
      cwd: folder,
    });
    expect(stderr).toBe('');
    expect(await readdir(folder), 'nothing was run of what was typed').toEqual(['reroot']);
    return stdout.trimEnd().split('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}
