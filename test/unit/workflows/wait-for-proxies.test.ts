import { ActivityFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../../src/rotation/findings.js';
import type { AwaitProxiesInput, RenewalResult } from '../../../src/rotation/payloads.js';
import type { ReinjectInput } from '../../../src/rotation/rollout-payloads.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import type { UnreadableSince } from '../../../src/rotation/unreadable.js';
import type { Work } from '../../../workflows/operator/index.js';
import type { Rotation } from '../../../workflows/rotation.js';
import { waitForRenewal, waitForReplacement } from '../../../workflows/wait-for-proxies.js';
import { request } from '../rotation/support.js';

vi.mock('../../../workflows/in-phase.js', () => ({
  now: () => new Date().toISOString(),
  showDetails: () => undefined,
}));

const SINCE = /^\d{4}-/;
const unreadable: UnreadableSince = { named: { u1: '2026-01-01T00:00:00Z' } };
const finding = (reason: string): Finding => ({
  reason,
  severity: 'block',
  message: 'what it is',
  subject: { kind: 'pod', name: 'shop/Pod/web-1' },
});
const result = (ended: RenewalResult['ended'], late: Finding[] = []): RenewalResult => ({
  ...{ ended, late, reverted: [], unreadable, proxies: 3, proven: 2 },
  lateByReason: late.length > 0 ? { [late[0]?.reason ?? '']: late.length } : {},
  lateNamespaces: late.some(({ reason }) => reason === 'RenewalMissed') ? ['shop'] : [],
});

/** One answer of the activity: what it returns, or a person who says something while it runs. */
type Answer = RenewalResult | { said: 'retry' | 'waive'; unreadable?: UnreadableSince };

let answers: Answer[];
let inputs: AwaitProxiesInput[];
let shown: { kind: string; on: string[]; stragglers: string[] }[];
let reinjected: ReinjectInput[];
let status: RotationStatus;
let retries: number;

function cancelled(details: unknown): ActivityFailure {
  const cause = new CancelledFailure('cancelled', [details]);
  return new ActivityFailure('cancelled', 'awaitProxies', 'id', RetryState.CANCEL_REQUESTED, '', cause);
}

async function awaitProxies(input: AwaitProxiesInput): Promise<RenewalResult> {
  inputs.push(structuredClone(input));
  const answer = answers.shift() ?? fail();
  if ('ended' in answer) return await Promise.resolve(answer);
  if (answer.said === 'retry') retries += 1;
  throw cancelled({ unreadable: answer.unreadable });
}

function fail(): never {
  throw new Error('it was waited once too often');
}

function rotation(): Rotation {
  const show = (kind: string, on: string[]) =>
    shown.push({ kind, on, stragglers: status.stragglers.map(({ reason }) => reason) });
  const said = async <T>(work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ActivityFailure) return undefined;
      throw error;
    }
  };
  return {
    input: { ...request({ rollout: { deadline: '1h' } }), linkerdNamespace: 'linkerd' },
    status,
    operator: {
      retries: () => retries,
      attention: async ({ on }: { on: string[] }, watch: () => Promise<unknown>) => {
        show('attention', on);
        await said(watch);
      },
      waitForProxies: async <T>(_: string, { on }: { on: string[] }, { once }: Work<T>) => {
        show('renewal', on);
        return (await said(once)) ?? (await once()); // begun anew with what was said
      },
    },
    steps: {
      awaitProxies: (input: () => AwaitProxiesInput) => {
        const call = async () => await awaitProxies(input());
        return { once: call, keepTrying: call };
      },
      reinject: async (_: string, input: () => ReinjectInput) => {
        reinjected.push(input());
        return await Promise.resolve({ namespace: 'shop', stragglers: [] });
      },
    },
  } as unknown as Rotation;
}

beforeEach(() => {
  [answers, inputs, shown, reinjected, retries] = [[], [], [], [], 0];
  status = { stragglers: [], namespaces: [], waivers: [] } as unknown as RotationStatus;
});

const kinds = () => shown.map(({ kind }) => kind);

