import { expect, it, vi } from 'vitest';
import type { RenewalLook } from '../../../src/rotation/watch.js';
import type { WatchStatus } from '../../../src/rotation/watch-status.js';
import { watchTrustRoot } from '../../../workflows/watch-trust-root.js';

/** What Temporal is asked for, and how long the history is by then. */
const temporal = vi.hoisted(() => ({ historyLength: 0, pauses: [] as number[], looks: 0, carried: [] as unknown[] }));

const LOOK: RenewalLook = {
  ...{ at: '2026-11-29T12:00:00Z', linkerdNamespace: 'linkerd', clusterUid: 'uid', certificate: 'cert-manager/root' },
  root: { fingerprint: 'a'.repeat(64), commonName: 'a', notBefore: '', notAfter: '' },
  inUse: [{ fingerprint: 'b'.repeat(64), commonName: 'b', notBefore: '', notAfter: '' }],
};

vi.mock('@temporalio/workflow', () => ({
  workflowInfo: () => ({ workflowId: 'w', taskQueue: 'front', historyLength: temporal.historyLength }),
  setHandler: () => undefined,
  defineQuery: (name: string) => name,
  defineUpdate: (name: string) => name,
  setCurrentDetails: () => undefined,
  upsertSearchAttributes: () => undefined,
  proxyLocalActivities: () => ({ knowsSearchAttributes: async () => await Promise.resolve(true) }),
  proxyActivities: () => ({
    lookForRenewal: async () => {
      temporal.looks += 1;
      temporal.historyLength += 11;
      return await Promise.resolve(LOOK);
    },
  }),
  // the 10 s within which a look is expected to be over, and the pauses between looks
  condition: async (_: unknown, pause: number | string) => {
    if (typeof pause === 'number') temporal.pauses.push(pause);
    return await Promise.resolve(true);
  },
  continueAsNew: async (...args: unknown[]) => {
    temporal.carried = args;
    return await Promise.reject(new Error('continued as new'));
  },
  isCancellation: () => false,
  log: { info: () => undefined, warn: () => undefined },
  ActivityFailure: Error,
  TimeoutFailure: class extends Error {},
  ApplicationFailure: class extends Error {},
}));

it('a watch that waits for a person goes on in a new run before its history is long, and takes with it what it waits for', async () => {
  const input = { every: '1m', onRenewal: 'ask' } as const;
  await expect(watchTrustRoot(input)).rejects.toThrow('continued as new');
  expect(temporal.looks).toBeGreaterThan(200);
  expect(new Set(temporal.pauses)).toEqual(new Set([60_000]));
  const [same, status] = temporal.carried as [unknown, WatchStatus];
  expect(same).toBe(input);
  expect(status.waiting?.kind).toBe('approval');
  expect(JSON.stringify(status).length).toBeLessThan(4000);
});
