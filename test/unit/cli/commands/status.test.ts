import { stripVTControlCharacters } from 'node:util';
import { TerminatedFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { statusText } from '../../../../src/cli/commands/status.js';
import type { CommonOptions } from '../../../../src/cli/options/common.js';
import { DEADLINE_EXCEEDED, grpcError, handleOf } from '../view/fake-handle.js';

const TEXT: CommonOptions = { cluster: 'prod', output: 'text' };
const JSON_OUTPUT: CommonOptions = { cluster: 'prod', output: 'json' };

const nobody = { query: async () => await Promise.reject(DEADLINE_EXCEEDED) };

/** A worker that is asked is a test that fails. */
function ended(name: string, result: () => Promise<unknown>): WorkflowHandle {
  const query = async () => await Promise.reject(new Error('a worker was asked'));
  return handleOf([name], { query, result });
}

const report = {
  outcome: 'completed',
  phases: [],
  cluster: 'prod',
  newRoot: { fingerprint: 'f', notAfter: '2036-01-01' },
  newIssuer: { notAfter: '2027-01-01' },
  oldRoots: [],
  waivers: [],
};
const terminated = async () => {
  throw new WorkflowFailedError('terminated', new TerminatedFailure('by hand'), 'NON_RETRYABLE_FAILURE');
};

describe('the status of a rotation', () => {
  it('that has ended needs no worker', async () => {
    const { text, exitCode } = await statusText(
      ended('COMPLETED', async () => report),
      TEXT,
    );
    expect(stripVTControlCharacters(text)).toContain('Completed.');
    expect(exitCode).toBe(0);
  });
  it('that has ended is a report as JSON too', async () => {
    const { text, exitCode } = await statusText(
      ended('COMPLETED', async () => report),
      JSON_OUTPUT,
    );
    expect(JSON.parse(text)).toMatchObject({ outcome: 'completed', workflowId: 'trust-root-prod', report });
    expect(exitCode).toBe(0);
  });
  it('that was aborted is not a success', async () => {
    const aborted = { ...report, outcome: 'aborted', aborted: { phase: 'trust' } };
    expect(
      (
        await statusText(
          ended('COMPLETED', async () => aborted),
          TEXT,
        )
      ).exitCode,
    ).toBe(1);
  });
  it('that was terminated says what is left, without a worker', async () => {
    const { text, exitCode } = await statusText(ended('TERMINATED', terminated), TEXT);
    expect(stripVTControlCharacters(text)).toContain('Terminated: by hand');
    expect(text).toContain('`reroot rotate --cluster prod`');
    expect(exitCode).toBe(1);
    const json = await statusText(ended('TERMINATED', terminated), JSON_OUTPUT);
    expect(JSON.parse(json.text)).toMatchObject({
      outcome: 'terminated',
      failure: { type: 'Terminated', message: 'by hand' },
    });
  });
  it('that goes on is what its worker says', async () => {
    const { text, exitCode } = await statusText(handleOf(['RUNNING']), JSON_OUTPUT);
    expect(JSON.parse(text)).toMatchObject({ outcome: 'running', phase: 'trust', namespaces: [] });
    expect(exitCode).toBe(3);
  });
  it('that no worker serves is what the server knows', async () => {
    const { text, exitCode } = await statusText(handleOf(['RUNNING'], nobody), TEXT);
    expect(stripVTControlCharacters(text)).toMatch(
      /^Rotation trust-root-prod runs, in phase trust, .*No worker answers/,
    );
    expect(text).toContain('`reroot worker --cluster prod`');
    expect(exitCode).toBe(3);
    const json = await statusText(handleOf(['RUNNING'], nobody), JSON_OUTPUT);
    expect(JSON.parse(json.text)).toMatchObject({ outcome: 'running', phase: 'trust', answered: false });
  });
  it('that may not be looked at is an error', async () => {
    const refused = grpcError(7);
    await expect(statusText(handleOf([refused]), TEXT)).rejects.toBe(refused);
  });
});
