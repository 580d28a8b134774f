import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubernetesObject } from '../cluster/objects.js';
import { CHECKOUT } from '../cluster/paths.js';
import type { SandboxFacts } from '../facts.js';
import { helm } from '../linkerd/install/helm.js';
import { optionalTools } from './optional-tools.js';
import { PLAYED_BY_A_PROCESS, type PodProcesses, startPodProcesses } from './pod-processes.js';

/** reroot's own chart, by Helm itself. */

const CHART = path.join(CHECKOUT, 'deploy', 'chart', 'reroot');
export type Values = Record<string, unknown>;

/** What needs no cluster. */
export interface ChartTool {
  /** @throws Error with what Helm says */
  lint(values: Values): Promise<string>;
  /** @param args further ones of Helm's. @throws Error with what Helm says */
  render(values: Values, ...args: string[]): Promise<KubernetesObject[]>;
  /** Helm, with any arguments; the chart and the values' file come last, where there are values. */
  run(args: readonly string[], values?: Values): Promise<string>;
}

export interface ChartPlace {
  name: string;
  namespace: string;
  kubeconfig: string;
}

const NOWHERE: ChartPlace = { name: 'reroot', namespace: 'reroot', kubeconfig: '/nowhere' };

/** Helm takes a cluster to be as old as 1.20 where its build was not told otherwise; the last one counts. */
const KUBERNETES = ['--kube-version', '1.36.0'];

export async function chartTool({ name, namespace, kubeconfig }: ChartPlace = NOWHERE): Promise<ChartTool> {
  const { REROOT_HELM: program = '' } = await optionalTools(['helm']);
  const home = mkdtempSync(path.join(tmpdir(), 'reroot-helm-'));
  const run: ChartTool['run'] = async (args, values) => {
    const file = path.join(home, 'values.yaml');
    if (values) writeFileSync(file, stringify(values), { mode: 0o600 });
    return await helm({ program, home, namespace }, kubeconfig, [...args, ...(values ? [CHART, '-f', file] : [])]);
  };
  return {
    run,
    lint: async (values) => await run(['lint', '--strict', ...KUBERNETES], values),
    render: async (values, ...args) => {
      const text = await run(['template', name, ...KUBERNETES, ...args], values);
      return parseAllDocuments(text)
        .map((document) => document.toJS() as KubernetesObject | null)
        .filter((object) => object !== null);
    },
  };
}

/** A release in a sandbox, whose workers really run. */
export interface ChartRelease {
  workers: PodProcesses;
  upgrade(values: Values): Promise<string>;
  uninstall(): Promise<void>;
  /** Ends the workers, and leaves the release. */
  stop(): Promise<void>;
}

const RELEASE = { name: 'reroot', namespace: 'reroot' } as const;
/** Longest that Helm waits for a release to be ready. */
const TIMEOUT = '180s';

/** @returns when all workers are ready */
export async function installChart(sandbox: SandboxFacts, values: Values): Promise<ChartRelease> {
  const tool = await chartTool({ ...RELEASE, kubeconfig: sandbox.adminKubeconfig });
  const labelSelector = 'app.kubernetes.io/name=reroot,app.kubernetes.io/component=worker';
  const workers = startPodProcesses(sandbox, { namespace: RELEASE.namespace, labelSelector });
  const apply = async (how: 'install' | 'upgrade', given: Values) =>
    await tool.run(
      [how, RELEASE.name, '--create-namespace', '--wait', '--timeout', TIMEOUT].filter(
        (arg) => how === 'install' || arg !== '--create-namespace',
      ),
      { ...sandboxValues(sandbox), ...given },
    );
  try {
    await apply('install', values);
  } catch (error) {
    await workers.stop();
    throw error;
  }
  return {
    workers,
    upgrade: async (given) => await apply('upgrade', given),
    uninstall: async () => void (await tool.run(['uninstall', RELEASE.name, '--wait', '--timeout', TIMEOUT])),
    stop: async () => await workers.stop(),
  };
}

/** What the chart has to be told of a sandbox. */
export function sandboxValues({ temporal }: SandboxFacts): Values {
  return {
    image: { repository: 'example.invalid/reroot' },
    temporal: { address: temporal.address },
    podAnnotations: PLAYED_BY_A_PROCESS,
  };
}
