import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AnsweredRequest } from '../kubernetes/client.js';
import type { Overview } from '../rotation/overview.js';
import { GAUGES, seriesOf } from './gauges.js';

/** How a step, or the telling of something, went. */
export type StepOutcome = 'ok' | 'failed' | 'cancelled';
export type NoticeChannel = 'event' | 'webhook';
export type NoticeOutcome = 'sent' | 'failed';

/** What is counted in this process, and what the last look has seen (docs/operate.md has the table). */
export interface Metrics {
  stepEnded(step: string, outcome: StepOutcome, seconds: number): void;
  answered(request: AnsweredRequest): void;
  noticed(channel: NoticeChannel, outcome: NoticeOutcome): void;
  lookFailed(): void;
  /** In place of what was there: a series of what is gone goes. */
  show(overview: Overview): void;
  /** In the format that Prometheus reads. */
  exposition(): Promise<{ type: string; text: string }>;
}

/** Seconds: steps take from less than one to the days of a wait. */
const BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];

export function createMetrics({ cluster, version }: { cluster: string; version: string }): Metrics {
  const registers = [new Registry()];
  const [register] = registers as [Registry];
  collectDefaultMetrics({ register });
  new Gauge({
    ...{ name: 'reroot_build_info', help: 'The version of reroot that runs.', labelNames: ['version'], registers },
  }).set({ version }, 1);
  const gauges = GAUGES.map(({ name, help, labels }) => {
    return { name, gauge: new Gauge({ name, help, labelNames: ['cluster', ...labels], registers }) };
  });
  const { steps, requests, notices, failures } = counted(registers);
  failures.inc({ cluster }, 0);
  return {
    stepEnded: (step, outcome, seconds) => steps.observe({ cluster, step, outcome }, seconds),
    answered: (request) => requests.inc({ cluster, ...request }),
    noticed: (channel, outcome) => notices.inc({ cluster, channel, outcome }),
    lookFailed: () => failures.inc({ cluster }),
    show: (overview) => {
      const series = seriesOf(overview);
      for (const { name, gauge } of gauges) {
        gauge.reset();
        for (const { labels = {}, value } of series[name] ?? []) gauge.set({ cluster, ...labels }, value);
      }
    },
    exposition: async () => ({ type: register.contentType, text: await register.metrics() }),
  };
}

function counted(registers: Registry[]) {
  const counter = (name: string, help: string, labels: string[]) =>
    new Counter({ name, help, labelNames: ['cluster', ...labels], registers });
  return {
    steps: new Histogram({
      name: 'reroot_step_duration_seconds',
      help: 'How long steps took, each try of its own.',
      labelNames: ['cluster', 'step', 'outcome'],
      buckets: BUCKETS,
      registers,
    }),
    requests: counter('reroot_api_requests_total', 'Requests to the API server, by how they were answered.', [
      'verb',
      'resource',
      'code',
    ]),
    notices: counter('reroot_notices_total', 'Events and calls of the webhook.', ['channel', 'outcome']),
    failures: counter('reroot_look_failures_total', 'Looks at the mesh that have failed.', []),
  };
}
