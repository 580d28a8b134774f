import { Duplex, PassThrough } from 'node:stream';
import type { Kubernetes } from './client.js';

/** How long somebody waits for a stream. */
export interface Patience {
  timeoutMs: number;
  /** Whoever asked no longer waits: what is opened is destroyed, at once and also later. */
  signal?: AbortSignal | undefined;
}

/** A port of a pod. */
export interface PodPort {
  namespace: string;
  name: string;
  port: number;
}

/** A stream to a pod's port, through the API server. The caller destroys it. */
export async function openPortForward(
  k8s: Pick<Kubernetes, 'portForward'>,
  { namespace, name, port }: PodPort,
  { timeoutMs, signal }: Patience,
): Promise<Duplex> {
  const toPod = new PassThrough();
  const fromPod = new PassThrough();
  for (const end of [toPod, fromPod]) mayFail(end);
  const opening = k8s.portForward.portForward(namespace, name, [port], fromPod, null, toPod);
  const socket = await within(opening, timeoutMs, (late) => typeof late !== 'function' && late.terminate());
  if (typeof socket === 'function') throw new Error('port-forward returned no connection');
  const stream = Duplex.from({ readable: fromPod, writable: toPod });
  socket.on('close', () => fromPod.end());
  socket.on('error', (error: Error) => stream.destroy(error));
  mayFail(stream);
  stream.once('close', () => socket.terminate()); // a flood would go on during the goodbyes of `close`
  endWith(signal, stream);
  return stream;
}

/** Whoever reads a stream hears of its errors; between two readers, and after the last, they must not end the process. */
export function mayFail(stream: Duplex): void {
  stream.on('error', () => undefined);
}

/** Destroys a stream when nobody waits for it any more. */
export function endWith(signal: AbortSignal | undefined, stream: Duplex): void {
  if (!signal) return;
  const end = () => stream.destroy(new Error('nobody waits for its answer any more'));
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', end));
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
