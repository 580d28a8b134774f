import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { present } from '../src/ground/present.js';
import { birthOf } from '../src/ground/process.js';
import { installCertManager } from './cert-manager/install.js';
import { sourceNames } from './cert-manager/options.js';
import { startKubernetes } from './cluster/kubernetes.js';
import { claimNetwork } from './cluster/network.js';
import { createObjects, type KubernetesObject, nodeObjects, NODES, permissionObjects } from './cluster/objects.js';
import { startedServers, stopAll } from './cluster/processes.js';
import { startTemporal } from './cluster/temporal.js';
import { FACTS_FILE, type SandboxFacts, type SandboxOptions } from './facts.js';
import { appObjects, meshedPodCount } from './linkerd/apps.js';
import { installByHelm } from './linkerd/install/helm.js';
import { installOf, linkerdNamespace, linkerdObjects } from './linkerd/install/objects.js';
import { VERSIONS } from './linkerd/install/versions.js';
import { MESHED_PODS, proxiesReady, startStandIn } from './linkerd/standin.js';

/** What somebody who installs reroot has applied before. */
function deployed({ deploy, certManager }: SandboxOptions): KubernetesObject[] {
  return deploy === 'nothing' ? [] : permissionObjects(certManager && sourceNames(certManager));
}

/** The host process: brings everything up, and holds it until it is told to stop. */
export async function hostSandbox(folder: string, options: SandboxOptions): Promise<SandboxFacts> {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stopAll(signal, 0));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const network = await claimNetwork();
  const pods = meshedPodCount(options.apps, NODES);
  const [kubeletPort = 0] = await network.freePorts(1);
  const [temporal, kubernetes] = await Promise.all([
    startTemporal(folder, network),
    startKubernetes(folder, network, { kubeletPort, readyWhenSaid: MESHED_PODS }, pods),
  ]);
  const create = async (objects: Parameters<typeof createObjects>[1]) =>
    await createObjects(kubernetes.adminKubeconfig, objects);
  await create([...nodeObjects(network), linkerdNamespace()]);
  const standin = await startStandIn(folder, kubernetes.adminKubeconfig, { ...options, kubeletPort });
  const brought = options.certManager && (await installCertManager(folder, kubernetes.adminKubeconfig, options));
  const install = installOf(options, brought, options.certManager?.bundle === 'installer' ? 'given' : 'brought');
  const helm = options.realHelm
    ? await installByHelm(folder, kubernetes.adminKubeconfig, install, standin.injector)
    : undefined;
  if (!helm) await create(linkerdObjects(install, standin.injector));
  const controlPlane = VERSIONS[options.linkerd].components.length - 1 + options.identityReplicas;
  await proxiesReady(standin, controlPlane);
  await create([...deployed(options), ...appObjects(options.apps)]);
  await proxiesReady(standin, controlPlane + pods);
  const facts: SandboxFacts = {
    folder,
    pid: process.pid,
    born: birthOf(process.pid) ?? '',
    adminKubeconfig: kubernetes.adminKubeconfig,
    kubeconfig: kubernetes.rerootKubeconfig,
    temporal,
    standin: standin.control,
    servers: startedServers().map(({ name, pid }) => ({ name, pid })),
    ...present({ helm }),
  };
  const file = path.join(folder, FACTS_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(facts, null, 2));
  renameSync(`${file}.new`, file); // whoever waits for it reads all of it
  return facts;
}
