import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startKubernetes } from './cluster/kubernetes.js';
import { claimPodNetwork, freePorts } from './cluster/network.js';
import { createObjects, nodeObjects, NODES, permissionObjects } from './cluster/objects.js';
import type { Server } from './cluster/processes.js';
import { startTemporal } from './cluster/temporal.js';
import { FACTS_FILE, type SandboxFacts, type SandboxOptions } from './facts.js';
import { appObjects, meshedPodCount } from './linkerd/apps.js';
import { linkerdObjects } from './linkerd/install/objects.js';
import { VERSIONS } from './linkerd/install/versions.js';
import { MESHED_PODS, proxiesReady, startStandIn } from './linkerd/standin.js';

/** The host process: brings everything up, and holds it until it is told to stop. */
export async function hostSandbox(folder: string, options: SandboxOptions): Promise<SandboxFacts> {
  mkdirSync(folder, { recursive: true });
  const network = await claimPodNetwork();
  const [kubeletPort = 0] = await freePorts(1);
  const [{ server: temporalServer, ...temporal }, kubernetes] = await Promise.all([
    startTemporal(folder),
    startKubernetes(folder, { kubeletPort, readyWhenSaid: MESHED_PODS }),
  ]);
  const create = async (objects: Parameters<typeof createObjects>[1]) =>
    await createObjects(kubernetes.adminKubeconfig, objects);
  await create(nodeObjects(network));
  const standin = await startStandIn(folder, kubernetes.adminKubeconfig, { ...options, kubeletPort });
  await create(linkerdObjects(options, standin.injector));
  const controlPlane = VERSIONS[options.linkerd].components.length - 1 + options.identityReplicas;
  await proxiesReady(standin, controlPlane);
  await create([...permissionObjects(), ...appObjects(options.apps)]);
  await proxiesReady(standin, controlPlane + meshedPodCount(options.apps, NODES));
  const servers = [standin.server, temporalServer, ...kubernetes.servers];
  endTogether(servers);
  const facts: SandboxFacts = {
    folder,
    pid: process.pid,
    adminKubeconfig: kubernetes.adminKubeconfig,
    kubeconfig: kubernetes.rerootKubeconfig,
    temporal,
    standin: standin.control,
    servers: servers.map(({ name, pid }) => ({ name, pid })),
  };
  writeFileSync(path.join(folder, FACTS_FILE), JSON.stringify(facts, null, 2));
  return facts;
}

/** A server that ends by itself takes the sandbox with it: half a sandbox is worse than none. */
function endTogether(servers: readonly Server[]): void {
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
