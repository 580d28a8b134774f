import { CancelledFailure } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { ActivityInterceptorsFactory, NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import type { AnsweredRequest, Kubernetes } from '../src/kubernetes/client.js';
import type { Prober } from '../src/linkerd/proxies/observe.js';
import { createMetrics, type Metrics, type StepOutcome } from '../src/operate/metrics.js';
import { speaker } from '../src/operate/speaker.js';
import { type Operating, startOperating } from '../src/operate/start.js';
import { webhookAt } from '../src/operate/webhook.js';
import type { WorkerConfig } from './config.js';

/** What a worker has that is looked at. */
interface Observed {
  k8s: Kubernetes;
  prober: Prober;
  connection: NativeConnection;
  /** Of Temporal. */
  namespace: string;
  workers: readonly Worker[];
}

/** What counts the requests and steps of a worker, and serves what it knows of the cluster. */
export interface Observer {
  onAnswer(answered: AnsweredRequest): void;
  timeStep: ActivityInterceptorsFactory;
  /** @throws Error when it cannot listen at REROOT_HTTP_ADDRESS */
  start(observed: Observed): Promise<Operating>;
}

/** @returns undefined where nobody has asked for it */
export function observerOf(config: WorkerConfig, log: Logger): Observer | undefined {
  const { REROOT_HTTP_ADDRESS: address, REROOT_CLUSTER: cluster } = config;
  if (address === undefined) return undefined;
  const { version } = packageJson;
  const metrics = createMetrics({ cluster, version });
  return {
    onAnswer: (answered) => metrics.answered(answered),
    timeStep: stepTimer(metrics),
    start: async ({ k8s, prober, connection, namespace, workers }) => {
      const webhook = webhookAt({ url: config.REROOT_WEBHOOK_URL, file: config.REROOT_WEBHOOK_URL_FILE });
      const options = {
        ...{ k8s, prober, temporal: new Client({ connection, namespace }), cluster, version, address, metrics, log },
        probeResults: config.REROOT_PROBE_RESULTS,
        lookIntervalMs: config.REROOT_LOOK_INTERVAL_S * 1000,
        whyNotReady: () => whyNotReady(workers),
        tell: speaker({ k8s, log, webhook, onNotice: metrics.noticed }).tell,
      };
      try {
        return await startOperating(options);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`cannot serve at REROOT_HTTP_ADDRESS ${address}: ${why}`, { cause: error });
      }
    },
  };
}

/** Both are needed: the one moves workflows along, the other carries out steps. */
function whyNotReady(workers: readonly Pick<Worker, 'getState'>[]): string | undefined {
  const other = workers.map((worker) => worker.getState()).find((state) => state !== 'RUNNING');
  return other && `a worker of Temporal is ${other}`;
}

/** Times each try of a step, and says how it went. */
export function stepTimer({ stepEnded }: Pick<Metrics, 'stepEnded'>): ActivityInterceptorsFactory {
  return ({ info: { activityType: step } }) => ({
    inbound: {
      execute: async (input, next) => {
        const began = performance.now();
        const ended = (outcome: StepOutcome) => stepEnded(step, outcome, (performance.now() - began) / 1000);
        try {
          const result = await next(input);
          ended('ok');
          return result;
        } catch (error) {
          ended(outcomeOf(error));
          throw error;
        }
      },
    },
  });
}

function outcomeOf(error: unknown): StepOutcome {
  return error instanceof CancelledFailure ? 'cancelled' : 'failed';
}
