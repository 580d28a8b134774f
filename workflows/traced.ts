import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * OpenTelemetry's interceptors, for the bundle of a worker that traces (worker/tracing.ts). Not of queries and of validators
 * of updates: what leaves nothing in the history must not draw from the workflow's random numbers, of which spans are
 * named, or a replay names them otherwise.
 */
export function interceptors(): WorkflowInterceptors {
  const tracing = new OpenTelemetryInboundInterceptor();
  return {
    inbound: [
      {
        execute: async (input, next) => await tracing.execute(input, next),
        handleSignal: async (input, next) => await tracing.handleSignal(input, next),
        handleUpdate: async (input, next) => await tracing.handleUpdate(input, next),
      },
    ],
    outbound: [new OpenTelemetryOutboundInterceptor()],
    internals: [new OpenTelemetryInternalsInterceptor()],
  };
}
