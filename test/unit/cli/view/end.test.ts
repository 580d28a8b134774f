import { stripVTControlCharacters } from 'node:util';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { type Description, endedWith, isOver, lastPutBack, readEnd } from '../../../../src/cli/session/end.js';
import { endText } from '../../../../src/cli/view/end.js';
import { endingText } from '../../../../src/rotation/ending.js';

const NOW = new Date('2026-01-09T10:00:00Z');

function execution(name: string, fields: object = {}): Description {
  return {
    type: 'rotateTrustRoot',
    workflowId: 'trust-root-prod',
    runId: 'run',
    status: { name },
    startTime: new Date('2026-01-01T10:00:00Z'),
    closeTime: new Date('2026-01-08T10:00:00Z'),
    searchAttributes: { RerootCluster: ['prod'] },
    ...fields,
  } as unknown as Description;
}

function failed(type: string, details: unknown[] = [], message = 'it went wrong') {
  return endedWith(execution('FAILED'), 'default', {
    failed: ApplicationFailure.create({ message, type, nonRetryable: true, details }),
  });
}

const textOf = (end: Parameters<typeof endText>[0]) => stripVTControlCharacters(endText(end, NOW));

describe('the end of a rotation', () => {
  it.each([
    ['RUNNING', false],
    ['CONTINUED_AS_NEW', false],
    ['PAUSED', false],
    ['UNKNOWN', false],
    ['COMPLETED', true],
    ['FAILED', true],
    ['CANCELLED', true],
    ['TERMINATED', true],
    ['TIMED_OUT', true],
  ])('%s is one: %s', (name, over) => expect(isOver(execution(name))).toBe(over));

  it('is read from its result', () => {
    const report = { outcome: 'aborted', cluster: 'prod' };
    expect(endedWith(execution('COMPLETED'), 'default', { result: report })).toEqual({
      workflowId: 'trust-root-prod',
      runId: 'run',
      cluster: 'prod',
      outcome: 'aborted',
      startedAt: '2026-01-01T10:00:00.000Z',
      finishedAt: '2026-01-08T10:00:00.000Z',
      report,
      again: 'reroot rotate --cluster prod',
    });
  });
  it('may be a plan alone', () => {
    const plan = { plan: { hash: 'abc' }, findings: [] };
    expect(endedWith(execution('COMPLETED'), 'default', { result: plan })).toMatchObject({
      outcome: 'completed',
      plan,
    });
  });
  it.each([
    ['failed', failed('PreflightFailed')],
    ['aborted', failed('Aborted')],
    ['cancelled', failed('Cancelled')],
    ['cancelled', endedWith(execution('CANCELLED'), 'x', { failed: new CancelledFailure('Workflow canceled') })],
    ['terminated', endedWith(execution('TERMINATED'), 'x', { failed: new TerminatedFailure('by hand') })],
    ['timedOut', endedWith(execution('TIMED_OUT'), 'x', { failed: new Error('timed out') })],
  ])('is %s', (outcome, end) => expect(end.outcome).toBe(outcome));
  it('names what failed under the layers that say where', () => {
    const cause = ApplicationFailure.nonRetryable('it is gone', 'RotationSecretGone');
    const layers = new ActivityFailure('activity failed', 'finish', '1', 'NON_RETRYABLE_FAILURE', 'worker', cause);
    const { failure } = endedWith(execution('FAILED'), 'x', { failed: layers });
    expect(failure).toEqual({ type: 'RotationSecretGone', message: 'it is gone' });
  });
  it('takes the cluster of the command line where the server knows none', () => {
    const unnamed = execution('TERMINATED', { searchAttributes: {}, workflowId: 'mine', type: 'rotateIssuer' });
    expect(endedWith(unnamed, 'staging', {})).toMatchObject({
      cluster: 'staging',
      again: 'reroot rotate-issuer --cluster staging --workflow-id mine',
    });
  });
});

