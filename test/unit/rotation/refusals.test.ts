import { describe, expect, it } from 'vitest';
import {
  refuseAbort,
  refuseApproval,
  refusePause,
  refuseResume,
  refuseRetry,
  refuseStrategy,
  refuseUnwaiver,
  refuseWaiver,
} from '../../../src/rotation/refusals.js';
import type { RotationStatus, Waiting } from '../../../src/rotation/status.js';

const running = {
  phase: 'renew',
  outcome: 'running',
  waivers: [],
  stragglers: [],
  phases: [
    { phase: 'preflight', state: 'done' },
    { phase: 'bridge', state: 'running' },
  ],
  pastPointOfNoReturn: false,
} as unknown as RotationStatus;
const ended: RotationStatus = { ...running, outcome: 'completed' };
const waitingFor = (kind: Waiting['kind'], more: Partial<Waiting> = {}): RotationStatus => ({
  ...running,
  waiting: { kind, for: '', since: '', on: [], todo: '', ...more },
});

describe('approve', () => {
  const asked = waitingFor('approval', { planHash: '0123456789abcdef' });
  it('is bound to the plan by its hash, or by enough of that', () => {
    expect(refuseApproval({ planHash: '0123456789abcdef' }, asked)).toBeUndefined();
    expect(refuseApproval({ planHash: '01234567' }, asked)).toBeUndefined();
  });
  it.each([
    ['too little of the hash', { planHash: '0123456' }, '0123456789abcdef'],
    ["another plan's hash", { planHash: 'ffffffffffff' }, 'changed'],
    ['no argument', undefined, 'planHash'],
    ['a name that is no text', { planHash: '0123456789', by: 3 }, 'by'],
  ])('is refused with %s', (_what, args, why) => expect(refuseApproval(args, asked)).toContain(why));
  it('is refused when nobody is asked', () => {
    expect(refuseApproval({ planHash: '0123456789' }, running)).toContain('nothing to approve');
  });
});

describe('pause and resume', () => {
  it('follow each other', () => {
    expect(refusePause(undefined, running, false)).toBeUndefined();
    expect(refusePause(undefined, running, true)).toContain('already');
    expect(refuseResume(true)).toBeUndefined();
    expect(refuseResume(false)).toContain('not paused');
  });
  it('have nothing to do after the end', () => expect(refusePause(undefined, ended, false)).toContain('completed'));
});

describe('abort', () => {
  it('is taken once', () => {
    expect(refuseAbort(undefined, running, false)).toBeUndefined();
    expect(refuseAbort(undefined, running, true)).toContain('already');
  });
  it('is refused past the point of no return, with what can be done instead', () => {
    expect(refuseAbort(undefined, { ...running, pastPointOfNoReturn: true }, false)).toContain('rotate again');
  });
  it('is refused where what it would go back to has expired', () => {
    expect(refuseAbort(undefined, { ...running, recovery: 'root' }, false)).toContain(
      'the root of the start has expired',
    );
  });
  it('is refused after the end, and with a name that is no text', () => {
    expect(refuseAbort(undefined, ended, false)).toContain('completed');
    expect(refuseAbort({ by: 3 }, running, false)).toContain('by');
  });
});

describe('strategy', () => {
  it('is taken while the rotation waits for renewals', () => {
    expect(refuseStrategy({ leafRenewal: 'roll' }, waitingFor('renewal'))).toBeUndefined();
    expect(refuseStrategy({ pace: 'forced' }, waitingFor('renewal'))).toBeUndefined();
    expect(refuseStrategy({ pace: 'forced' }, waitingFor('window'))).toBeUndefined();
  });
  it('is refused when there is nothing to hurry', () => {
    expect(refuseStrategy({ leafRenewal: 'roll' }, running)).toContain('nothing to change');
  });
  it('is refused without a change that it knows', () => {
    expect(refuseStrategy({}, waitingFor('renewal'))).toContain('needs');
  });
});

