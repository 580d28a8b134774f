import { Writable } from 'node:stream';
import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { follow } from '../../../../src/cli/view/follow.js';
import { troubleNow, troubleText } from '../../../../src/cli/view/trouble.js';
import { DEADLINE_EXCEEDED, grpcError, handleOf, UNAVAILABLE } from './fake-handle.js';

/** A look that succeeds describes the execution twice: for its state, and for what its steps do. */
const RUNNING = ['RUNNING', 'RUNNING'];
const COMPLETED = ['COMPLETED', 'COMPLETED'];

async function following(handle: WorkflowHandle, patienceMs = 60_000): Promise<{ end: string; lines: string }> {
  let lines = '';
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      lines += String(chunk);
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const end = await follow(handle, { output, signal: new AbortController().signal, server: 'host:7233', patienceMs });
  return { end, lines };
}

describe('following a rotation', () => {
  it('goes on by itself when the server was away for a moment, and says both', async () => {
    const { end, lines } = await following(handleOf([...RUNNING, UNAVAILABLE, UNAVAILABLE, ...COMPLETED]));
    expect(end).toBe('ended');
    expect(lines.replaceAll(/^\S+ /gm, '').split('\n')).toEqual([
      'trust',
      'the Temporal server at host:7233 does not answer; the rotation goes on as soon as it is back',
      'the Temporal server at host:7233 answers again',
      'trust',
      '',
    ]);
  });
  it('ends when the server stays away', async () => {
    const { end, lines } = await following(handleOf([...RUNNING, DEADLINE_EXCEEDED]), 100);
    expect(end).toBe('serverLost');
    expect(lines).toContain('the Temporal server at host:7233 does not answer');
  });
  it('goes on while only the worker does not answer', async () => {
    const { end, lines } = await following(
      handleOf([...RUNNING, ...COMPLETED], { query: async () => await Promise.reject(DEADLINE_EXCEEDED) }),
      0,
    );
    expect({ end, lines }).toEqual({ end: 'ended', lines: '' });
  });
  it.each([
    ['who may not look', grpcError(7)],
    ['without a rotation', new WorkflowNotFoundError('none', 'trust-root-prod', undefined)],
  ])('is for nobody %s', async (_what, error) => {
    await expect(following(handleOf([error]))).rejects.toBe(error);
  });
});

describe('what keeps a rotation from being seen', () => {
  it('lasts from its first look to the look without it', () => {
    const since = troubleNow(undefined, 'serverAway', 1000);
    expect(troubleNow(since, 'serverAway', 5000)).toEqual({ kind: 'serverAway', since: 1000 });
    expect(troubleNow(since, 'noWorker', 5000)).toEqual({ kind: 'noWorker', since: 5000 });
    expect(troubleNow(since, undefined, 5000)).toBeUndefined();
  });
  it('is told of a worker only when none has answered for a while', () => {
    const trouble = { kind: 'noWorker', since: 0 } as const;
    expect(troubleText(trouble, 'host', 9000)).toBeUndefined();
    expect(troubleText(trouble, 'host', 11_000)).toContain('no worker answers; the rotation stands until one does');
  });
});