describe('the words for it', () => {
  it.each(['InvalidInput', 'PreflightFailed', 'RotationAlreadyRunning'])('%s: it changed nothing', (type) => {
    const text = textOf(failed(type));
    expect(text).toContain(`Failed at 2026-01-08 10:00 UTC: ${type}: it went wrong`);
    expect(text).toContain('It changed nothing.');
    expect(text).not.toContain('goes on where');
  });
  it('of a failure that put the issuer back say so once, and which command goes on', () => {
    const left = { putBack: true, changed: true, leavesEnd: '2026-12-01T00:00:00Z' };
    const text = textOf(failed('RotationSecretGone', [left], `it is gone\n${endingText(left)}`));
    expect(text.split('The issuer of the start is back in its Secret.')).toHaveLength(2);
    expect(text).toContain('The command for it: `reroot rotate --cluster prod`');
    expect(text).not.toMatch(/RotationLeftBehind|⚠/);
  });
  it('of one that could not say why, and when leaves end', () => {
    const left = { putBack: false, why: 'the API server refuses', leavesEnd: '2026-01-15T12:00:00Z' };
    const text = textOf(failed('IssuerReplaced', [left]));
    expect(text).toContain('The issuer Secret was left as it is: the API server refuses.');
    expect(text).toContain('Unless a rotation goes on before, leaves end at 2026-01-15 12:00 UTC (in 6d2h).');
  });
  it('say that leaves have ended when they have', () => {
    const text = textOf(failed('IssuerReplaced', [{ putBack: false, leavesEnd: '2026-01-09T08:00:00Z' }]));
    expect(text).toContain('leaves ended at 2026-01-09 08:00 UTC (2h ago)');
  });
  it.each([
    ['Terminated', endedWith(execution('TERMINATED'), 'x', { failed: new TerminatedFailure('by hand') }), 'by hand'],
    ['Timed out', endedWith(execution('TIMED_OUT'), 'x', { failed: new Error('too late') }), 'too late'],
  ])('%s from outside: what it wrote stays, and who says until when', (word, end, why) => {
    const text = textOf(end);
    expect(text).toContain(`${word} at 2026-01-08 10:00 UTC: ${why}`);
    expect(text).toContain('Nothing was put back.');
    expect(text).toMatch(/`reroot preflight` says what is left, and until when leaves live/);
    expect(text).toContain('goes on where this one stopped');
  });
  it('of a cancellation that does not say what it did promise nothing', () => {
    const text = textOf(endedWith(execution('CANCELLED'), 'x', { failed: new CancelledFailure('Workflow canceled') }));
    expect(text).toContain('Cancelled at 2026-01-08 10:00 UTC');
    expect(text).toContain('`reroot preflight` says what is left');
    expect(text).not.toContain('put back');
  });
  it('of an abort before anything was changed ask for nothing', () => {
    expect(textOf(failed('Aborted', [], 'aborted in phase preflight, before anything was changed'))).toBe(
      '\nAborted at 2026-01-08 10:00 UTC: aborted in phase preflight, before anything was changed',
    );
  });
});

describe('what a cancelled rotation did about the issuer', () => {
  const payload = defaultPayloadConverter.toPayload({ putBack: true, changed: true });
  const step = (id: number, name: string) => ({
    eventId: id,
    activityTaskScheduledEventAttributes: { activityType: { name } },
  });
  const result = (scheduledEventId: number) => ({
    activityTaskCompletedEventAttributes: { scheduledEventId, result: { payloads: [payload] } },
  });
  const lastOf = (...events: object[]) => lastPutBack({ events });

  it('is the result of its step', () => {
    expect(lastOf(step(5, 'checkGate'), result(5), step(9, 'putBack'), result(9))).toEqual({
      putBack: true,
      changed: true,
    });
  });
  it('says so when there was nothing to put back', () => {
    const left = { putBack: false, nothing: true };
    const failure = new ApplicationFailure('stopped', 'BadCertificates', true, [left]);
    expect(textOf(endedWith(execution('FAILED'), 'x', { failed: failure }))).toContain('Nothing was changed.');
  });
  it('is not known when that step has not ended', () => {
    expect(lastOf(step(5, 'checkGate'), result(5), step(9, 'putBack'))).toBeUndefined();
    expect(lastOf(step(5, 'checkGate'), result(5))).toBeUndefined();
  });
  it('is read with its end, and shown', async () => {
    const handle = {
      describe: async () => execution('CANCELLED'),
      result: async () =>
        await Promise.reject(
          new WorkflowFailedError('no', new CancelledFailure('Workflow canceled'), 'NON_RETRYABLE_FAILURE'),
        ),
      fetchHistory: async () => ({ events: [step(9, 'putBack'), result(9)] }),
    } as unknown as WorkflowHandle;
    const end = await readEnd(handle, 'prod');
    expect(end.failure?.left).toEqual({ putBack: true, changed: true });
    expect(textOf(end)).toContain('The issuer of the start is back in its Secret.');
  });
});