describe('a wait for renewals', () => {
  it('asks for a proxy that cannot be read for as long as it is so', async () => {
    answers = [
      result('late', [finding('ProxyUnreadable')]),
      result('late', [finding('ProxyUnreadable'), finding('ProxyUnreadable')]),
      result('late'),
      result('met'),
    ];
    await waitForRenewal(rotation(), 'renew');
    expect(kinds()).toEqual(['renewal', 'attention', 'attention', 'renewal']);
    expect(shown[1]).toMatchObject({ stragglers: ['ProxyUnreadable'] });
    expect(inputs[0]?.told).toBeUndefined();
    expect(inputs[1]).toMatchObject({ told: { names: ['shop/Pod/web-1'] }, unreadable });
    expect(inputs[2]).toMatchObject({ told: { byReason: { ProxyUnreadable: 2 } } });
    expect(inputs[3]).toMatchObject({ told: { names: [] } });
    expect(status.stragglers).toEqual([]);
    expect(status.proxiesWait).toBeUndefined();
  });
  it('begun anew it keeps its beginning and what it knows, and rolls the late ones when somebody says retry', async () => {
    const other = { named: { u2: '2026-01-01T00:00:01Z' } };
    answers = [result('late', [finding('RenewalMissed')]), { said: 'retry', unreadable: other }];
    await waitForRenewal(rotation(), 'renew');
    answers = [result('met')];
    await waitForRenewal(rotation(), 'renew');
    const [first, , third] = inputs;
    expect(first?.since).toMatch(SINCE);
    expect(third).toMatchObject({ since: first?.since, unreadable: other });
    expect(third?.told).toBeUndefined();
    expect(reinjected).toMatchObject([{ namespace: 'shop', late: true, since: first?.since }]);
  });
  it('rolls nothing for a waiver, nor where nothing can be rolled', async () => {
    answers = [result('late', [finding('RenewalMissed')]), { said: 'waive' }];
    await waitForRenewal(rotation(), 'renew');
    answers = [result('late', [finding('ProxyUnreadable')]), { said: 'retry' }];
    await waitForRenewal(rotation(), 'renew');
    expect(reinjected).toEqual([]);
  });
  it('is over when somebody has put something back, and begins anew after that', async () => {
    answers = [result('late', [finding('ProxyUnreadable')]), result('reverted')];
    await waitForRenewal(rotation(), 'renew');
    expect(kinds()).toEqual(['renewal', 'attention']);
    expect(status.proxiesWait).toBeUndefined();
  });
  it('is another wait in another phase', async () => {
    status.proxiesWait = { phase: 'renew', since: '2026-01-01T00:00:00Z', unreadable };
    answers = [result('met')];
    await waitForRenewal(rotation(), 'refresh');
    expect(inputs[0]?.since).not.toBe('2026-01-01T00:00:00Z');
    expect(inputs[0]?.unreadable).toBeUndefined();
  });
  it('shows some of many, and counts the others by reason', async () => {
    const late = Array.from({ length: 20 }, () => finding('RenewalMissed'));
    answers = [{ ...result('late', late), lateByReason: { RenewalMissed: 300, ProxyUnreadable: 2 } }, result('met')];
    await waitForRenewal(rotation(), 'renew');
    expect(shown[1]?.on).toHaveLength(12);
    expect(shown[1]?.on.slice(10)).toEqual(['RenewalMissed: 290 more', 'ProxyUnreadable: 2 more']);
  });
});

describe('an organic rollout', () => {
  it('goes on waiting whatever cannot be read, shows it, and asks for nothing', async () => {
    answers = [result('late', [finding('ProxyUnreadable')]), result('late'), result('met')];
    await waitForReplacement(rotation(), 'retire');
    expect(kinds()).toEqual(['renewal', 'renewal', 'renewal']);
    expect(shown.map(({ stragglers }) => stragglers)).toEqual([[], ['ProxyUnreadable'], []]);
    expect(inputs.every(({ deadline }) => deadline === status.organicUntil)).toBe(true);
  });
  it.each(['deadline', 'reverted', 'met'] as const)('is over: %s', async (ended) => {
    answers = [result(ended)];
    await waitForReplacement(rotation(), 'retire');
    expect(inputs).toHaveLength(1);
  });
  it('takes what is said meanwhile, with the same beginning', async () => {
    answers = [{ said: 'waive', unreadable }, result('met')];
    await waitForReplacement(rotation(), 'retire');
    expect(inputs[1]).toMatchObject({ since: inputs[0]?.since, unreadable });
  });
});
