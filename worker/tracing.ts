import type { WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Traces of rotations, for whoever has an OpenTelemetry collector: on when the usual variables say so. */
export interface Tracing {
  /** What each of a process's workers is made with. */
  options: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
  /** Sends what has not been sent. Never throws. */
  end(): Promise<void>;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Whether the usual variables of OpenTelemetry ask for traces (its specification: SDK environment variables). */
export function wantsTraces(env: NodeJS.ProcessEnv): boolean {
  const said = (name: string) => env[name]?.trim().toLowerCase() ?? '';
  if (said('OTEL_SDK_DISABLED') === 'true' || said('OTEL_TRACES_EXPORTER') === 'none') return false;
  return ENDPOINTS.some((name) => said(name) !== '');
}

/** Begins to trace, if asked to; the rest of the variables is read by OpenTelemetry. Who does not trace does not load it. */
export async function startTracing(env: NodeJS.ProcessEnv, log: Logger): Promise<Tracing | undefined> {
  if (!wantsTraces(env)) return undefined;
  const { sendSpans } = await import('./spans.js');
  return sendSpans(env, log);
}
