import type { CertificateSeen, Overview } from '../../../src/rotation/overview.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import type { RotationStatus, Waiting } from '../../../src/rotation/status.js';

/** A cluster at noon. */
export const NOON = '2026-01-01T12:00:00.000Z';

export const minutesAgo = (minutes: number): string => new Date(Date.parse(NOON) - minutes * 60_000).toISOString();
export const inDays = (days: number): string => new Date(Date.parse(NOON) + days * 86_400_000).toISOString();

export const quiet: Overview = {
  at: NOON,
  cluster: 'prod',
  apiServer: 'https://api',
  version: '1.0.0',
  linkerdNamespace: 'linkerd',
  timeline: [],
  certificates: [],
  problems: [],
};

/** Began two hours ago, so that its beginning is no news. */
export const running: RotationStatus = {
  workflowId: 'trust-root-prod',
  cluster: 'prod',
  strategy: 'bridge',
  phase: 'trust',
  outcome: 'running',
  pastPointOfNoReturn: false,
  startedAt: minutesAgo(121),
  phases: [
    { phase: 'preflight', state: 'done', startedAt: minutesAgo(121), finishedAt: minutesAgo(120) },
    { phase: 'trust', state: 'running', startedAt: minutesAgo(119) },
    { phase: 'retire', state: 'pending' },
  ],
  namespaces: [],
  stragglers: [],
  waivers: [],
  approvals: [],
  notes: [],
};

export const wait = (change: Partial<Waiting> = {}): Waiting => ({
  kind: 'attention',
  for: '2 proxies that do not meet the gate of trust',
  since: minutesAgo(30),
  on: ['AnchorsUnknown: payments/Pod/api-1: it does not answer'],
  todo: 'Repair what is named.',
  ...change,
});

export const rotating = (change: Partial<RotationStatus> = {}, more: Partial<Overview> = {}): Overview => ({
  ...quiet,
  rotation: { workflowId: 'trust-root-prod', runId: 'run-1', status: { ...running, ...change } },
  ...more,
});

const root = {
  fingerprint: 'ab'.repeat(32),
  commonName: 'root.new',
  notBefore: minutesAgo(200),
  notAfter: inDays(3650),
};

export const completed: RotationReport = {
  outcome: 'completed',
  cluster: 'prod',
  linkerdNamespace: 'linkerd',
  linkerdVersion: '2.20.0',
  layout: 'values',
  strategy: 'bridge',
  workflowId: 'trust-root-prod',
  runId: 'run-1',
  startedAt: running.startedAt,
  finishedAt: minutesAgo(3),
  newRoot: root,
  oldRoots: [],
  proxiesProven: 47,
  phases: [],
  waivers: [],
  approvals: [],
  notes: [],
  adopted: false,
};

export const certificate = (change: Partial<CertificateSeen> = {}): CertificateSeen => ({
  kind: 'anchor',
  role: 'inUse',
  fingerprint: 'cd'.repeat(32),
  commonName: 'root.linkerd',
  notBefore: inDays(-3000),
  notAfter: inDays(10),
  ...change,
});
