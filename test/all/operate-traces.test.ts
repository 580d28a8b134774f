import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { cliProgram } from '../../sandbox/kit/index.js';
import { replays } from '../../worker/replay.js';
import { expectNoRefusal, type OwnMesh, ownMesh, seenThrough } from '../integration/own-mesh.js';
import { eventually, ROTATION_MS, statusWhere } from '../integration/support.js';

/** A worker that traces, and an OpenTelemetry collector that keeps what it is sent. */

interface Span {
  name: string;
  trace: string;
  id: string;
  parent: string;
  attributes: Record<string, unknown>;
  /** Milliseconds. */
  lasted: number;
}

interface Value {
  stringValue?: string | null;
}

interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: {
      spans: {
        name: string;
        traceId: Buffer;
        spanId: Buffer;
        /** Null: it has none. */
        parentSpanId: Buffer | null;
        startTimeUnixNano: { toString(): string };
        endTimeUnixNano: { toString(): string };
        attributes: { key: string; value: Value }[];
      }[];
    }[];
  }[];
}

const require = createRequire(import.meta.url);
const generated = require('@opentelemetry/otlp-transformer/build/src/generated/root.js') as {
  opentelemetry: {
    proto: { collector: { trace: { v1: { ExportTraceServiceRequest: { decode(body: Buffer): Sent } } } } };
  };
};
const { ExportTraceServiceRequest } = generated.opentelemetry.proto.collector.trace.v1;

const spans: Span[] = [];
const services = new Set<unknown>();
const raw: Buffer[] = [];

function keep(body: Buffer): void {
  raw.push(body);
  const facts = (all: { key: string; value: Value }[]) =>
    Object.fromEntries(all.map(({ key, value }) => [key, value.stringValue ?? value]));
  for (const { resource, scopeSpans } of ExportTraceServiceRequest.decode(body).resourceSpans) {
    services.add(facts(resource.attributes)['service.name']);
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({
        name: span.name,
        trace: span.traceId.toString('hex'),
        id: span.spanId.toString('hex'),
        parent: span.parentSpanId?.toString('hex') ?? '',
        attributes: facts(span.attributes),
        lasted: Number((BigInt(String(span.endTimeUnixNano)) - BigInt(String(span.startTimeUnixNano))) / 1_000_000n),
      });
    }
  }
}

const collector = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts);
    keep(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
});

let mesh: OwnMesh;
let traced: NodeJS.ProcessEnv;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '100' };
  mesh = await ownMesh();
});
afterEach(async () => await mesh.endRotations());
afterAll(async () => {
  await mesh.stop();
  collector.closeAllConnections();
  collector.close();
});

const FAST = { strategy: 'standard', approvals: 'none' } as const;
const named = (name: RegExp) => spans.filter((span) => name.test(span.name));
const bundle = (name: string, more = {}) => ({
  workflowBundle: { codePath: path.join(path.dirname(cliProgram()), name) },
  ...more,
});

it('sends the spans of a rotation and of its steps as one tree, over the death of a worker, and neither keys nor payloads', async () => {
  await mesh.changeWorker(undefined, traced);
  const handle = await mesh.start(FAST);
  await statusWhere(handle, 'trust', ({ phase }) => phase === 'trust');
  await mesh.worker().kill();
  await mesh.changeWorker(undefined, traced);
  expect((await seenThrough(handle)).outcome).toBe('completed');
  await mesh.changeWorker(undefined, traced); // it sends what it has before it ends
  const [root, ...others] = await eventually('the span of the workflow', async () => {
    const found = named(/^RunWorkflow:/);
    return found.length > 0 && found;
  });

  expect(others).toEqual([]);
  expect(root).toMatchObject({ name: 'RunWorkflow:rotateTrustRoot', parent: '' });
  expect(root?.attributes).toMatchObject({ workflowId: handle.workflowId, taskQueue: 'reroot', namespace: 'default' });
  expect([...services]).toEqual(['reroot']);
  expect(new Set(spans.map(({ trace }) => trace))).toEqual(new Set([root?.trace]));
  const asked = named(/^StartActivity:/);
  const done = named(/^RunActivity:/);
  expect(new Set(asked.map(({ parent }) => parent))).toEqual(new Set([root?.id]));
  expect(done.map(({ name }) => name)).toEqual(
    expect.arrayContaining(
      ['preflight', 'generate', 'checkGate', 'writeIssuer', 'dropRetired', 'finish'].map(
        (step) => `RunActivity:${step}`,
      ),
    ),
  );
  // each step is below the span that asked for it, by whichever worker; what the dead one had not sent yet is lost
  const stepIn = ({ name }: Span) => name.replace(/^\w+:/, '');
  const orphans = done.filter(({ parent }) => !asked.some(({ id }) => id === parent));
  const childless = asked.filter(({ id }) => !done.some(({ parent }) => parent === id)).map(stepIn);
  expect(orphans.length).toBeLessThan(4);
  expect(orphans.map(stepIn).filter((step) => childless.includes(step))).toEqual([]);
  const mixedUp = asked.filter((above) =>
    done.some((span) => span.parent === above.id && stepIn(span) !== stepIn(above)),
  );
  expect(mixedUp).toEqual([]);

  const attributes = new Set(spans.flatMap((span) => Object.keys(span.attributes)));
  expect([...attributes].toSorted()).toEqual([
    'namespace',
    'runId',
    'run_id',
    'taskQueue',
    'temporalActivityId',
    'temporalWorkflowId',
    'workflowId',
    'workflowType',
  ]);
  const sent = Buffer.concat(raw).toString('latin1');
  expect(sent).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE|"strategy"|approvals/);
  for (const name of ['reroot-trust-root', 'linkerd-identity-issuer'])
    for (const [key, value] of Object.entries(await mesh.secret(name)))
      for (const line of value.split('\n').filter((text) => text.length > 40))
        expect(sent.includes(line), `${name} ${key}`).toBe(false);

  const history = await handle.client.getHandle(handle.workflowId).fetchHistory();
  const sinks = { exporter: { export: { fn: () => undefined } } };
  expect(await replays(bundle('workflows.js'), history, handle.workflowId)).toBe(true);
  expect(await replays(bundle('workflows-traced.js', { sinks }), history, handle.workflowId)).toBe(true);
  await expectNoRefusal(mesh);
});

it('may be turned on and off in the middle of a rotation', async () => {
  await mesh.changeWorker();
  const handle = await mesh.start(FAST);
  await statusWhere(handle, 'trust', ({ phase }) => phase === 'trust');
  const untracedMb = mesh.worker().peakRssMb();
  const before = spans.length;
  await mesh.changeWorker(undefined, traced);
  await eventually('steps of the worker that traces', async () => spans.length > before + 3, ROTATION_MS);
  const tracedMb = mesh.worker().peakRssMb();
  await mesh.changeWorker();
  expect((await seenThrough(handle)).outcome).toBe('completed');
  process.stdout.write(`peak RSS: ${untracedMb} MB without traces, ${tracedMb} MB with\n`);
  await expectNoRefusal(mesh);
});
