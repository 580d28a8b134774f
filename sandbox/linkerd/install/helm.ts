import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { createObjects } from '../../cluster/objects.js';
import { tool } from '../../cluster/processes.js';
import { chartFiles, chartValues, RELEASE } from './chart.js';
import { LINKERD_NAMESPACE } from './names.js';
import { issuerSecret } from './objects.js';
import type { InjectorWebhook, Install } from './options.js';

const run = promisify(execFile);

/** A release of the sandbox's chart. */
export interface HelmRelease {
  /** Path of Helm itself. */
  program: string;
  name: string;
  namespace: string;
  /** Folder of the chart. */
  chart: string;
  /** The values that it was installed with: the certificates of the start, with the issuer's key. */
  values: string;
  /** Of Helm's own files. */
  home: string;
}

/** Writes the chart and installs it; what the chart leaves to others is there before: the namespace, and what cert-manager makes. */
export async function installByHelm(
  folder: string,
  kubeconfig: string,
  install: Install,
  injector: InjectorWebhook,
): Promise<HelmRelease> {
  if (install.version.layout !== 'D') throw new Error(`realHelm has no chart of Linkerd ${install.options.linkerd}`);
  const home = path.join(folder, 'helm');
  const chart = path.join(home, 'chart');
  mkdirSync(path.join(chart, 'templates'), { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(chartFiles(install, injector))) writeFileSync(path.join(chart, file), text);
  const values = path.join(home, 'values.yaml');
  writeFileSync(values, stringify(chartValues(install), { lineWidth: 0 }), { mode: 0o600 });
  const release = { program: tool('helm'), name: RELEASE, namespace: LINKERD_NAMESPACE, chart, values, home };
  if (install.options.issuer === 'kubernetes' && !install.externalCA)
    await createObjects(kubeconfig, [issuerSecret({ ...install, createdBy: {} })]);
  await helm(release, kubeconfig, ['install', release.name, chart, '-f', values]);
  return release;
}

/** @throws Error with what Helm says */
export async function helm(
  { program, home, namespace: within }: Pick<HelmRelease, 'program' | 'home' | 'namespace'>,
  kubeconfig: string,
  args: readonly string[],
): Promise<string> {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: path.join(home, 'cache'),
    HELM_CONFIG_HOME: path.join(home, 'config'),
    HELM_DATA_HOME: path.join(home, 'data'),
  };
  const { stdout } = await run(program, [...args, '-n', within], { env });
  return stdout;
}
