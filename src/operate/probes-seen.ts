import { z } from 'zod';
import type { ProbesSeen } from '../rotation/overview.js';

/** Milliseconds for somebody's own probes to say how they went. */
const ANSWER_MS = 3000;
/** Characters of an answer. */
const MOST = 10_000;

const count = z.number().int().nonnegative();
const schema = z.object({ handshakes: count, refused: count, closed: count });

/** @throws Error when there is no answer, or it is another */
export async function readProbes(url: string): Promise<ProbesSeen> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  const text = await response.text();
  if (!response.ok || text.length > MOST) throw new Error('no such answer');
  return schema.parse(JSON.parse(text));
}
