import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvHttpProxyAgent, request } from 'undici';
import { plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { Notice } from './notices.js';

/**
 * Notices for a chat or a pager: one JSON message each, by POST. The address is a secret, because who knows it may write
 * there: of it only the host is ever told.
 */

/** Where the address is: in a variable, or in a file, which is read at each message. */
export interface WebhookPlace {
  url?: string | undefined;
  file?: string | undefined;
}

export interface Webhook {
  /** Returns when the receiver has taken it. @throws WebhookError */
  send(body: WebhookBody): Promise<void>;
}

/** What is sent. `text` is what Slack, Mattermost and the like show; `reroot` is for programs. */
export interface WebhookBody {
  text: string;
  reroot: Pick<Notice, 'key' | 'reason' | 'type' | 'message' | 'since' | 'workflowId' | 'phase'> & {
    cluster: string;
    version: string;
  };
}

export class WebhookError extends Error {
  override readonly name = 'WebhookError';
}

/** Milliseconds. */
export interface WebhookTimes {
  /** For one try. */
  deadline: number;
  /** Before the second try; twice that before the third. */
  backoff: number;
  /** The longest `Retry-After` that is waited for here. */
  patience: number;
}

const TIMES: WebhookTimes = { deadline: 10_000, backoff: 1000, patience: 20_000 };
const TRIES = 3;
/** Bytes of an answer that are read: nothing is made of them. */
const MOST_ANSWER = 16_384;

/** Undefined: nobody is to be told. @throws never: what is wrong with an address is said when something is to be sent */
export function webhookAt(place: WebhookPlace, times: WebhookTimes = TIMES): Webhook | undefined {
  if (!place.url && !place.file) return undefined;
  const dispatcher = new EnvHttpProxyAgent();
  const post = async (url: URL, body: string): Promise<Answer> => {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(url, {
      ...{ method: 'POST', dispatcher, body, signal: AbortSignal.timeout(times.deadline) },
      headers: { 'content-type': 'application/json', 'user-agent': 'reroot' },
    });
    await answer.dump({ limit: MOST_ANSWER }).catch(() => undefined);
    return { status: statusCode, retryAfter: retryAfter(headers['retry-after']) };
  };
  return {
    send: async (body) => {
      const url = addressIn(await readPlace(place));
      await untilTaken(async () => await post(url, JSON.stringify(body)), url.host, times);
    },
  };
}

interface Answer {
  status: number;
  /** Milliseconds. */
  retryAfter?: number | undefined;
}

async function untilTaken(post: () => Promise<Answer>, host: string, times: WebhookTimes): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const answer = await post().catch((error: unknown) => codeOf(error));
    if (typeof answer === 'object' && answer.status >= 200 && answer.status < 300) return;
    const wait = typeof answer === 'string' ? undefined : answer.retryAfter;
    const pause = wait ?? times.backoff * 2 ** (tries - 1);
    if (tries >= TRIES || !mayHelp(answer) || pause > times.patience)
      throw new WebhookError(`the webhook at ${host} has not taken a message: ${said(answer)}`);
    await sleep(pause, undefined, { ref: false });
  }
}

function mayHelp(answer: Answer | string): boolean {
  return typeof answer === 'string' || answer.status === 429 || answer.status >= 500;
}

function said(answer: Answer | string): string {
  return typeof answer === 'string' ? answer : `HTTP ${answer.status}`;
}

/** A code says enough; a text may quote the address. */
function codeOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as { code?: unknown };
    if (one.name === 'TimeoutError') return 'no answer in time';
    if (typeof code === 'string') return plain(code, 60);
  }
  return 'no connection';
}

/** Seconds, or a date (RFC 9110 section 10.2.3). @returns milliseconds */
function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

async function readPlace({ url, file }: WebhookPlace): Promise<string> {
  if (url) return url;
  try {
    return (await readFile(file ?? '', 'utf8')).trim();
  } catch (error) {
    throw new WebhookError(`the file with the webhook's address cannot be read: ${codeOf(error)}`);
  }
}

/** @throws WebhookError that does not quote it */
export function addressIn(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new WebhookError("the webhook's address is no URL that begins with https://");
  if (url.username !== '' || url.password !== '')
    throw new WebhookError(`the address of the webhook at ${url.host} has a user or a password in it`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new WebhookError(
      `the address of the webhook at ${url.host} is not https: who listens on the way would know it`,
    );
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** @param version of reroot */
export function webhookBody(notice: Notice, { cluster, version }: { cluster: string; version: string }): WebhookBody {
  const { key, reason, type, message, since, workflowId, phase } = notice;
  return {
    text: `${type === 'Warning' ? ':warning: ' : ''}*${reason}* ${escaped(message)}`,
    reroot: { key, reason, type, message, since, cluster, version, ...present({ workflowId, phase }) },
  };
}

/**
 * As Slack wants it (api.slack.com/reference/surfaces/formatting, "Escaping text"): so no name of somebody's pod is a link
 * or calls a channel. Mattermost would let `@all` do that.
 */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '＠');
}
