import { describe, expect, it } from 'vitest';
import { largestPayload, looksIn } from '../../../../sandbox/bench/history.js';
import { hottestOf, profileText, selfTimes } from '../../../../sandbox/bench/profile.js';
import { flightOf, type Sample, signingRate, workerCpuBetween } from '../../../../sandbox/bench/sampler.js';
import { requestsIn } from '../../../../sandbox/bench/worker-figures.js';

type Event = NonNullable<Parameters<typeof looksIn>[0]['events']>[number];

describe('a history', () => {
  const at = (seconds: number): Event => ({ eventTime: { seconds, nanos: 500_000_000 } }) as unknown as Event;
  const scheduled = (eventId: number, name: string): Event =>
    ({ eventId, activityTaskScheduledEventAttributes: { activityType: { name } } }) as unknown as Event;
  const started = (eventId: number, scheduledEventId: number, seconds: number): Event =>
    ({ ...at(seconds), eventId, activityTaskStartedEventAttributes: { scheduledEventId } }) as unknown as Event;
  const completed = (startedEventId: number, seconds: number): Event =>
    ({ ...at(seconds), activityTaskCompletedEventAttributes: { startedEventId } }) as unknown as Event;

  it('tells of every look at the whole mesh that came to its end, and how long it took', () => {
    const events = [
      ...[scheduled(1, 'preflight'), scheduled(2, 'swapIssuer'), started(3, 1, 10), started(4, 2, 11)],
      ...[completed(3, 14), completed(4, 15), scheduled(7, 'checkGate'), scheduled(8, 'checkGate')],
      ...[started(9, 8, 20), started(10, 7, 21), completed(9, 22)],
    ];
    expect(looksIn({ events })).toEqual([
      { activity: 'preflight', startedAt: 10_500, seconds: 4 },
      { activity: 'checkGate', startedAt: 20_500, seconds: 2 },
    ]);
  });

  it('has a largest payload, wherever that stands', () => {
    const payload = (bytes: number) => ({ metadata: {}, data: new Uint8Array(bytes) });
    expect(
      largestPayload({
        events: [{ a: { payloads: [payload(5), payload(70)] } }, { b: { fields: { c: payload(9) } } }],
      }),
    ).toBe(70);
    expect(largestPayload({ events: [{ token: new Uint8Array(500) }] })).toBe(0);
  });
});

describe('samples', () => {
  const sample = (seconds: number, proxies: number, ready: number, leavesSigned: number): Sample => ({
    at: seconds * 1000,
    counts: { proxies, ready, leavesSigned, begunControlPlane: 0, begunDataPlane: 0 },
    availableMb: 1000,
  });

  it('count as in flight whoever is not ready, and whoever has gone and is not back', () => {
    const samples = [sample(10, 100, 100, 0), sample(11, 90, 80, 0), sample(12, 120, 100, 0)];
    expect(flightOf(samples, 10_000, 100)).toEqual([
      [0, 0],
      [1, 20],
      [2, 20],
    ]);
  });

  it('are thinned out to what a picture can show, keeping the peaks', () => {
    const samples = Array.from({ length: 1000 }, (_, second) => sample(second, 100, second === 777 ? 1 : 100, 0));
    const flight = flightOf(samples, 0, 100);
    expect(flight.length).toBeLessThanOrEqual(240);
    expect(Math.max(...flight.map(([, pods]) => pods))).toBe(99);
  });

  it('give the mean and the peak of what identity signs', () => {
    const samples = Array.from({ length: 21 }, (_, second) =>
      sample(second, 0, 0, second < 10 ? 0 : Math.min(second - 10, 5) * 40),
    );
    expect(signingRate(samples)).toEqual({ mean: 10, peak: 40 });
    expect(signingRate([])).toEqual({ mean: 0, peak: 0 });
  });

  it('tell what the worker has used between two moments', () => {
    const samples = [0, 1, 2, 3].map((second) => ({ ...sample(second, 0, 0, 0), workerCpuSeconds: second / 2 }));
    expect(workerCpuBetween(samples, 1000, 3000)).toBe(1);
    expect(workerCpuBetween(samples, -1, 2000)).toBe(1);
  });
});

it('finds the requests of the workers that ended last in their log', () => {
  const line = (count: number) => JSON.stringify({ level: 30, requests: { 'GET pods': count }, msg: 'worker ended' });
  expect(requestsIn(`{"msg":"x"}\n${line(1)}\nTypeError: no JSON\n${line(2)}\n`)).toEqual({ 'GET pods': 2 });
  expect(requestsIn('{"msg":"worker polls"}\n')).toBeUndefined();
  expect(requestsIn([line(1), line(2), line(3)].join('\n'), 2)).toEqual({ 'GET pods': 5 });
  expect(requestsIn(line(1), 2)).toBeUndefined();
});

it('names the hottest functions of a profile by the time in themselves', () => {
  const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0, columnNumber: 0 });
  const selves = selfTimes({
    nodes: ['(root)', '(idle)', '(garbage collector)', 'hot', 'warm', 'hot'].map((name, id) => ({
      id,
      callFrame: frame(name),
    })),
    samples: [1, 2, 3, 4, 5, 3],
    timeDeltas: [5e6, 1e6, 2e6, 3e6, 1e6, 1e6],
  });
  const profile = hottestOf(selves, () => 'a.ts:1');
  expect(profile).toEqual({
    ...{ busySeconds: 8, garbageSeconds: 1 },
    functions: [
      { name: 'hot', where: 'a.ts:1', seconds: 4 },
      { name: 'warm', where: 'a.ts:1', seconds: 3 },
    ],
  });
  expect(profileText(profile)).toEqual([
    'JavaScript took 8.0 s, 1.0 s (12.5 %) of it for garbage; by self time, which includes waiting for a processor:',
    '4.0 s (50.0 %) hot a.ts:1',
    '3.0 s (37.5 %) warm a.ts:1',
  ]);
});
