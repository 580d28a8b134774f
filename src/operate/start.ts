import { setTimeout as sleep } from 'node:timers/promises';
import { PAGES } from '../picture/index.js';
import type { Overview } from '../rotation/overview.js';
import { gatherer, type Gatherer, type Sources } from './gather.js';
import { isLookDue, type Looked, pulseMs } from './look-due.js';
import type { Metrics } from './metrics.js';
import { reasonOf } from './problems.js';
import { serveHttp } from './server.js';

export interface OperateOptions extends Sources {
  /** `host:port` to serve at; port 0: any that is free. */
  address: string;
  /** Milliseconds between two looks at the mesh while a rotation is under way; 20 times that between rotations. */
  lookIntervalMs: number;
  metrics: Metrics;
  /** In words; undefined: whoever runs this is ready. */
  whyNotReady?: (() => string | undefined) | undefined;
  /** Told of each overview, one after the other; that it fails is logged. */
  tell?: ((overview: Overview) => Promise<void>) | undefined;
  log: { warn(fields: object, message: string): void };
}

export interface Operating {
  /** `http://127.0.0.1:8080`: where it is served. */
  url: string;
  /** As gathered last. */
  overview(): Overview;
  stop(): Promise<void>;
}

/** Milliseconds that what is under way gets to end. */
const LAST_MS = 2000;

/**
 * Looks at the cluster again and again, tells what it sees, and serves it; a look that fails is a sentence in the next overview.
 * @throws Error when it cannot listen at the address
 */
export async function startOperating(options: OperateOptions): Promise<Operating> {
  const { k8s, metrics, whyNotReady } = options;
  const gathered = gatherer(options);
  const over = new AbortController();
  const server = await serveHttp(options.address, {
    overview: gathered.overview,
    pages: PAGES,
    metrics: async () => await metrics.exposition(),
    whyNotReady: () => whyNotReady?.() ?? (k8s.clock?.now() ? undefined : 'the API server has not answered yet'),
  });
  const ended = lookOn(gathered, options, over.signal);
  return {
    url: server.url,
    overview: gathered.overview,
    stop: async () => {
      over.abort();
      await server.close();
      await Promise.race([ended, sleep(LAST_MS, undefined, { ref: false })]);
    },
  };
}

/** Whatever goes wrong is logged: nothing that looks may end what does the work. */
async function lookOn(gathered: Gatherer, options: OperateOptions, signal: AbortSignal): Promise<void> {
  const { lookIntervalMs: intervalMs, log } = options;
  const publish = publisher(gathered, options);
  let last: Looked | undefined;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const [phase, began] = [gathered.phase(), performance.now()];
    const seen = await logged(log, async () => await gathered.look(signal));
    const endedAt = performance.now();
    last = { endedAt, tookMs: endedAt - began, phase, failed: !seen };
    if (!seen && !signal.aborted) options.metrics.lookFailed();
    looking = undefined;
    publish();
  };
  while (!signal.aborted) {
    await logged(log, async () => await gathered.ask());
    const [phase, isRotating] = [gathered.phase(), gathered.isRotating()];
    if (!looking && isLookDue(last, { now: performance.now(), phase, isRotating, intervalMs })) looking = look();
    publish();
    await sleep(pulseMs({ isRotating, intervalMs }), undefined, { ref: false, signal }).catch(() => undefined);
  }
  await looking;
}

/** Shows and tells the newest overview. Nobody is waited for: while one is told, the others are left out but the newest. */
function publisher(gathered: Gatherer, { metrics, tell, log }: OperateOptions): () => void {
  let isTelling = false;
  let isNewer = false;
  const tellAll = async (): Promise<void> => {
    isTelling = true;
    while (isNewer) {
      isNewer = false;
      await logged(log, async () => await tell?.(gathered.overview()));
    }
    isTelling = false;
  };
  return () => {
    void logged(log, async () => await Promise.resolve(metrics.show(gathered.overview())));
    isNewer = true;
    if (!isTelling) void tellAll();
  };
}

async function logged<T>(log: OperateOptions['log'], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    log.warn({ why: reasonOf(error) }, 'the cluster could not be looked at, or nobody could be told');
    return undefined;
  }
}
