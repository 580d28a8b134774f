import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Kubernetes } from '../../kubernetes/client.js';
import { endWith, mayFail, openPortForward, type Patience } from '../../kubernetes/port-forward.js';
import { ADMIN_PORT } from '../names.js';
import type { MeshedPod } from './pods.js';
import { ProbeError } from './probe-error.js';

/**
 * How a worker reaches the admin port of a proxy: at the pod's own address (inside the cluster, or where the pod
 * network is routed), or by port-forward through the API server (from anywhere).
 */
export type Reach = 'address' | 'port-forward';

/** Inside a cluster the pod network is at hand; anywhere else it takes a port-forward. */
export function defaultReach(env: NodeJS.ProcessEnv): Reach {
  return env['KUBERNETES_SERVICE_HOST'] ? 'address' : 'port-forward';
}

/**
 * A stream to the proxy's admin port. The caller destroys it.
 * @throws ProbeError `Unreachable` when there is no connection in time
 */
export async function openAdminStream(
  k8s: Kubernetes,
  reach: Reach,
  pod: MeshedPod,
  patience: Patience,
): Promise<Duplex> {
  if (reach === 'address' && !pod.address) throw new Error('the pod has no address yet');
  try {
    return await (reach === 'port-forward' ? forward : connect)({ k8s, pod, ...patience });
  } catch (error) {
    throw new ProbeError('Unreachable', error instanceof Error ? error.message : String(error));
  }
}

/** One way to one proxy. */
interface Way extends Patience {
  k8s: Kubernetes;
  pod: MeshedPod;
}

function portOf({ adminPort }: MeshedPod): number {
  return adminPort ?? ADMIN_PORT;
}

/** At the address of the pod; where it has several, its proxy may listen at one family alone: they are tried in turn. */
function connect({ pod, timeoutMs, signal }: Way): Promise<net.Socket> {
  const addresses = [pod.address ?? '', ...(pod.otherAddresses ?? [])];
  const port = portOf(pod);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...endpoint(pod, addresses, timeoutMs), port, noDelay: true });
    mayFail(socket);
    endWith(signal, socket);
    const at = addresses.map((address) => `${net.isIPv6(address) ? `[${address}]` : address}:${port}`).join(', ');
    const timer = setTimeout(() => socket.destroy(new Error(`${at} did not answer in time`)), timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error.message ? error : new Error(`${at} could not be reached`, { cause: error }));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function endpoint(pod: MeshedPod, addresses: readonly string[], timeoutMs: number): Partial<net.TcpNetConnectOpts> {
  const [first = ''] = addresses;
  if (addresses.length === 1) return { host: first, autoSelectFamily: false };
  return {
    host: `${pod.name}.invalid`,
    ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.ceil(timeoutMs / addresses.length) },
    lookup: (_host, _options, found) =>
      found(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      ),
  };
}

async function forward({ k8s, pod, ...patience }: Way): Promise<Duplex> {
  const { namespace, name } = pod;
  return await openPortForward(k8s, { namespace, name, port: portOf(pod) }, patience);
}
