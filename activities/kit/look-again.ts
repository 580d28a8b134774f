import { present } from '../../src/ground/present.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';

/** Milliseconds after which a proxy that could not be read is asked again; each time that it is in vain, twice as many. */
const LOOK_AGAIN_MS = 2000;
const MOST_MS = 30_000;

/** A proxy at the moment when it was asked. */
export interface Asked extends Pick<MeshedPod, 'ready' | 'startedAt' | 'address'> {
  at: number;
  /** Milliseconds until it is asked again, if nothing is seen of it meanwhile. */
  waitMs: number;
}

/**
 * @param before when it was asked before, and could not be read
 * @param firstMs what it waits for the first time
 */
export function askedAt(
  at: number,
  { ready, startedAt, address }: MeshedPod,
  { before, firstMs = LOOK_AGAIN_MS }: { before?: Asked | undefined; firstMs?: number },
): Asked {
  const waitMs = before ? Math.min(before.waitMs * 2, MOST_MS) : firstMs;
  return { at, ready, waitMs, ...present({ startedAt, address }) };
}

/** Whether one that could not be read may be read now: its pod has got ready, its container was started, or it has waited. */
export function mayAnswer(asked: Asked, pod: MeshedPod, now: number): boolean {
  return (pod.ready && !asked.ready) || isAnother(asked, pod) || now - asked.at >= asked.waitMs;
}

/** Another process runs in the pod than the one that was asked: its container was started since. */
export function isAnother(asked: Asked, { startedAt, address }: MeshedPod): boolean {
  return asked.startedAt?.getTime() !== startedAt?.getTime() || (asked.address === undefined && address !== undefined);
}
