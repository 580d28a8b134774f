import type { Picture } from '../../src/cli/view/render.js';
import type { Finding, Waiver } from '../../src/rotation/findings.js';
import type { Plan } from '../../src/rotation/plan.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus, Waiting } from '../../src/rotation/status.js';
import type { Next } from './hostile.js';

/** What a rotation shows, with somebody else's text in every field that may hold one. */

const SINCE = '2026-01-01T00:00:00Z';

export function finding(next: Next): Finding {
  return {
    reason: next(),
    severity: 'block',
    message: next(),
    subject: { kind: 'pod', name: next(), workload: next() },
    hint: next(),
  };
}

export function waiver(next: Next): Waiver {
  return { subject: next(), reason: next(), claimedBy: next() };
}

function certificate(next: Next) {
  return { fingerprint: next(), commonName: next(), notBefore: next(), notAfter: next() };
}

function waiting(next: Next, kind: Waiting['kind']): Waiting {
  return { kind, for: next(), since: SINCE, on: [next(), next()], todo: next(), planHash: next() };
}

export function planWith(next: Next): Plan {
  return {
    cluster: next(),
    linkerdNamespace: next(),
    strategy: next(),
    rollouts: 1,
    phases: [{ phase: 'trust', what: next().replaceAll('\n', ' '), predictedMs: 1000 }],
    namespaces: [{ name: next(), workloads: 1, proxies: 1 }],
    proxies: 1,
    workloads: 1,
    workloadNames: [next()],
    retire: [next()],
    keep: [next()],
    hash: next(),
  };
}

export function statusWith(next: Next): RotationStatus {
  return {
    workflowId: next(),
    cluster: next(),
    linkerdNamespace: next(),
    linkerdVersion: next(),
    strategy: next(),
    phase: 'renew',
    outcome: 'running',
    pastPointOfNoReturn: false,
    startedAt: SINCE,
    phases: [
      { phase: 'preflight', state: 'done', startedAt: SINCE, finishedAt: SINCE },
      { phase: 'renew', state: 'running', startedAt: SINCE },
    ],
    plan: planWith(next),
    roots: {
      root: certificate(next),
      issuer: certificate(next),
      retire: [certificate(next)],
      adopted: true,
      pastPointOfNoReturn: false,
    },
    gate: {
      ...{ passed: false, proxies: 3, proven: 2, waived: 0, phase: 'renew', at: next() },
      ...{ namespaces: [{ name: next(), outdated: 1 }], reverted: [finding(next)], findings: [finding(next)] },
    },
    namespaces: [
      {
        ...{ namespace: next(), phase: 'renew', workloads: 1, workloadsDone: 0, proxies: 3, proven: 1, rolled: 0 },
        ...{ waitingFor: [next()], state: 'running' },
      },
    ],
    stragglers: [finding(next), finding(next)],
    waiting: waiting(next, 'approval'),
    alsoWaiting: [waiting(next, 'attention')],
    alerts: [{ reason: next(), message: next(), since: next(), deadline: next() }],
    bridgeNotAfter: next(),
    waivers: [waiver(next)],
    approvals: [{ phase: next(), planHash: next(), claimedBy: next(), reason: next(), at: next() }],
    notes: [next(), next()],
  };
}

export function pictureWith(next: Next): Picture {
  const status = statusWith(next);
  return {
    status,
    live: {
      namespaces: status.namespaces,
      activities: [{ type: next(), attempt: 2, lastFailure: next() }],
      renewal: { proxies: 3, proven: 1, lastDue: next(), late: [] },
    },
    now: new Date('2026-01-01T01:00:00Z'),
  };
}

export function reportWith(next: Next, outcome: RotationReport['outcome']): RotationReport {
  return {
    outcome,
    ...{ cluster: next(), linkerdNamespace: next(), linkerdVersion: next(), layout: next(), strategy: next() },
    ...{ workflowId: next(), runId: next(), startedAt: next(), finishedAt: next() },
    ...{ newRoot: certificate(next), newIssuer: certificate(next), oldRoots: [certificate(next)], proxiesProven: 3 },
    ...{ phases: [{ phase: 'trust', state: 'done', tookMs: 1000, predictedMs: 2000 }] },
    ...{ waivers: [waiver(next), { ...waiver(next), gate: 'rollout' }], approvals: [] },
    ...{ notes: [next()], adopted: false, aborted: { claimedBy: next(), reason: next(), at: next(), phase: next() } },
  };
}
