// first: it makes the isolate a place that OpenTelemetry can be loaded in
import { SPAN_DELIMITER, SpanName } from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import {
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { extractContextFromHeaders, TRACE_HEADER } from '@temporalio/interceptors-opentelemetry/lib/instrumentation.js';
import { SpanExporter } from '@temporalio/interceptors-opentelemetry/lib/workflow/span-exporter.js';
import { ContinueAsNew, workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Traces of workflow code, for the bundle of a worker that traces (worker/tracing.ts): a span of the run, and below it one
 * of each step. Beside the promises of the rotation, not between them: those of @temporalio/interceptors-opentelemetry wait
 * for each promise once more, which may change the order of two commands, so that a history of a worker that traces would
 * not be continued by one that does not. Queries and updates have no spans: what may leave no event must not draw from the
 * workflow's random numbers, of which spans get their names.
 */
export function interceptors(): WorkflowInterceptors {
  const tracer = tracerOfRun();
  let run: Span | undefined;
  const begin = (name: string): { span: Span; headers: (before: Headers) => Headers } => {
    const span = tracer.startSpan(name, {}, run ? trace.setSpan(ROOT_CONTEXT, run) : ROOT_CONTEXT);
    return { span, headers: (before) => ({ ...before, [TRACE_HEADER]: headerOf(span) }) };
  };
  return {
    inbound: [
      {
        execute: (input, next) => {
          const parent = extractContextFromHeaders(input.headers) ?? ROOT_CONTEXT;
          run = tracer.startSpan(nameOf(SpanName.WORKFLOW_EXECUTE, workflowInfo().workflowType), {}, parent);
          return endedWith(run, next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => {
          const { span, headers } = begin(nameOf(SpanName.ACTIVITY_START, input.activityType));
          return endedWith(span, next({ ...input, headers: headers(input.headers) }));
        },
        scheduleLocalActivity: (input, next) => {
          const { span, headers } = begin(nameOf(SpanName.ACTIVITY_START, input.activityType));
          return endedWith(span, next({ ...input, headers: headers(input.headers) }));
        },
        continueAsNew: (input, next) => {
          const header = run && { [TRACE_HEADER]: headerOf(run) };
          return next({ ...input, headers: { ...input.headers, ...header } });
        },
      },
    ],
  };
}

function tracerOfRun(): Tracer {
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new SpanExporter())] });
  provider.register();
  return provider.getTracer('reroot');
}

function nameOf(what: SpanName, type: string): string {
  return `${what}${SPAN_DELIMITER}${type}`;
}

function headerOf(span: Span) {
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return defaultPayloadConverter.toPayload(carrier);
}

/** The very promise that is given: whoever waits for it goes on as if nobody else did. */
function endedWith<T>(span: Span, work: Promise<T>): Promise<T> {
  work.then(
    () => end(span, { code: SpanStatusCode.OK }),
    (error: unknown) => end(span, isNoFailure(error) ? { code: SpanStatusCode.OK } : failure(span, error)),
  );
  return work;
}

function isNoFailure(error: unknown): boolean {
  return error instanceof ContinueAsNew;
}

function failure(span: Span, error: unknown) {
  const known = error instanceof Error ? error : String(error);
  span.recordException(known);
  return { code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) };
}

function end(span: Span, status: Parameters<Span['setStatus']>[0]): void {
  span.setStatus(status);
  span.end();
}
