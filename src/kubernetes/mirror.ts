import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubernetes } from './client.js';
import { isKubernetesError } from './errors.js';
import type { Listed } from './list.js';
import type { WatchedObject, WatchRequest } from './watch.js';

/** A resource that is listed once and watched from then on. */
export interface Source<R extends { uid: string }> extends Pick<WatchRequest, 'path' | 'labelSelector' | 'accept'> {
  list(): Promise<Listed<R>>;
  /** What is kept of an object; undefined: nothing. */
  read(object: WatchedObject): R | undefined;
}

/** The objects of a source as far as the server has told: what is decided by it for good is to be looked up again. */
export interface Mirror<R> {
  /**
   * Where it may not be watched, this is a list.
   * @throws KubernetesError when they are not to be had
   */
  look(): Promise<R[]>;
}

/** Failures one after the other, without an event in between, after which the mirror is given up. */
const TRIES = 5;
const FIRST_PAUSE_MS = 500;

/** Opens one; it ends with the signal. */
export function mirror<R extends { uid: string }>(
  { watch }: Pick<Kubernetes, 'watch'>,
  source: Source<R>,
  signal: AbortSignal,
): Mirror<R> {
  if (!watch) return { look: async () => (await source.list()).items };
  const known = new Map<string, R>();
  let forbidden = false;
  let failure: unknown;
  const relist = async (): Promise<string> => {
    const { items, resourceVersion } = await source.list();
    known.clear();
    for (const item of items) known.set(item.uid, item);
    return resourceVersion;
  };
  const apply = (type: string, object: WatchedObject): void => {
    const uid = object.metadata?.uid ?? '';
    const item = type === 'DELETED' ? undefined : source.read(object);
    if (item) known.set(uid, item);
    else known.delete(uid);
  };
  /** Until the watch ends. @returns the version from which it goes on */
  const followOnce = async (version: string, heard: () => void): Promise<string> => {
    const { list: _list, read: _read, ...which } = source;
    let last = version;
    for await (const { type, object } of watch({ ...which, resourceVersion: version, signal })) {
      if (type !== 'BOOKMARK') apply(type, object);
      last = object.metadata?.resourceVersion ?? last;
      heard();
    }
    return last;
  };
  const follow = async (first: string): Promise<void> => {
    let version: string | undefined = first;
    let failures = 0;
    while (!signal.aborted) {
      try {
        version = await followOnce(version ?? (await relist()), () => (failures = 0));
      } catch (error) {
        failures += 1;
        if (isFinal(error, failures) && !signal.aborted) throw error;
        if (isForgotten(error)) version = undefined;
        await sleep(FIRST_PAUSE_MS * 2 ** failures, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  const ready = relist();
  ready.then(follow).catch((error: unknown) => {
    if (isKubernetesError(error, 'Forbidden')) forbidden = true;
    else failure = error;
  });
  return {
    look: async () => {
      await ready;
      if (forbidden) return (await source.list()).items;
      if (failure !== undefined) throw failure as Error;
      return [...known.values()];
    },
  };
}

function isFinal(error: unknown, failures: number): boolean {
  return failures >= TRIES || isKubernetesError(error, 'Forbidden');
}

/** The version is too old; or the credentials were, and a list renews them. */
function isForgotten(error: unknown): boolean {
  return isKubernetesError(error) && (error.status === 410 || error.status === 401);
}
