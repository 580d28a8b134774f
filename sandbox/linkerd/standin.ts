import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadyWhenSaid } from '../cluster/kwok.js';
import { flags, type Server, startServer, until } from '../cluster/processes.js';
import type { InjectorWebhook } from './install/options.js';
import { type LinkerdVersion, VERSIONS } from './install/versions.js';
import { standInAt } from './standin-client.js';

/** The Go program in linkerd/standin, which plays Linkerd's injector, its identity replicas and every proxy. */

/** A meshed pod is ready when its proxy has a leaf; the stand-in says so (`readyAnnotation` in standin/mesh.go). */
export const MESHED_PODS: ReadyWhenSaid = {
  label: 'linkerd.io/control-plane-ns',
  annotation: 'sandbox.reroot.dev/proxy',
};

export interface StandInOptions {
  linkerd: LinkerdVersion;
  kubeletLagMs: number;
  minRefreshMs: number;
  probeRate: number;
  /** Where it listens as the kubelet of every node. */
  kubeletPort: number;
}

export interface StandInServer {
  server: Server;
  /** URL of its control API. */
  control: string;
  injector: InjectorWebhook;
}

export async function startStandIn(
  folder: string,
  kubeconfig: string,
  { linkerd, kubeletLagMs, minRefreshMs, probeRate, kubeletPort }: StandInOptions,
): Promise<StandInServer> {
  const server = startServer(
    folder,
    'standin',
    flags({
      kubeconfig,
      'linkerd-namespace': 'linkerd',
      'linkerd-version': linkerd,
      'linkerd-release': VERSIONS[linkerd].release,
      kubelet: `127.0.0.1:${kubeletPort}`,
      'kubelet-lag': `${kubeletLagMs}ms`,
      'min-refresh': `${minRefreshMs}ms`,
      'probe-rate': probeRate,
    }),
  );
  const said = JSON.parse(await server.firstLine()) as { control: string; injector: string; caBundle: string };
  return { server, control: said.control, injector: { url: said.injector, caBundle: said.caBundle } };
}

/** Hundreds of them on a busy machine, and what each of thousands may take. */
export function proxiesReadyMs(count: number): number {
  return 170_000 + count * 200;
}

export async function proxiesReady({ server, control }: StandInServer, count: number): Promise<void> {
  const mesh = standInAt(control);
  const enough = async (): Promise<boolean> => {
    if ((await mesh.counts()).ready >= count) return true;
    await sleep(100);
    return false;
  };
  await until(`${count} proxies to be ready`, server, enough, proxiesReadyMs(count));
}