describe('retry', () => {
  it('is taken only when somebody was asked to look', () => {
    expect(refuseRetry(waitingFor('attention'))).toBeUndefined();
    expect(refuseRetry(running)).toContain('not stuck');
  });
});

describe('waive', () => {
  it.each(['shop', 'shop/Deployment/web', 'shop/Pod/web-1'])('takes %s, with a reason', (subject) => {
    expect(refuseWaiver({ subject, reason: 'known' }, running)).toBeUndefined();
  });
  it.each([
    ['without a reason', { subject: 'shop/Deployment/web' }, 'the report shows the reason'],
    ['with an empty reason', { subject: 'shop', reason: ' ' }, 'the report shows the reason'],
    ['without a subject', { reason: 'x' }, 'namespace/Kind/name'],
    ['with a subject of another form', { subject: 'Shop Floor', reason: 'x' }, 'namespace/Kind/name'],
  ])('is refused %s', (_what, args, why) => expect(refuseWaiver(args, running)).toContain(why));
  it.each(['linkerd', 'linkerd/Deployment/linkerd-identity', 'linkerd/Pod/linkerd-identity-1'])(
    'is refused for the control plane: %s',
    (subject) => {
      expect(refuseWaiver({ subject, reason: 'known' }, running)).toContain('the control plane cannot be waived');
      expect(refuseWaiver({ subject, reason: 'known', gate: 'bridge' }, running)).toContain('cannot be waived');
    },
  );
  it('takes a namespace that only begins like it', () => {
    expect(refuseWaiver({ subject: 'linkerd-viz', reason: 'known' }, running)).toBeUndefined();
    const elsewhere = { ...running, linkerdNamespace: 'mesh' };
    expect(refuseWaiver({ subject: 'mesh', reason: 'known' }, elsewhere)).toContain('cannot be waived');
  });
  it('is refused where status and report would grow without end', () => {
    const long = { subject: 'shop', reason: 'x'.repeat(501) };
    expect(refuseWaiver(long, running)).toBe('reason must be a text of at most 500 characters');
    const waivers = Array.from({ length: 300 }, (_, index) => ({ subject: `shop/Pod/web-${index}`, reason: 'y' }));
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, { ...running, waivers })).toContain(
      'waive a whole namespace',
    );
  });
  it('is refused for what is waived already, and after the end', () => {
    const waived = { ...running, waivers: [{ subject: 'shop', reason: 'y' }] };
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, waived)).toContain('already');
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, ended)).toContain('completed');
  });
  it('opens the rollout alone, or the gate that it names, once each', () => {
    const waived = { ...running, waivers: [{ subject: 'shop', reason: 'y', gate: 'rollout' as const }] };
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, waived)).toContain('already (rollout)');
    expect(refuseWaiver({ subject: 'shop', reason: 'x', gate: 'trust' }, waived)).toBeUndefined();
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, waived, true)).toBeUndefined(); // another way, another waiver
    expect(refuseWaiver({ subject: 'shop', reason: 'x', gate: 'preflight' }, running)).toContain(
      'none of rollout, trust, issue, renew, retire, bridge',
    );
  });
  it('is refused for what the rotation has never seen, with what it has', () => {
    const seen = {
      ...running,
      plan: { namespaces: [{ name: 'shop' }], workloadNames: ['shop/Deployment/web'] },
      gate: {
        findings: [
          { message: 'it is late', subject: { kind: 'pod', name: 'shop/Pod/load-1-x', workload: 'shop/Job/load-1' } },
        ],
      },
    } as unknown as RotationStatus;
    for (const subject of ['shop', 'shop/Deployment/web', 'shop/Job/load-1', 'shop/Pod/load-1-x']) {
      expect(refuseWaiver({ subject, reason: 'x' }, seen)).toBeUndefined();
    }
    expect(refuseWaiver({ subject: 'shop/Deployment/wbe', reason: 'x' }, seen)).toBe(
      'shop/Deployment/wbe is nothing that this rotation has seen; known there: shop/Deployment/web, shop/Pod/load-1-x, shop/Job/load-1',
    );
    expect(refuseWaiver({ subject: 'shp', reason: 'x' }, seen)).toContain('nothing that this rotation has seen');
  });
  it('is refused for what only the message of a finding names: a tenant may have written it', () => {
    const seen = {
      ...running,
      plan: { namespaces: [{ name: 'shop' }], workloadNames: [] },
      gate: {
        findings: [{ message: 'it says (bank/Deployment/safe)', subject: { kind: 'pod', name: 'shop/Pod/load-1-x' } }],
      },
    } as unknown as RotationStatus;
    expect(refuseWaiver({ subject: 'bank/Deployment/safe', reason: 'x' }, seen)).toBe(
      'bank/Deployment/safe is nothing that this rotation has seen',
    );
  });
});

