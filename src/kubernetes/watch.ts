import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type RequestContext, type ResponseContext, ServerConfiguration } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { fromResponse } from './errors.js';

/** Changes of one resource as they happen (Kubernetes API concepts, "Efficient detection of changes"). */

/** What a watch is opened with. */
export interface WatchRequest {
  /** `/apis/apps/v1/deployments`: of the whole cluster. */
  path: string;
  labelSelector?: string;
  /** Another form of the objects than the whole. */
  accept?: string;
  /** Of the list that it goes on from. */
  resourceVersion: string;
  signal: AbortSignal;
}

/** A watched object, as JSON has it; what else is in it is for the reader to know. */
export interface WatchedObject {
  metadata?: { uid?: string; resourceVersion?: string };
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: WatchedObject;
}

/**
 * Opens a watch. It ends by itself after some minutes, and is opened again from the version of its last event.
 * @throws KubernetesError also in the midst of it; status 410: that version is forgotten, and a list is due
 */
export type OpenWatch = (request: WatchRequest) => AsyncGenerator<WatchEvent>;

/** Seconds after which the server ends it. What is cut off without a word is noticed some seconds later. */
const LASTS_S = 120;
const GOODBYE_MS = 15_000;

interface Way {
  server: string;
  /** Every request passes here. */
  pre(request: RequestContext): Promise<RequestContext>;
  open(request: RequestContext, signal: AbortSignal): Promise<ResponseContext>;
}

export function watching({ server, pre, open }: Way): OpenWatch {
  const base = new ServerConfiguration(server, {});
  return async function* watch({ path, accept, labelSelector, resourceVersion, signal }) {
    const request = base.makeRequestContext(path, 'GET');
    const query = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: `${LASTS_S}`, resourceVersion };
    for (const [name, value] of Object.entries({ ...query, ...present({ labelSelector }) }))
      request.setQueryParam(name, value);
    request.setHeaderParam('Accept', accept ?? 'application/json');
    const over = AbortSignal.any([signal, AbortSignal.timeout(LASTS_S * 1000 + GOODBYE_MS)]);
    const { httpStatusCode: status, headers, body } = await open(await pre(request), over);
    if (status >= 400) throw fromResponse(`watch ${path}`, status, headers, await body.text());
    const stream = Readable.fromWeb(body.stream() as unknown as ReadableStream);
    try {
      for await (const line of createInterface({ input: stream })) yield eventOf(line, path);
    } finally {
      stream.destroy();
    }
  };
}

/** @throws KubernetesError for what the server says instead of an event */
function eventOf(line: string, path: string): WatchEvent {
  const event = JSON.parse(line) as WatchEvent | { type: 'ERROR'; object: { code?: number } };
  if (event.type !== 'ERROR') return event;
  throw fromResponse(`watch ${path}`, event.object.code ?? 500, {}, JSON.stringify(event.object));
}
