import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { LiveProgress } from '../../../../src/operate/progress.js';
import { newsOf, type Picture, renderLine, renderPicture, renderPlan } from '../../../../src/cli/view/render.js';
import { reportText } from '../../../../src/cli/view/report.js';
import type { Plan } from '../../../../src/rotation/plan.js';
import type { RotationReport } from '../../../../src/rotation/report.js';
import type { RotationStatus } from '../../../../src/rotation/status.js';

const running = {
  cluster: 'prod',
  phase: 'renew',
  outcome: 'running',
  startedAt: '2026-01-01T10:00:00Z',
  phases: [
    { phase: 'trust', state: 'done', startedAt: '2026-01-01T10:00:00Z', finishedAt: '2026-01-01T10:01:30Z' },
    { phase: 'renew', state: 'running', startedAt: '2026-01-01T10:01:30Z' },
    { phase: 'retire', state: 'pending' },
  ],
  namespaces: [],
  waivers: [],
} as unknown as RotationStatus;
const idle: LiveProgress = { namespaces: [], activities: [] };
const shop = { namespace: 'shop', proven: 1, proxies: 4, workloads: 2, workloadsDone: 0, waitingFor: ['web: a pod'] };
const rolling = { ...idle, namespaces: [{ ...shop, phase: 'renew', state: 'running' }] } as unknown as LiveProgress;
const gate = { phase: 'renew', proven: 3, proxies: 8, namespaces: [] };
const renewal = { kind: 'renewal', for: 'renewals', since: '2026-01-01T10:01:30Z', on: [], todo: '' };
const paused = { kind: 'paused', for: 'resume', since: '2026-01-01T10:01:30Z', on: ['lunch'], todo: 'resume it' };
const stuck = {
  kind: 'attention',
  for: 'proxies',
  since: '2026-01-01T10:00:00Z',
  on: ['a/b', 'c', 'd', 'e'],
  todo: 'look',
};
const approval = { ...paused, kind: 'approval', for: 'approval', on: [], planHash: 'abc' };
const alert = { reason: 'BridgeNotRenewed', message: 'it cannot be made anew', since: '2026-01-01T10:00:00Z' };

const ROOT = { fingerprint: 'aaaa', commonName: 'root', notBefore: '', notAfter: '2036-01-01T00:00:00Z' };

function picture(status: object = {}, live: object = idle): Picture {
  return {
    status: { ...running, ...status },
    live: live as LiveProgress,
    now: new Date('2026-01-01T10:02:00Z'),
  };
}

describe('the picture of a rollout', () => {
  const of = (rollout: object) =>
    stripVTControlCharacters(renderPicture(picture({ gate }, { ...rolling, rollout }))).split('\n');
  it('says how many pods are under way, and of how many at the most', () => {
    const lines = of({ inFlight: 87, budget: 250 });
    expect(lines.find((line) => line.includes('renew'))).toMatch(/3\/8 proxies {2}pods under way: 87, at most 250$/);
  });
  it('says why fewer are replaced at a time than may be', () => {
    const lines = of({ inFlight: 70, budget: 70, slowed: 'new pods take 61 s to get ready' });
    expect(lines).toContain('      new pods take 61 s to get ready');
  });
});

describe('a line of a log', () => {
  it.each<[string, Picture, string]>([
    ['names the phase', picture(), 'renew'],
    ['counts what the gate has proven', picture({ gate }), 'renew: 3 of 8 proxies proven'],
    ['leaves out the gate of another phase', picture({ gate: { ...gate, phase: 'trust' } }), 'renew'],
    ['counts by namespace while workloads roll', picture({ gate }, rolling), 'renew: shop 1/4'],
    ['says what is waited for', picture({ waiting: approval }), 'renew: waiting for approval'],
    ['says that it is paused, and why', picture({ waiting: paused }), 'renew: paused (lunch)'],
    [
      'counts renewals while proxies renew',
      picture({ waiting: renewal }, { ...idle, renewal: { proven: 2, proxies: 8, lastDue: '2026-01-01T10:09:00Z' } }),
      'renew: 2 of 8 proxies have renewed, the last one is due at 10:09:00',
    ],
    ['says how it ended', picture({ outcome: 'aborted' }), 'rotation aborted'],
    ['says that it was cancelled', picture({ outcome: 'cancelled' }), 'rotation cancelled'],
    [
      'says everything that is waited for',
      picture({ waiting: paused, alsoWaiting: [stuck] }),
      'renew: paused (lunch), also waiting for proxies (a/b; c; d and 1 more)',
    ],
    [
      'says what is going wrong meanwhile, and until when',
      picture({
        gate,
        alerts: [
          { ...alert, deadline: '2026-01-07T10:00:00Z' },
          { ...alert, reason: 'NoWorker' },
        ],
      }),
      'renew: 3 of 8 proxies proven  ⚠ BridgeNotRenewed, leaves end at 2026-01-07T10:00:00Z  ⚠ NoWorker',
    ],
  ])('%s', (_what, of, line) => expect(renderLine(of)).toBe(line));
});

