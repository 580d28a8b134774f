import { describe, expect, it } from 'vitest';
import { holderState, isClosed } from '../../../src/rotation/lease-holder.js';

describe('a workflow', () => {
  it.each([
    ['COMPLETED', true],
    ['FAILED', true],
    ['CANCELLED', true],
    ['TERMINATED', true],
    ['TIMED_OUT', true],
    ['RUNNING', false],
    ['PAUSED', false],
    ['CONTINUED_AS_NEW', false],
    ['UNSPECIFIED', false],
    ['UNKNOWN', false],
    ['WHATEVER_COMES', false],
  ])('that is %s has ended: %s', (status, closed) => {
    expect(isClosed(status)).toBe(closed);
  });
});

describe('the holder of the Lease', () => {
  const base = { sameNamespace: true, firstIsKnown: false };
  it.each([
    ['its newest run is open', { newest: { status: 'PAUSED', firstRunId: 'r' } }, 'alive'],
    ['its newest run has ended', { newest: { status: 'FAILED', firstRunId: 'r' } }, 'closed'],
    ['the newest run is of another chain', { newest: { status: 'RUNNING', firstRunId: 'x' } }, 'closed'],
    ['the newest run does not say of which chain it is', { newest: { status: 'RUNNING' } }, 'alive'],
    ['the server of its namespace does not know it', {}, 'closed'],
    ['another server does not know it', { sameNamespace: false }, 'unknown'],
    [
      'another server has another chain',
      { sameNamespace: false, newest: { status: 'FAILED', firstRunId: 'x' } },
      'unknown',
    ],
    ['its first run is known, its namespace is not', { sameNamespace: false, firstIsKnown: true }, 'closed'],
  ] as const)('when %s', (_when, answers, state) => {
    expect(holderState('r', { ...base, ...answers })).toBe(state);
  });
});
