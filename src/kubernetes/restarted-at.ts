import { createHash } from 'node:crypto';

/** What `kubectl rollout restart` writes on a pod template (kubectl pkg/polymorphichelpers/objectrestarter.go). */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/**
 * Operators that put back what others change in a pod template leave this annotation alone (prometheus-operator#4185,
 * VictoriaMetrics/operator#1215), and often nothing else, so it has to tell by itself which roll it is of. It is a time, as
 * kubectl writes it, and RFC 3339 lets its seconds have a fraction: six digits stand for the mark of the phase, three for the
 * `retry`. So whoever looks later knows that this restart has been written, with no other trace of it.
 */
export function restartedAt(mark: string, now: Date): string {
  return `${now.toISOString().slice(0, SECONDS)}.${digitsOf(mark)}Z`;
}

/**
 * Which mark a restart is of.
 * @param mark of the phase; `wanted`: the same, or with the `retry` that was asked for last
 * @returns undefined where it is of neither; the mark of the phase where it is of an earlier `retry`
 */
export function markOfRestart(
  found: string | undefined,
  { mark, wanted }: { mark: string; wanted: string },
): string | undefined {
  const digits = FRACTION.exec(found ?? '')?.[1];
  if (digits === digitsOf(wanted)) return wanted;
  return digits?.slice(0, OF_PHASE) === digitsOf(mark).slice(0, OF_PHASE) ? mark : undefined;
}

/** Characters of a time in ISO 8601 up to its seconds. */
const SECONDS = 19;
const FRACTION = /\.(\d{9})Z$/;
const OF_PHASE = 6;
const OF_RETRY = 3;

function digitsOf(mark: string): string {
  const [phase = '', ...retry] = mark.split('.');
  return hashed(phase, OF_PHASE) + (retry.length === 0 ? ''.padEnd(OF_RETRY, '0') : hashed(retry.join('.'), OF_RETRY));
}

/** Never zeros alone: those stand for none. */
function hashed(text: string, digits: number): string {
  const number = createHash('sha256').update(text).digest().readUInt32BE();
  return String((number % (10 ** digits - 1)) + 1).padStart(digits, '0');
}