describe('a line of a log, of a large mesh', () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    ...{ namespace: `team-${index}-with-a-rather-long-name`, phase: 'renew', workloads: 2, workloadsDone: 0 },
    ...{ proxies: 7, proven: index < 45 ? 7 : 1, waitingFor: [] },
    state: index < 45 ? 'done' : index < 49 ? 'running' : index === 49 ? 'stuck' : 'waiting',
  }));
  const live = { ...idle, namespaces: many } as unknown as LiveProgress;
  it('counts, and names what is stuck and under way', () => {
    const line = renderLine(picture({}, live));
    expect(line).toBe(
      'renew: 45 of 300 namespaces, 570/2100 proxies (team-49-with-a-rather-l… 1/7, team-45-with-a-rather-l… 1/7, team-46-with-a-rather-l… 1/7 and 252 more)',
    );
    expect(line.length).toBeLessThanOrEqual(160);
  });
  it('is never longer than a line, and keeps the alerts', () => {
    const waiting = { ...stuck, on: ['a', 'b', 'c'].map((name) => `${name}: ${'no answer '.repeat(50)}`) };
    const line = renderLine(picture({ waiting, alerts: [alert] }, live));
    expect(line.length).toBeLessThanOrEqual(160);
    expect(line).toMatch(/… {2}⚠ BridgeNotRenewed$/);
  });
  it('has news when something happens, and not when a count goes up', () => {
    const before = picture({}, live);
    const counted = many.map((one) => ({
      ...one,
      proven: one.proven + 1,
      state: one.state === 'running' ? 'done' : one.state,
    }));
    expect(newsOf(picture({}, { ...idle, namespaces: counted }))).toBe(newsOf(before));
    expect(newsOf(picture({ phase: 'retire' }, live))).not.toBe(newsOf(before));
    expect(newsOf(picture({ waiting: stuck }, live))).not.toBe(newsOf(before));
    expect(newsOf(picture({ alerts: [alert] }, live))).not.toBe(newsOf(before));
    expect(newsOf(picture({}, { ...idle, namespaces: many.map((one) => ({ ...one, state: 'stuck' })) }))).not.toBe(
      newsOf(before),
    );
  });
  it('fits on a terminal as a picture', () => {
    const lines = stripVTControlCharacters(renderPicture(picture({}, live))).split('\n');
    expect(lines.length).toBeLessThan(20);
    expect(lines[4]).toContain('✖ team-49');
    expect(lines[5]).toContain('▶ team-45');
    expect(lines).toContain('      … 250 queued, 45 done');
  });
});

