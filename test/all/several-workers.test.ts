import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../sandbox/kit/index.js';
import type { GateResult, ShareInput } from '../../src/rotation/payloads.js';
import { WORTH_SHARING } from '../../src/rotation/shares.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, statusOf } from '../integration/support.js';

/** Workers of one cluster: they poll the same queue, and prove a large mesh together. */

const WORKERS = 3;
const BOOT_MS = 10 * 60_000;
/** A leaf is read in milliseconds, and renewed in two minutes: one wait of `bridge` and its gate. */
const PROOF_MS = 10 * 60_000;

let mesh: OwnMesh;
let others: WorkerProcess[] = [];
let handle: WorkflowHandle;

beforeAll(async () => {
  mesh = await ownMesh({ apps: `scale:${WORTH_SHARING}`, issuanceLifetime: '120s', kubeletLagMs: 2000, probeRate: 50 });
  others = Array.from({ length: WORKERS - 1 }, () => startWorkerProcess(mesh.sandbox));
}, BOOT_MS);
afterAll(async () => {
  await Promise.all(others.map(async (worker) => await worker.stop()));
  await mesh.endRotations();
  await mesh.stop();
});

it(
  'prove a large mesh together, each its share, with the result that one has alone',
  { timeout: PROOF_MS },
  async () => {
    handle = await mesh.start({ strategy: 'bridge', approvals: 'none' });
    const { proxies } = await mesh.sandbox.mesh.counts();
    const passed = await gateOfAll(({ passed: is }) => is);
    const shares = (await proofs(handle)).slice(-WORKERS);
    expect(shares.map(({ share }) => share.index).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(shares.map(({ share }) => share.of)).toEqual([3, 3, 3]);
    expect(new Set(shares.map(({ identity }) => identity)).size).toBeGreaterThan(1);
    for (const { result } of shares) expect(result.proxies).toBeGreaterThan(proxies / WORKERS / 2);
    const total = shares.reduce((sum, { result }) => sum + result.proven, 0);
    expect(total).toBe(proxies);
    expect(passed).toMatchObject({ proxies, proven: proxies, findings: [] });
    await expectNoRefusal(mesh);
  },
);

it('lose one of theirs in the middle of it, and nothing else', { timeout: PROOF_MS }, async () => {
  const before = (await proofs(handle)).length;
  await eventually('shares under way', async () => {
    const { pendingActivities } = (await handle.describe()).raw;
    return (pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'proveShare');
  });
  const killed = Date.now();
  await others.pop()?.kill();
  await eventually('the proof all the same', async () => (await proofs(handle)).length >= before + WORKERS);
  const gate = await gateOfAll(({ at }) => Date.parse(at) > killed);
  expect(gate.proxies).toBe((await mesh.sandbox.mesh.counts()).proxies);
});

type Gate = NonNullable<RotationStatus['gate']>;

/** Others are about identity alone, and no work to share. */
async function gateOfAll(holds: (gate: Gate) => boolean): Promise<Gate> {
  const look = async (): Promise<Gate | undefined> => {
    const { gate } = await statusOf(handle);
    return gate && gate.proxies >= WORTH_SHARING && holds(gate) ? gate : undefined;
  };
  return await eventually('a gate of all', look, PROOF_MS / 2);
}

interface Proof {
  share: ShareInput['share'];
  /** Of the worker. */
  identity: string;
  result: GateResult;
}

/** Shares that were proven, as the history has them. */
async function proofs(of: WorkflowHandle): Promise<Proof[]> {
  const { events } = await of.fetchHistory();
  const at = (id: unknown) => events?.find(({ eventId }) => Number(eventId) === Number(id));
  return (events ?? []).flatMap(({ activityTaskCompletedEventAttributes: completed }) => {
    const scheduled = at(completed?.scheduledEventId)?.activityTaskScheduledEventAttributes;
    if (!completed || scheduled?.activityType?.name !== 'proveShare') return [];
    const [input] = (scheduled.input?.payloads ?? []).map((each) =>
      defaultPayloadConverter.fromPayload<ShareInput>(each),
    );
    const [result] = (completed.result?.payloads ?? []).map((each) =>
      defaultPayloadConverter.fromPayload<GateResult>(each),
    );
    const { identity = '' } = at(completed.startedEventId)?.activityTaskStartedEventAttributes ?? {};
    return input && result ? [{ share: input.share, identity: identity ?? '', result }] : [];
  });
}
