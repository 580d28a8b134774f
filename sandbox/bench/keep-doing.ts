import { setTimeout as sleep } from 'node:timers/promises';

/** Does something again and again, with a pause in between. @returns what ends it; its failure is told there */
export function keepDoing(work: () => Promise<void>, pauseMs: number): () => Promise<void> {
  const ended = new AbortController();
  const doing = (async () => {
    while (!ended.signal.aborted) {
      await work();
      await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  doing.catch(() => undefined); // told by whoever ends it
  return async () => {
    ended.abort();
    await doing;
  };
}
