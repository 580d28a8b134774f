import { describe, expect, it } from 'vitest';
import { readMeshedPod } from '../../../../src/linkerd/proxies/pods.js';

describe('a meshed pod', () => {
  const spec = { containers: [{ name: 'linkerd-proxy' }] };
  it('says when it was made, and when it should be gone', () => {
    const creationTimestamp = new Date('2026-01-01T00:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', creationTimestamp }, spec })).toMatchObject({
      terminating: false,
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    const deletionTimestamp = new Date('2026-01-01T01:00:00Z');
    expect(readMeshedPod({ metadata: { name: 'web-1', deletionTimestamp }, spec })).toMatchObject({
      terminating: true,
      deletedAt: '2026-01-01T01:00:00.000Z',
    });
  });
});