describe('the picture on a terminal', () => {
  const linesOf = (of: Picture) => stripVTControlCharacters(renderPicture(of)).split('\n');
  it('has a line for each phase, with how long it took', () => {
    const lines = linesOf(picture({ gate }, rolling));
    expect(lines[2]).toContain('✔ trust        1m30s');
    expect(lines[3]).toContain('▶ renew          30s');
    expect(lines[3]).toContain('3/8 proxies');
    expect(lines[4]).toContain('1/4 proxies, 0/2 workloads  web: a pod');
    expect(lines[5]).toContain('· retire');
  });
  it.each([
    ['forward, from the root of the start to the new one', {}, 'root bbbb → aaaa, valid until 2036-01-01'],
    [
      'back, the other way round',
      { phases: [{ phase: 'abort', state: 'running' }] },
      'going back: root aaaa → bbbb, the root of the start',
    ],
    [
      'not at all when only the issuer is new',
      { roots: { root: ROOT, retire: [] } },
      'root aaaa stays, valid until 2036-01-01',
    ],
  ])('says where the root goes: %s', (_way, status, line) => {
    const roots = { root: ROOT, retire: [{ ...ROOT, fingerprint: 'bbbb' }] };
    expect(linesOf(picture({ roots, ...status }))[1]).toBe(line);
  });
  it('says what to do when it waits for a person', () => {
    const text = linesOf(picture({ waiting: approval })).join('\n');
    expect(text).toContain('Waiting for approval (for 30s)');
    expect(text).toContain('reroot approve --cluster prod --plan abc');
  });
  it('says where the cause and cure of what it waits for are to be read', () => {
    const on = [
      'BarePod: ci/Pod/x: no controller',
      'RolloutStuck: shop/Deployment/web: stuck',
      'BarePod: ci/Pod/y: no',
    ];
    expect(linesOf(picture({ waiting: { ...stuck, on } }))).toContain(
      '    Cause and cure of each: `reroot explain BarePod`, and so on',
    );
  });
  it('shows the first wait in full, and each of the others', () => {
    const lines = linesOf(picture({ waiting: approval, alsoWaiting: [stuck, { ...stuck, for: 'injection', on: [] }] }));
    expect(lines).toContain('  Also waiting for proxies (for 2m): a/b; c; d and 1 more');
    expect(lines).toContain('  Also waiting for injection (for 2m)');
  });
  it('says until when the bridge certificate lasts', () => {
    expect(linesOf(picture({ bridgeNotAfter: '2026-01-15T10:02:00Z' }))[1]).toBe(
      'bridge certificate until 2026-01-15 10:02 UTC (in 14d)',
    );
  });
  it('shows each alert, with the date on which leaves end, above what it waits for', () => {
    const alerts = [alert, { ...alert, reason: 'IssuerEnds', deadline: '2026-01-07T10:02:00Z' }];
    const lines = linesOf(picture({ alerts, waiting: paused }));
    expect(lines).toContain('  ⚠ BridgeNotRenewed: it cannot be made anew');
    const dated = '  ⚠ IssuerEnds: it cannot be made anew; leaves end at 2026-01-07 10:02 UTC (in 6d)';
    expect(lines.indexOf(dated)).toBeLessThan(lines.indexOf('  Waiting for resume (for 30s)'));
    expect(lines).toContain(dated);
  });
  it.each([
    ['rollout', undefined, 'its rollout is not waited for, its proxies still have to pass'],
    ['trust', undefined, 'gate trust is open to it'],
    ['trust', 'back', 'gate trust of the way back is open to it'],
    [undefined, undefined, 'every gate is open to it'],
  ])('shows what a waiver lets pass: %s %s', (opened, direction, what) => {
    const waivers = [{ subject: 'shop/Pod/web', reason: 'it is gone', claimedBy: 'Ann', gate: opened, direction }];
    expect(linesOf(picture({ waivers }))).toContain(`  Waived: shop/Pod/web, ${what} (Ann: it is gone)`);
  });
  it('shows what is tried again, and why', () => {
    const activities = [{ type: 'reinject', attempt: 3, lastFailure: 'no answer\nat line 1' }];
    expect(linesOf(picture({}, { ...idle, activities })).at(-1)).toBe('  reinject: try 3 after: no answer');
  });
});

describe('a plan', () => {
  it('says of each phase how long it may last', () => {
    const phases = [
      { phase: 'trust', what: 'roll', predictedFromMs: 240_000, predictedMs: 540_000 },
      { phase: 'approve', what: 'wait' },
    ];
    const plan = { hash: 'abc', strategy: 'standard', rollouts: 3, workloads: 4, proxies: 9, namespaces: [], phases };
    const owned = { ...plan, owners: ['bundle: hand-off to Argo CD', 'issuer: reroot'] };
    expect(renderPlan(owned as unknown as Plan)).toContain('\nbundle: hand-off to Argo CD\nissuer: reroot\n');
    const text = renderPlan(plan as unknown as Plan);
    expect(text).toContain('Plan abc: standard, 3 forced rollouts of 4 workloads (9 proxies, 0 namespaces)');
    expect(text).toMatch(/trust +│ roll +│ 4 to 9 min/);
    expect(text).toMatch(/approve +│ wait +│ +│/);
  });
});

