import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { samplerOf } from '../../../worker/spans.js';
import { wantsTraces } from '../../../worker/tracing.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('wantsTraces', () => {
  it.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['nothing is said', {}, false],
    ['an endpoint is named', ENDPOINT, true],
    ['one for traces is named', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
    ['only metrics have an endpoint', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318' }, false],
    ['the SDK is disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'True' }, false],
    ['the SDK is not disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, true],
    ['traces go nowhere', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
    ['traces go by OTLP', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp' }, true],
  ])('%s', (_what, env, wants) => expect(wantsTraces(env)).toBe(wants));
});

describe('samplerOf', () => {
  const LOW = '00000000000000000000000000000001';
  const HIGH = 'fffffffe000000000000000000000000';
  const keeps = (env: NodeJS.ProcessEnv) =>
    [LOW, HIGH].filter((trace) => {
      const { decision } = samplerOf(env).shouldSample(ROOT_CONTEXT, trace, 'span', SpanKind.INTERNAL, {}, []);
      return decision === SamplingDecision.RECORD_AND_SAMPLED;
    });

  it.each<[string, string | undefined, string | undefined, string[]]>([
    ['everything, when nothing is said', undefined, undefined, [LOW, HIGH]],
    ['everything', 'always_on', undefined, [LOW, HIGH]],
    ['nothing', 'always_off', undefined, []],
    ['nothing, without a parent', 'parentbased_always_off', undefined, []],
    ['a part of the traces', 'traceidratio', '0.5', [LOW]],
    ['the same part, without a parent', 'parentbased_traceidratio', '0.5', [LOW]],
    ['none of the traces', 'traceidratio', '0', []],
    ['all, when the part is no number', 'traceidratio', 'many', [LOW, HIGH]],
    ['all, when it is unknown', 'jaeger_remote', undefined, [LOW, HIGH]],
  ])('keeps %s', (_what, name, part, kept) => {
    expect(keeps({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: part })).toEqual(kept);
  });
});
