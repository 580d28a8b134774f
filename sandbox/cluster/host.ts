import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appObjects, type AppsSize, meshedPodCount } from '../linkerd/install/apps.js';
import { createObjects, nodeObjects, NODES, permissionObjects } from '../linkerd/install/apply.js';
import { linkerdObjects, type LinkerdOptions } from '../linkerd/install/linkerd.js';
import { VERSIONS } from '../linkerd/install/versions.js';
import { startKubernetes } from './kubernetes.js';
import { claimPodNetwork, freePorts } from './network.js';
import { type Server, startServer, until } from './processes.js';
import { type StandIn, standInAt } from '../linkerd/standin-client.js';
import { SEARCH_ATTRIBUTES } from '../../src/temporal/names.js';

/** What a sandbox is made of. */
export interface SandboxOptions extends Omit<LinkerdOptions, 'injector'> {
  apps: AppsSize;
  /** Milliseconds until a mounted ConfigMap or Secret shows a change. */
  kubeletLagMs: number;
  /** Milliseconds between two renewals of a leaf at the least; Linkerd's proxies: 10,000. */
  minRefreshMs: number;
  /** Handshakes a second of the probe mesh. */
  probeRate: number;
}

/** Where everything is; written to sandbox.json when all of it serves. */
export interface SandboxFacts {
  folder: string;
  pid: number;
  adminKubeconfig: string;
  kubeconfig: string;
  temporal: { address: string; namespace: string; http: string; ui: string };
  standin: string;
  servers: { name: string; pid: number }[];
}

export const FACTS_FILE = 'sandbox.json';

/** Brings everything up in one process, which holds it until it is told to stop. */
export async function hostSandbox(folder: string, options: SandboxOptions): Promise<SandboxFacts> {
  mkdirSync(folder, { recursive: true });
  const network = await claimPodNetwork();
  const [kubelet = 0] = await freePorts(1);
  const [temporal, cluster] = await Promise.all([startTemporal(folder), startKubernetes(folder, kubelet)]);
  await createObjects(cluster.adminKubeconfig, nodeObjects(network));
  const { server: standin, at } = await startStandIn(folder, cluster.adminKubeconfig, kubelet, options);
  await createObjects(cluster.adminKubeconfig, linkerdObjects({ ...options, injector: at }));
  const mesh = standInAt(at.control);
  const controlPlane = VERSIONS[options.linkerd].components.length - 1 + options.identityReplicas;
  await proxiesReady(standin, mesh, controlPlane);
  await createObjects(cluster.adminKubeconfig, [...permissionObjects(), ...appObjects(options.apps)]);
  await proxiesReady(standin, mesh, controlPlane + meshedPodCount(options.apps, NODES));
  const servers = [standin, temporal.server, ...cluster.servers];
  stopWithUs(servers);
  const facts: SandboxFacts = {
    folder,
    pid: process.pid,
    adminKubeconfig: cluster.adminKubeconfig,
    kubeconfig: cluster.rerootKubeconfig,
    temporal: temporal.facts,
    standin: at.control,
    servers: servers.map(({ name, pid }) => ({ name, pid })),
  };
  writeFileSync(path.join(folder, FACTS_FILE), JSON.stringify(facts, null, 2));
  return facts;
}

async function startTemporal(folder: string): Promise<{ server: Server; facts: SandboxFacts['temporal'] }> {
  const [port = 0, http = 0, ui = 0] = await freePorts(3);
  const server = startServer(folder, 'temporal', [
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--http-port',
      `${http}`,
      '--ui-port',
      `${ui}`,
    ],
    ...['--db-filename', path.join(folder, 'temporal.db'), '--log-level', 'warn'],
    ...['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ]);
  const url = `http://127.0.0.1:${http}`;
  await until('Temporal to serve', server, async () => (await fetch(`${url}/api/v1/namespaces/default`)).ok);
  return {
    server,
    facts: { address: `127.0.0.1:${port}`, namespace: 'default', http: url, ui: `http://127.0.0.1:${ui}` },
  };
}

async function startStandIn(folder: string, kubeconfig: string, kubelet: number, options: SandboxOptions) {
  const server = startServer(folder, 'standin', [
    ...['--kubeconfig', kubeconfig, '--linkerd-namespace', 'linkerd', '--kubelet-lag', `${options.kubeletLagMs}ms`],
    ...['--linkerd-version', options.linkerd, '--linkerd-release', VERSIONS[options.linkerd].release],
    ...['--kubelet', `127.0.0.1:${kubelet}`, '--probe-rate', `${options.probeRate}`],
    ...['--min-refresh', `${options.minRefreshMs}ms`],
  ]);
  const said = JSON.parse(await server.firstLine()) as { control: string; injector: string; caBundle: string };
  return { server, at: { control: said.control, url: said.injector, caBundle: said.caBundle } };
}

/** Hundreds of them on a busy machine. */
const PROXIES_READY_MS = 170_000;

async function proxiesReady(server: Server, mesh: StandIn, count: number): Promise<void> {
  await until(
    `${count} proxies to be ready`,
    server,
    async () => {
      const { proxies } = await mesh.status();
      if (proxies.filter(({ ready }) => ready).length >= count) return true;
      await sleep(100);
      return false;
    },
    PROXIES_READY_MS,
  );
}

/** A server that ends by itself takes the sandbox with it: half a sandbox is worse than none. */
function stopWithUs(servers: readonly Server[]): void {
  let stopping = false;
  const stopAll = async (why: string, exitCode: number) => {
    if (stopping) return;
    stopping = true;
    process.stderr.write(`sandbox ends: ${why}\n`);
    await Promise.all(servers.map(async (server) => await server.stop()));
    process.exit(exitCode);
  };
  for (const server of servers) server.child.once('exit', () => void stopAll(`${server.name} has ended`, 1));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stopAll(signal, 0));
}