describe('the report in a few lines', () => {
  const root = { fingerprint: 'f'.repeat(64), commonName: 'root', notBefore: '', notAfter: '2036-01-01T00:00:00Z' };
  const report = {
    outcome: 'completed',
    cluster: 'prod',
    linkerdNamespace: 'linkerd',
    proxiesProven: 47,
    newRoot: root,
    newIssuer: { ...root, notAfter: '2027-01-01T00:00:00Z' },
    oldRoots: [{ ...root, commonName: 'old' }],
    waivers: [{ subject: 'shop/Pod/web', reason: 'it is gone' }],
    phases: [
      { phase: 'trust', state: 'done', tookMs: 400_000, predictedFromMs: 240_000, predictedMs: 540_000 },
      { phase: 'approve', state: 'done', tookMs: 60_000 },
    ],
  } as unknown as RotationReport;
  const textOf = (of: object) => stripVTControlCharacters(reportText({ ...report, ...of }));
  it('names the new root, what was removed and what was not proven', () => {
    expect(textOf({})).toContain('47 proxies proven under ffffffffffff (root), valid until 2036-01-01');
    expect(textOf({})).toContain('Removed: ffffffffffff (old)');
    expect(textOf({})).toContain('Not proven: shop/Pod/web, waived: it is gone');
  });
  it('compares how long each phase took with what was predicted', () => {
    expect(textOf({})).toContain('  trust        6m40s  (predicted: 4 to 9 min)\n  approve         1m\n');
    expect(textOf({ phases: [{ phase: 'trust', state: 'done' }] })).not.toContain('trust');
  });
  it('says what ends next, and what to do before', () => {
    expect(textOf({})).toContain('the issuer ends on 2027-01-01: `reroot rotate-issuer --cluster prod` before then');
    expect(textOf({})).toContain('The root ends on 2036-01-01.');
    const same = textOf({ newIssuer: root });
    expect(same).toContain('root and issuer end on 2036-01-01: `reroot rotate --cluster prod` before then');
  });
  it.each([
    ['rollout', 'Rollout not waited for: shop/Pod/web, waived: it is gone'],
    ['trust', 'Not proven: shop/Pod/web, waived at gate trust: it is gone'],
  ])('says what a waiver of %s has left unproven', (gateOpened, line) => {
    expect(textOf({ waivers: [{ subject: 'shop/Pod/web', reason: 'it is gone', gate: gateOpened }] })).toContain(line);
  });
  it('of an issuer alone says that the root stays', () => {
    expect(textOf({ oldRoots: [] })).toContain('The root stays; the new issuer is valid until 2027-01-01');
  });
  it.each([
    ['2026-08-24T10:20:30.000Z', 'Whoever has a copy can sign for this mesh until 2026-08-24 10:20 UTC.'],
    ['2026-08-01T00:00:00.000Z', 'Nothing that it signs is trusted any more by a proxy that was proven'],
    [undefined, 'It is the key of the root in use'],
  ])('says until when a copy of the old key is good (%s), and which copies there are', (oldKeyUsableUntil, says) => {
    const text = textOf({ finishedAt: '2026-08-10T00:00:00Z', oldKeyUsableUntil, oldKeyCopies: ['Secret a/b c'] });
    expect(text).toContain(`The old issuer's key: ${says}`);
    expect(text).toContain('Copies that were not deleted:\n  - Secret a/b c');
  });
  it('of an earlier version says nothing of the old key', () => {
    expect(textOf({})).not.toContain('old issuer');
  });
  it('of an abort says why, and what holds now', () => {
    const aborted = { phase: 'renew', at: '', reason: 'too late' };
    expect(textOf({ outcome: 'aborted', aborted })).toContain('Aborted in renew (too late): the certificates of the');
    expect(textOf({ outcome: 'aborted', aborted })).toContain('Root ffffffffffff ends on 2036-01-01.');
  });
});