describe('what people write', () => {
  const asked = waitingFor('approval', { planHash: '0123456789abcdef' });
  it.each([
    ['an escape sequence', 'fine \u001B[2J', 'U+001B'],
    ['several lines', 'fine\n## Done', 'U+000A'],
    ['another direction', '\u202Egnol', 'U+202E'],
    ['half of a character', 'a\uD800', 'U+D800'],
  ])('is refused with %s, and told why: it is recorded as it was written or not at all', (_what, text, which) => {
    const why = `must be one line of what can be seen, and has ${which}: write it without`;
    expect(refuseApproval({ planHash: '0123456789', reason: text }, asked)).toBe(`reason ${why}`);
    expect(refuseApproval({ planHash: '0123456789', by: text }, asked)).toBe(`by ${why}`);
    expect(refusePause({ reason: text }, running, false)).toBe(`reason ${why}`);
    expect(refuseAbort({ reason: text }, running, false)).toBe(`reason ${why}`);
    expect(refuseWaiver({ subject: 'shop', reason: text }, running)).toBe(`reason ${why}`);
    expect(
      refuseUnwaiver({ subject: 'shop', by: text }, { ...running, waivers: [{ subject: 'shop', reason: 'y' }] }),
    ).toBe(`by ${why}`);
  });
  it('is taken in any language', () => {
    expect(refuseAbort({ by: 'Zoë', reason: '証明書が古い ✔' }, running, false)).toBeUndefined();
  });
  it.each([
    'shop/Deployment/\u001B[2J',
    'shop/Deployment/web/x',
    'shop/[x](y)/z',
    `shop/Deployment/${'x'.repeat(400)}`,
  ])('names no subject like %j', (subject) =>
    expect(refuseWaiver({ subject, reason: 'x' }, running)).toContain('namespace/Kind/name'),
  );
  it('is quoted plainly where it is refused', () => {
    expect(refuseUnwaiver({ subject: '\u001B[2J' }, running)).toBe('\uFFFD[2J is not waived');
    expect(refuseWaiver({ subject: 'shop', reason: 'x', gate: '\u001B[2J' }, running)).toContain(
      'gate: \uFFFD[2J is none',
    );
  });
  it('is refused where waivers would fill the payload of every step', () => {
    const waivers = Array.from({ length: 40 }, () => ({ subject: 'shop/Pod/x', reason: '€'.repeat(500) }));
    expect(refuseWaiver({ subject: 'shop', reason: 'x' }, { ...running, waivers })).toContain(
      '40 waivers are given already',
    );
  });
});

describe('unwaive', () => {
  const waived = { ...running, waivers: [{ subject: 'shop', reason: 'y' }] };
  it('takes a waiver back that there is', () => {
    expect(refuseUnwaiver({ subject: 'shop' }, waived)).toBeUndefined();
    expect(refuseUnwaiver({ subject: 'shopp' }, waived)).toBe('shopp is not waived; waived: shop');
    expect(refuseUnwaiver(undefined, waived)).toContain('needs');
    expect(refuseUnwaiver({ subject: 'shop' }, { ...waived, outcome: 'failed' })).toContain('failed');
  });
});
