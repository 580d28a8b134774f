import type { Logger } from 'pino';
import type { Kubernetes } from '../kubernetes/client.js';
import { clusterNow } from '../kubernetes/clock.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import type { Overview } from '../rotation/overview.js';
import { CLAIM_MS, type EventBook, eventBook, isAbandoned, type Told } from './events.js';
import { type Notice, noticesOf } from './notices.js';
import { type Webhook, webhookBody, WebhookError } from './webhook.js';

export interface SpeakerOptions {
  k8s: Kubernetes;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Absent: Events alone. */
  webhook?: Webhook | undefined;
  /** Counts what was told. */
  onNotice?: ((channel: 'event' | 'webhook', outcome: 'sent' | 'failed') => void) | undefined;
  /** Milliseconds, monotonic. */
  elapsed?: () => number;
}

export interface Speaker {
  /** Tells what stands and was not told. Never throws. */
  tell(overview: Overview): Promise<void>;
}

/** What is known of a notice: when it was first and last seen to stand, and what became of it. */
interface Known {
  first: number;
  last: number;
  /** Nothing is left to be done about it. */
  done?: true;
  /** Not before. */
  again?: number;
  /** Tries that have failed. */
  failures: number;
}

/** After this long without a notice, the same one is news again; an API server has forgotten its Event by then. */
const FORGOTTEN_MS = 3_600_000;
const LONGEST_PAUSE_MS = 1_800_000;
/** Tries of an API server that does not answer, before the webhook is used without an Event. */
const EVENT_TRIES = 3;
const NO_EVENTS =
  'Events cannot be written in the Linkerd namespace: notices go to the log and the webhook alone, from each worker (deploy/rbac/events.yaml)';

/** Speaks for one process. Others speak too: the Events keep them from saying the same. */
export function speaker(options: SpeakerOptions): Speaker {
  const state: State = {
    ...options,
    elapsed: options.elapsed ?? (() => performance.now()),
    known: new Map(),
    toldAt: new Map(),
  };
  let telling: Promise<void> | undefined;
  return {
    tell: async (overview) => {
      telling ??= tellAll(state, overview).finally(() => (telling = undefined));
      await telling;
    },
  };
}

interface State extends SpeakerOptions {
  elapsed: () => number;
  known: Map<string, Known>;
  /** When something of a reason was told last. */
  toldAt: Map<string, number>;
  /** That Events may not be written was said. */
  saidForbidden?: boolean;
}

async function tellAll(state: State, overview: Overview): Promise<void> {
  const now = state.elapsed();
  const book = eventBook(state.k8s, overview.linkerdNamespace);
  for (const notice of noticesOf(overview)) {
    const known = { ...(state.known.get(notice.key) ?? { first: now, failures: 0 }), last: now };
    state.known.set(notice.key, known);
    if (isDue(state, notice, known)) Object.assign(known, await deal(state, { notice, book, overview, known }));
  }
  for (const [key, { last }] of state.known) if (now - last > FORGOTTEN_MS) state.known.delete(key);
}

function isDue({ elapsed, toldAt }: State, { after = 0, spacing = 0, reason }: Notice, known: Known): boolean {
  const now = elapsed();
  if (known.done) return false;
  if (known.again !== undefined) return now >= known.again;
  return now - known.first >= after && now - (toldAt.get(reason) ?? -Infinity) >= spacing;
}

interface Task {
  notice: Notice;
  book: EventBook;
  overview: Overview;
  known: Known;
}

type Outcome = Pick<Known, 'done' | 'again' | 'failures'>;

/** @returns what is known of the notice from now on */
async function deal(state: State, task: Task): Promise<Outcome> {
  const { notice, known } = task;
  const told = await written(state, task);
  if (told === 'later') return { failures: known.failures + 1, again: 0 };
  state.toldAt.set(notice.reason, state.elapsed());
  if (!state.webhook || (told !== 'nowhere' && told.sent)) return { done: true, failures: 0 };
  if (told === 'nowhere') return await send(state, task);
  if (!told.created && !(await takeOver(state, task, told))) return later(state, known);
  return await send(state, task, told);
}

function later({ elapsed }: State, { failures }: Known): Outcome {
  return { failures: failures + 1, again: elapsed() + Math.min(LONGEST_PAUSE_MS, (CLAIM_MS + 1000) * 2 ** failures) };
}

/** The Event. `later`: the API server may take it at the next look. `nowhere`: it does not. */
async function written(state: State, { notice, book, known }: Task): Promise<Told | 'later' | 'nowhere'> {
  const { webhook, onNotice, log } = state;
  try {
    const told = await book.tell(notice, webhook !== undefined);
    if (told.created) {
      onNotice?.('event', 'sent');
      log.info({ reason: notice.reason, since: notice.since }, notice.message);
    }
    return told;
  } catch (error) {
    onNotice?.('event', 'failed');
    if (isKubernetesError(error) && error.transient && known.failures < EVENT_TRIES - 1) return 'later';
    if (!state.saidForbidden) log.warn({ err: error }, NO_EVENTS);
    state.saidForbidden = true;
    return 'nowhere';
  }
}

/** Whoever has created the Event has died, or could not send it: one of those who are left does. */
async function takeOver({ k8s, log }: State, { notice, book }: Task, told: Told): Promise<boolean> {
  if (!isAbandoned(told, clusterNow(k8s))) return false;
  try {
    return await book.claim(told);
  } catch (error) {
    log.warn(
      { reason: notice.reason, err: error },
      'a notice that somebody else has not sent could not be taken over yet',
    );
    return false;
  }
}

async function send(state: State, { notice, book, overview, known }: Task, told?: Told): Promise<Outcome> {
  const { webhook, onNotice, log } = state;
  try {
    await webhook?.send(webhookBody(notice, overview));
    onNotice?.('webhook', 'sent');
  } catch (error) {
    onNotice?.('webhook', 'failed');
    const why = error instanceof WebhookError ? error.message : 'the webhook failed in a way that is not known';
    log.warn({ reason: notice.reason, why }, 'a notice could not be sent; it is tried again as long as it stands');
    return later(state, known);
  }
  await (told && book.markSent(told))?.catch((error: unknown) =>
    log.warn(
      { reason: notice.reason, err: error },
      'it is not on the Event that it was sent: another worker may send it again',
    ),
  );
  return { done: true, failures: 0 };
}
