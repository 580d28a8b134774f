import net from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import type { Kubernetes } from '../../kubernetes/client.js';
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
  timeoutMs: number,
): Promise<Duplex> {
  if (reach === 'address' && !pod.address) throw new Error('the pod has no address yet');
  try {
    const stream = await (reach === 'port-forward' ? forward : connect)({ k8s, pod, timeoutMs });
    stream.on('error', () => undefined); // whoever reads hears of it; between two readers it must not end the worker
    return stream;
  } catch (error) {
    throw new ProbeError('Unreachable', error instanceof Error ? error.message : String(error));
  }
}

/** One way to one proxy. */
interface Way {
  k8s: Kubernetes;
  pod: MeshedPod;
  timeoutMs: number;
}

function portOf({ adminPort }: MeshedPod): number {
  return adminPort ?? ADMIN_PORT;
}

/** At the address of the pod; where it has several, its proxy may listen at one family alone: they are tried in turn. */
function connect({ pod, timeoutMs }: Way): Promise<net.Socket> {
  const addresses = [pod.address ?? '', ...(pod.otherAddresses ?? [])];
  const [first = ''] = addresses;
  const port = portOf(pod);
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      ...{ host: addresses.length > 1 ? `${pod.name}.invalid` : first, port, noDelay: true },
      ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.ceil(timeoutMs / addresses.length) },
      lookup: (_host, _options, found) =>
        found(
          null,
          addresses.map((address) => ({ address, family: net.isIP(address) })),
        ),
    });
    const at = addresses.map((address) => `${net.isIPv6(address) ? `[${address}]` : address}:${port}`).join(', ');
    const timer = setTimeout(() => socket.destroy(new Error(`${at} did not answer in time`)), timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error.message ? error : new Error(`${at} could not be reached`, { cause: error }));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

async function forward({ k8s, pod, timeoutMs }: Way): Promise<Duplex> {
  const toProxy = new PassThrough();
  const fromProxy = new PassThrough();
  for (const end of [toProxy, fromProxy]) end.on('error', () => undefined); // what comes after the end is nobody's
  const opening = k8s.portForward.portForward(pod.namespace, pod.name, [portOf(pod)], fromProxy, null, toProxy);
  const socket = await within(opening, timeoutMs, (late) => typeof late !== 'function' && late.terminate());
  if (typeof socket === 'function') throw new Error('port-forward returned no connection');
  const stream = Duplex.from({ readable: fromProxy, writable: toProxy });
  socket.on('close', () => fromProxy.end());
  socket.on('error', (error: Error) => stream.destroy(error));
  stream.once('close', () => socket.terminate()); // a flood would go on during the goodbyes of `close`
  return stream;
}

/** What is opened in time; what is opened later is closed. */
async function within<T>(opening: Promise<T>, timeoutMs: number, close: (late: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the port-forward was not opened in time'));
      void opening.then(close, () => undefined);
    }, timeoutMs);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}
