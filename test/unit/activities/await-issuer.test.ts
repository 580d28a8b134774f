import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { awaitIssuer } from '../../../activities/await-issuer.js';
import { checkGate } from '../../../activities/check-gate.js';
import { issuerEventsSince } from '../../../src/linkerd/identity/events.js';
import { dependencies, phaseInput } from './waits.js';

vi.mock('../../../activities/kit/stored-rotation.js', () => ({
  readRotation: async () => await Promise.resolve({ linkerd: { namespace: 'linkerd', identityReplicas: 2 } }),
}));
vi.mock('../../../activities/check-gate.js', () => ({ checkGate: vi.fn<typeof checkGate>() }));
vi.mock('../../../src/linkerd/identity/events.js', () => ({ issuerEventsSince: vi.fn<typeof issuerEventsSince>() }));

const { settings, ...rest } = phaseInput('issue');
const timing = { poll: 5, issuerEvent: 60_000 };
const input = { ...rest, settings: { ...settings, timing }, swappedAt: '2026-01-01T00:00:00Z' };
const begunAgo = async (milliseconds: number) => {
  const environment = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - milliseconds });
  return await environment.run(async () => await awaitIssuer(dependencies, input));
};

beforeEach(() => {
  vi.mocked(issuerEventsSince).mockResolvedValue([]);
  vi.mocked(checkGate).mockResolvedValue({ passed: false } as Awaited<ReturnType<typeof checkGate>>);
});

describe('the wait for identity to take an issuer', () => {
  it('is over in its time, counted from its beginning and not from that of a later attempt', async () => {
    expect(await begunAgo(60_001)).toMatchObject({ outcome: 'silent' });
  });
  it('is over with the events of every replica, or with one that says no', async () => {
    const updated = { reason: 'IssuerUpdated' as const, message: '', lastSeen: new Date() };
    vi.mocked(issuerEventsSince).mockResolvedValue([updated, updated]);
    expect(await begunAgo(0)).toMatchObject({ outcome: 'updated' });
    vi.mocked(issuerEventsSince).mockResolvedValue([updated, { ...updated, reason: 'IssuerUpdateSkipped' }]);
    expect(await begunAgo(0)).toMatchObject({ outcome: 'skipped' });
  });
  it('fails when the gate cannot be looked at', async () => {
    vi.mocked(checkGate).mockRejectedValue(new Error('403'));
    await expect(begunAgo(0)).rejects.toThrow('403');
  });
});
