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
    const stream =
      reach === 'port-forward' ? await forward(k8s, pod, timeoutMs) : await connect(pod.address ?? '', timeoutMs);
    stream.on('error', () => undefined); // whoever reads hears of it; between two readers it must not end the worker
    return stream;
  } catch (error) {
    throw new ProbeError('Unreachable', error instanceof Error ? error.message : String(error));
  }
}

function connect(host: string, timeoutMs: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: ADMIN_PORT, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new Error(`${host}:${ADMIN_PORT} did not answer in time`)),
      timeoutMs,
    );
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

async function forward(k8s: Kubernetes, pod: MeshedPod, timeoutMs: number): Promise<Duplex> {
  const toProxy = new PassThrough();
  const fromProxy = new PassThrough();
  for (const end of [toProxy, fromProxy]) end.on('error', () => undefined); // what comes after the end is nobody's
  const opening = k8s.portForward.portForward(pod.namespace, pod.name, [ADMIN_PORT], fromProxy, null, toProxy);
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
