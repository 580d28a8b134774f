import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { RotationStatus } from '../../rotation/status.js';
import { isNoAnswer, isServerAway } from '../../temporal/answers.js';
import { isOver } from '../session/end.js';
import { readProgress } from '../../operate/progress.js';
import { newsOf, type Picture, renderLine, renderPicture } from './render.js';
import { lasting, type Trouble, troubleNow, troubleText } from './trouble.js';

const POLL_MS = 500;
/** A look waits for a server, and a query for a worker; the picture does not wait longer than this for either. */
const ANSWER_MS = 3000;
/** Counts that go up are worth a line of a log this often; what is news, at once. */
const COUNTS_MS = 10_000;
/** A server that is restarted, or moved to another node, is back by then. */
const SERVER_BACK_MS = 30_000;

export interface FollowOptions {
  /** Where progress goes: a live picture on a terminal, a line per change elsewhere. */
  output: NodeJS.WriteStream;
  signal: AbortSignal;
  /** Address of the Temporal server, for when it does not answer. */
  server: string;
  /** Milliseconds that a server may be away. */
  patienceMs?: number;
  /** More lines under the picture (the demo's counters). */
  footer?: () => string;
  onStatus?: (status: RotationStatus) => void;
}

/** `serverLost`: it has been away for longer than the patience. */
export type FollowEnd = 'ended' | 'detached' | 'serverLost';

type Seen = Awaited<ReturnType<typeof readProgress>>;

interface Look {
  over?: boolean;
  seen?: Seen;
  trouble?: Trouble['kind'];
}

/**
 * Shows a rotation until it ends, the signal says to stop looking, or its server stays away. It never changes anything.
 * @throws WorkflowNotFoundError, ServiceError when the server has answered with a refusal
 */
export async function follow(handle: WorkflowHandle, options: FollowOptions): Promise<FollowEnd> {
  const { patienceMs = SERVER_BACK_MS, signal, server, onStatus } = options;
  const show = options.output.isTTY ? livePicture(options) : changedLines(options);
  const shown: Shown = { seen: undefined, trouble: undefined, words: undefined };
  try {
    while (!signal.aborted) {
      const look = await lookAt(handle);
      const trouble = troubleNow(shown.trouble, look.trouble, Date.now());
      Object.assign(shown, { seen: look.seen ?? shown.seen, trouble, words: troubleText(trouble, server, Date.now()) });
      if (look.seen) onStatus?.(look.seen.status);
      show(shown);
      if (look.over) return 'ended';
      if (isLost(trouble, patienceMs)) return 'serverLost';
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    return 'detached';
  } finally {
    show.done();
  }
}

function isLost(trouble: Trouble | undefined, patienceMs: number): boolean {
  return trouble?.kind === 'serverAway' && Date.now() - trouble.since >= patienceMs;
}

async function lookAt(handle: WorkflowHandle): Promise<Look> {
  try {
    const description = await soon(handle, async () => await handle.describe());
    const seen = await tryRead(handle);
    if (isOver(description)) return { over: true, ...(seen ? { seen } : {}) };
    return seen ? { seen } : { trouble: 'noWorker' };
  } catch (error) {
    if (isServerAway(error)) return { trouble: 'serverAway' };
    throw error;
  }
}

/** No answer is normal while a worker is down: the last picture stays. */
async function tryRead(handle: WorkflowHandle): Promise<Seen | undefined> {
  try {
    return await soon(handle, async () => await readProgress(handle));
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

async function soon<T>({ client }: WorkflowHandle, ask: () => Promise<T>): Promise<T> {
  return await client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
}

interface Shown {
  seen: Seen | undefined;
  trouble: Trouble | undefined;
  words: string | undefined;
}

type Show = ((shown: Shown) => void) & { done(): void };

function livePicture({ output, footer }: FollowOptions): Show {
  const draw = createLogUpdate(output);
  const show = ({ seen, trouble, words }: Shown): void => {
    const now = new Date();
    const picture = seen ? renderPicture({ ...seen, now }) : '';
    const note = trouble && words ? pc.red(`${words} ${lasting(trouble, now.getTime())}`) : '';
    if (picture || note) draw([picture, note, footer?.()].filter(Boolean).join('\n\n'));
  };
  return Object.assign(show, { done: () => draw.done() });
}

function changedLines({ output, footer, server }: FollowOptions): Show {
  let before = '';
  let news = '';
  let countedAt = 0;
  let away = false;
  const write = (line: string): void => {
    if (line === before) return;
    before = line;
    output.write(`${new Date().toISOString().slice(11, 19)} ${line}${footer ? `  [${footer()}]` : ''}\n`);
  };
  const writeSeen = (seen: Picture): void => {
    const isNews = newsOf(seen) !== news;
    if (!isNews && seen.now.getTime() - countedAt < COUNTS_MS) return;
    news = newsOf(seen);
    countedAt = seen.now.getTime();
    write(renderLine(seen));
  };
  const show = ({ seen, trouble, words }: Shown): void => {
    const wasAway = away;
    away = trouble?.kind === 'serverAway';
    if (wasAway && !away) write(`the Temporal server at ${server} answers again`);
    if (words) {
      news = '';
      write(words);
    } else if (seen && !trouble) writeSeen({ ...seen, now: new Date() });
  };
  return Object.assign(show, { done: () => undefined });
}
