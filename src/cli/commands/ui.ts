import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { clusterAccess } from '../../../worker/access.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { openPortForward, type PodPort } from '../../kubernetes/port-forward.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type ClusterOptions, workerEnvironment } from '../options/common.js';
import { configured } from '../options/worker.js';
import { servePages } from '../session/page-server.js';
import { findWorkerPod } from '../session/worker-pods.js';

interface UiOptions extends Pick<ClusterOptions, 'kubeconfig' | 'context'> {
  namespace: string;
  port?: string;
  open?: boolean;
}

/** Where the chart installs it, unless somebody says otherwise. */
const NAMESPACE = 'reroot';
/** Milliseconds until a port-forward is given up. */
const FORWARD_MS = 10_000;

export function addUiCommand(program: Command): void {
  program
    .command('ui')
    .description(
      "show the page of a worker in the cluster at this machine's own address, until ctrl-C; changes nothing",
    )
    .option('--namespace <name>', 'namespace of the workers', NAMESPACE)
    .option('--port <port>', 'port of 127.0.0.1 (default: a free one)')
    .option('--open', 'open it in the browser')
    .option('--kubeconfig <file>', 'kubeconfig (default: those that KUBECONFIG lists, ~/.kube/config, in-cluster)')
    .option('--context <name>', 'context of the kubeconfig')
    .action(showPage);
}

async function showPage(options: UiOptions): Promise<void> {
  const { namespace } = options;
  const port = portOf(options.port);
  const { k8s } = clusterAccess(configured(workerEnvironment(options, process.env)), process.env);
  const first = await workerIn(k8s, namespace);
  const ended = Promise.race((['SIGINT', 'SIGTERM'] as const).map(async (signal) => await once(process, signal)));
  const server = await servePages(async () => await connect(k8s, namespace), port).catch((error: unknown) => {
    throw new CliError(`port ${port} of 127.0.0.1 cannot be used: ${(error as Error).message}`);
  });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`The page of pod ${namespace}/${first.name}, until ctrl-C. When it goes, another is asked.\n`);
  if (options.open) openBrowser(server.url);
  await ended;
  await server.close();
}

/** @throws CliError for what is no port */
function portOf(text = '0'): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CliError(`--port takes a number up to 65535, not ${text}`, EXIT.refused);
}

/** @throws CliError that says what to do where there is none */
async function workerIn(k8s: Kubernetes, namespace: string): Promise<PodPort> {
  const found = await findWorkerPod(k8s, namespace);
  if (!('none' in found)) return found;
  throw new CliError(
    `${found.none}. \`--namespace\` names another one; docs/operate.md says how to install it. ` +
      'A worker that runs elsewhere shows the same page at its REROOT_HTTP_ADDRESS',
  );
}

/** To the pod that is ready now. */
async function connect(k8s: Kubernetes, namespace: string): ReturnType<typeof openPortForward> {
  return await openPortForward(k8s, await workerIn(k8s, namespace), { timeoutMs: FORWARD_MS });
}

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };

/** Where there is none, the address is on the screen. */
function openBrowser(url: string): void {
  const child = spawn(OPENERS[process.platform] ?? 'xdg-open', [url], { stdio: 'ignore', detached: true });
  child.once('error', () => process.stderr.write('No browser could be opened from here.\n'));
  child.unref();
}
