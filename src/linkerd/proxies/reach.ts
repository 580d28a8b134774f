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

/** How long somebody waits for a stream. */
export interface Patience {
  timeoutMs: number;
  /** Whoever asked no longer waits: what is opened is destroyed, at once and also later. */
  signal?: AbortSignal | undefined;
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

/** Whoever reads a stream hears of its errors; between two readers, and after the last, they must not end the worker. */
function mayFail(stream: Duplex): void {
  stream.on('error', () => undefined);
}

/** Destroys a stream when nobody waits for it any more. */
function endWith(signal: AbortSignal | undefined, stream: Duplex): void {
  if (!signal) return;
  const end = () => stream.destroy(new Error('nobody waits for its answer any more'));
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', end));
}

async function forward({ k8s, pod, timeoutMs, signal }: Way): Promise<Duplex> {
  const toProxy = new PassThrough();
  const fromProxy = new PassThrough();
  for (const end of [toProxy, fromProxy]) mayFail(end);
  const opening = k8s.portForward.portForward(pod.namespace, pod.name, [portOf(pod)], fromProxy, null, toProxy);
  const socket = await within(opening, timeoutMs, (late) => typeof late !== 'function' && late.terminate());
  if (typeof socket === 'function') throw new Error('port-forward returned no connection');
  const stream = Duplex.from({ readable: fromProxy, writable: toProxy });
  socket.on('close', () => fromProxy.end());
  socket.on('error', (error: Error) => stream.destroy(error));
  mayFail(stream);
  stream.once('close', () => socket.terminate()); // a flood would go on during the goodbyes of `close`
  endWith(signal, stream);
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
