import {
  ApplicationFailure,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { followToEnd } from '../../../../src/cli/commands/follow-to-end.js';
import { handleOf, UNAVAILABLE } from '../view/fake-handle.js';

const SERVER = { server: 'embedded', address: '127.0.0.1:7233' } as const;
const RUNNING = ['RUNNING', 'RUNNING'];

afterEach(() => void vi.restoreAllMocks());

/** What a person sees of it. */
async function followed(handle: WorkflowHandle, server: Parameters<typeof followToEnd>[0] = SERVER) {
  let [stdout, stderr] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((stdout += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((stderr += String(text))));
  const code = await followToEnd(server, handle, { cluster: 'prod', output: 'json' });
  return { code, stdout, stderr };
}

function failing(type: string): WorkflowHandle {
  const failure = ApplicationFailure.nonRetryable('not now', type);
  const result = async () => await Promise.reject(new WorkflowFailedError('no', failure, 'NON_RETRYABLE_FAILURE'));
  return handleOf(['FAILED'], { result });
}

describe('following a rotation to its end', () => {
  it('names a server that goes away, says how to follow again, and that the rotation goes on', async () => {
    const { code, stderr } = await followed(handleOf([...RUNNING, UNAVAILABLE]));
    expect(stderr).toContain('The embedded Temporal server at 127.0.0.1:7233 does not answer any more');
    expect(stderr).toContain('It was in phase trust. Follow it again with: reroot rotate --cluster prod, which starts');
    expect(code).toBe(3);
  });
  it('names it also when it goes away at the very end', async () => {
    const handle = handleOf(['COMPLETED'], { result: async () => await Promise.reject(UNAVAILABLE) });
    const { code, stderr } = await followed(handle, { server: 'configured', address: 'temporal:7233' });
    expect(stderr).toContain(
      'The Temporal server at temporal:7233 does not answer any more; the rotation goes on as soon',
    );
    expect(code).toBe(3);
  });
  it('prints the report', async () => {
    const report = { outcome: 'completed' };
    const { code, stdout } = await followed(handleOf(['COMPLETED'], { result: async () => report }));
    expect(JSON.parse(stdout)).toEqual(report);
    expect(code).toBe(0);
  });
  it.each([
    ['PreflightFailed', 2],
    ['InvalidInput', 2],
    ['RotationAlreadyRunning', 2],
    ['IssuerReplaced', 1],
    ['Aborted', 1],
  ])('ends after %s with exit code %s', async (type, expected) => {
    const { code, stdout, stderr } = await followed(failing(type));
    expect(code).toBe(expected);
    expect(stderr).toContain('not now');
    expect(JSON.parse(stdout)).toMatchObject({ failure: { type } });
  });
  it('says what to do when the server has forgotten it', async () => {
    const handle = handleOf([new WorkflowNotFoundError('none', 'trust-root-prod', undefined)]);
    await expect(followed(handle)).rejects.toThrow(/does not know rotation trust-root-prod any more.*start again/);
  });
});
