import { describe, expect, it } from 'vitest';
import { type RotationStatus, statusMarkdown } from '../../../src/rotation/status.js';

const status: RotationStatus = {
  workflowId: 'w',
  cluster: 'production',
  strategy: 'bridge',
  phase: 'renew',
  outcome: 'running',
  pastPointOfNoReturn: false,
  startedAt: '2026-01-01T00:00:00Z',
  phases: [
    { phase: 'trust', state: 'done', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:01:30Z' },
    { phase: 'renew', state: 'running', startedAt: '2026-01-01T00:01:30Z' },
  ],
  namespaces: [],
  stragglers: [],
  waivers: [],
  approvals: [],
  notes: [],
};
const markdown = (change: Partial<RotationStatus> = {}) => statusMarkdown({ ...status, ...change });

describe('statusMarkdown', () => {
  it('begins with the cluster and the phase', () => {
    expect(markdown().split('\n')[0]).toBe('**Rotation of production: renew**');
  });
  it('begins with how it ended when it has', () => {
    expect(markdown({ outcome: 'aborted' }).split('\n')[0]).toBe('**Rotation of production: aborted**');
  });
  it('says what each phase took, and which is under way', () => {
    expect(markdown()).toContain('| trust | ✔ done | 1m30s |\n| renew | ▶ running |  |');
  });
  it('says for what it waits, on whom, since when, and what to do', () => {
    const waiting = {
      kind: 'approval' as const,
      for: 'your approval',
      since: '2026-01-01T00:02:00Z',
      on: ['nobody else'],
      todo: '`approve` it.',
    };
    expect(markdown({ waiting })).toContain('renew, waiting for approval**');
    expect(markdown({ waiting })).toContain(
      'Waiting since 2026-01-01T00:02:00Z for your approval. `approve` it.\n\n- nobody else',
    );
    expect(markdown({ waiting: { ...waiting, kind: 'paused' } })).toContain('renew, paused**');
  });
  it('counts the proxies that are proven', () => {
    const gate = { passed: false, proxies: 3, proven: 2, waived: 0, namespaces: [], reverted: [], findings: [] };
    expect(markdown({ gate: { ...gate, phase: 'renew', at: 'noon' } })).toContain('2 of 3 proxies proven at noon');
  });
  it('names stragglers with what to do, and notes', () => {
    const straggler = {
      reason: 'InventedReason',
      severity: 'block' as const,
      message: 'it is stuck',
      subject: { kind: 'workload' as const, name: 'shop/Deployment/web' },
      hint: 'repair it',
    };
    const text = markdown({ stragglers: [straggler], notes: ['an issuer update was skipped'] });
    expect(text).toContain('⚠ InventedReason: shop/Deployment/web: it is stuck (repair it)');
    expect(text).toContain('ℹ an issuer update was skipped');
  });
  it('shows every wait, what a person has to hear of, and until when the bridge certificate lasts', () => {
    const wait = (what: string) => ({
      kind: 'attention' as const,
      for: what,
      since: 's',
      on: [`on ${what}`],
      todo: 'T.',
    });
    const text = markdown({
      waiting: wait('one'),
      alsoWaiting: [wait('two')],
      alerts: [{ reason: 'IssuerEnding', message: 'Act.', since: 's', deadline: '2026-03-10T00:00:00Z' }],
      bridgeNotAfter: '2026-02-10T00:00:00Z',
    });
    for (const part of [
      'for one. T.',
      '- on one',
      'for two. T.',
      '- on two',
      '⚠ IssuerEnding: Act. Leaves end at 2026-03-10',
      'Bridge certificate until 2026-02-10',
    ]) {
      expect(text).toContain(part);
    }
  });
});
