import { formatDuration } from '../../ground/duration.js';

/** What keeps a rotation that is followed from being seen, and since when (milliseconds). */
export interface Trouble {
  kind: 'serverAway' | 'noWorker';
  since: number;
}

/** A worker that takes over, or is asked while it does something, is not worth a word. */
const NO_WORKER_MS = 10_000;

/** @param kind what was wrong at this look, if anything was */
export function troubleNow(
  before: Trouble | undefined,
  kind: Trouble['kind'] | undefined,
  now: number,
): Trouble | undefined {
  if (kind === undefined) return undefined;
  return before?.kind === kind ? before : { kind, since: now };
}

/** The words for it, as soon as it is worth them; the same for as long as it lasts. */
export function troubleText(trouble: Trouble | undefined, server: string, now: number): string | undefined {
  if (!trouble) return undefined;
  if (trouble.kind === 'serverAway')
    return `the Temporal server at ${server} does not answer; the rotation goes on as soon as it is back`;
  if (now - trouble.since < NO_WORKER_MS) return undefined;
  return 'no worker answers; the rotation stands until one does: see that `reroot worker` runs';
}

/** For a live picture. */
export function lasting({ since }: Trouble, now: number): string {
  return `(for ${formatDuration(now - since)})`;
}
