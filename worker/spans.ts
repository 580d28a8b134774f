import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { envDetectorSync, Resource } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { LONGEST_SAYING, plain } from '../src/ground/plain.js';
import type { Tracing } from './tracing.js';

/** Milliseconds for the last spans to be taken. */
const LAST_MS = 3000;
/** Between two words on a collector that takes nothing. */
const SAID_AGAIN_MS = 600_000;

/** Sends the spans of workflows and steps to the collector that OpenTelemetry's variables name. */
export function sendSpans(env: NodeJS.ProcessEnv, log: Logger): Tracing {
  diag.setLogger(quietly(log), DiagLogLevel.WARN);
  const own = new Resource({ 'service.name': 'reroot', 'service.version': packageJson.version });
  const resource = own.merge(envDetectorSync.detect());
  const processor = sampled(new BatchSpanProcessor(new OTLPTraceExporter()), samplerOf(env));
  const provider = new BasicTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [processor],
  });
  provider.register({ contextManager: contexts() });
  const tracer = provider.getTracer('reroot');
  return {
    options: {
      interceptors: {
        activity: [
          (ctx) => ({
            inbound: new OpenTelemetryActivityInboundInterceptor(ctx, { tracer }),
            outbound: new OpenTelemetryActivityOutboundInterceptor(ctx),
          }),
        ],
      },
      sinks: workflowSpans(processor, resource),
    },
    end: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_MS).unref());
      await Promise.race([provider.shutdown(), late]).catch(() => undefined);
    },
  };
}

/** Of what Temporal knows of a workflow only its names go into spans: the rest has memos, results and failures in it. */
function workflowSpans(processor: SpanProcessor, resource: Resource) {
  const exporter = makeWorkflowExporter(processor, resource);
  const send: typeof exporter.export.fn = async ({ workflowId, runId, workflowType, taskQueue, namespace }, spans) => {
    const names = { workflowId, runId, workflowType, taskQueue, namespace };
    await exporter.export.fn(names as Parameters<typeof send>[0], spans);
  };
  return { exporter: { export: { fn: send } } };
}

/**
 * `OTEL_TRACES_SAMPLER`, by the number of the trace alone: workflow code, where traces begin, knows no variables. So all
 * spans of a trace are sent, or none.
 */
export function samplerOf({
  OTEL_TRACES_SAMPLER: name = '',
  OTEL_TRACES_SAMPLER_ARG: part,
}: NodeJS.ProcessEnv): Sampler {
  const ratio = part === undefined || part === '' ? 1 : Number(part);
  switch (name.trim().toLowerCase().replace('parentbased_', '')) {
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1);
    default:
      return new AlwaysOnSampler();
  }
}

function sampled(processor: SpanProcessor, sampler: Sampler): SpanProcessor {
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd: (span) => {
      const { traceId } = span.spanContext();
      const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId, span.name, SpanKind.INTERNAL, {}, []);
      if (decision === SamplingDecision.RECORD_AND_SAMPLED) processor.onEnd(span);
    },
    forceFlush: async () => await processor.forceFlush(),
    shutdown: async () => await processor.shutdown(),
  };
}

/** Which span a step is in, along its promises. */
function contexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, fn, self, ...args) =>
      storage.run(context, () => fn.apply(self as ThisParameterType<typeof fn>, args)),
    bind: (context, target) => {
      if (typeof target !== 'function') return target;
      const bound = (...args: unknown[]): unknown => storage.run(context, () => (target as CallableFunction)(...args));
      return bound as typeof target;
    },
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

/** What OpenTelemetry says of a collector that is away would be said with each batch. */
function quietly(log: Logger) {
  let saidAt = -Infinity;
  const say = (message: string): void => {
    if (performance.now() - saidAt < SAID_AGAIN_MS) return;
    saidAt = performance.now();
    log.warn({ said: plain(message, LONGEST_SAYING) }, 'traces: OpenTelemetry has a problem; rotations go on without');
  };
  const nothing = (): void => undefined;
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}
