/** Requests of somebody who waits for them no longer. */

/**
 * Milliseconds that a write under way is given for its answer, so that the next try of the same does not meet it. What has not been
 * sent is not sent any more.
 */
export const WRITE_PATIENCE_MS = 3000;

/** Whether a method of the API, by its name, changes nothing. */
export function isRead(method: string): boolean {
  return /^(?:list|read|get)[A-Z]/.test(method);
}

/**
 * The result of some work, or the end of waiting for it.
 * @throws the signal's reason, so many milliseconds after it was given
 */
export async function unlessGivenUp<T>(work: Promise<T>, signal: AbortSignal, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = () => (timer = setTimeout(() => reject(signal.reason as Error), patienceMs));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (giveUp) signal.removeEventListener('abort', giveUp);
  }
}
