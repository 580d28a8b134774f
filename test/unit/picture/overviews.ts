import { createHash } from 'node:crypto';
import { present } from '../../../src/ground/present.js';
import { type Counts, type NamespaceCensus, noCounts, type Sample, totalOf } from '../../../src/rotation/census.js';
import type { CertificateSeen, Overview, RotationSeen } from '../../../src/rotation/overview.js';
import type { CertificateFacts } from '../../../src/rotation/payloads.js';
import type { Phase, PhaseProgress } from '../../../src/rotation/phases.js';
import type { Plan } from '../../../src/rotation/plan.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import type { ScheduledWatch } from '../../../src/rotation/scheduled-watch.js';
import type { RotationStatus } from '../../../src/rotation/status.js';
import type { WatchStatus } from '../../../src/rotation/watch-status.js';

/** Overviews as a cluster has them, of each situation that the page shows. Made up: no cluster is asked. */

export const NOW = new Date('2026-11-30T17:36:30Z');
const STARTED = '2026-11-30T17:02:00Z';
const DAY = 86_400_000;

export function fingerprint(of: string): string {
  return createHash('sha256').update(of).digest('hex');
}

function certificate(commonName: string, from: string, days: number): CertificateFacts {
  const notAfter = new Date(Date.parse(from) + days * DAY).toISOString();
  return { fingerprint: fingerprint(commonName + from), commonName, notBefore: from, notAfter };
}

const OLD_ROOT = certificate('root.linkerd.cluster.local', '2017-01-10T09:00:00.000Z', 3650);
const NEW_ROOT = certificate('root.linkerd.cluster.local', '2026-11-30T17:02:05.000Z', 3650);
const OLD_ISSUER = certificate('identity.linkerd.cluster.local', '2026-02-01T09:00:00.000Z', 321);
const NEW_ISSUER = certificate('identity.linkerd.cluster.local', '2026-11-30T17:02:06.000Z', 365);
const BRIDGE = certificate('identity.linkerd.cluster.local', '2026-11-30T17:03:00.000Z', 14);

const COURSE: { phase: Phase; what: string; minutes: number; predicted?: [number, number] }[] = [
  { phase: 'preflight', what: 'read the mesh, change nothing', minutes: 0.1, predicted: [2, 8] },
  { phase: 'generate', what: 'a new root and an issuer under it', minutes: 0.05, predicted: [1, 2] },
  { phase: 'trust', what: 'the bundle gets the new root; nothing is restarted', minutes: 0.3, predicted: [1, 30] },
  {
    phase: 'bridge',
    what: 'the issuer key in use is certified under the new root as well',
    minutes: 1.8,
    predicted: [0, 120],
  },
  { phase: 'renew', what: "wait for the proxies' own renewal of their leaves", minutes: 18, predicted: [900, 1300] },
  { phase: 'approve', what: 'wait for your approval', minutes: 4 },
  {
    phase: 'retire',
    what: 'the old root leaves the bundle: the point of no return',
    minutes: 9,
    predicted: [240, 540],
  },
  { phase: 'issue', what: 'the issuer is swapped for a new key', minutes: 1, predicted: [0, 120] },
  { phase: 'refresh', what: "wait for the proxies' own renewal of their leaves", minutes: 17, predicted: [900, 1300] },
  { phase: 'finish', what: 'tidy up, write the report', minutes: 0.1, predicted: [1, 2] },
];

/** So many namespaces and proxies as the demo has, and one more. */
const SIZES: Record<string, number> = { catalog: 10, linkerd: 3, logging: 7, orders: 9, payments: 10, shop: 8 };

function counts(some: Partial<Counts>): Counts {
  return { ...noCounts(), ...some };
}

function census(
  trusts: (namespace: string, size: number) => Partial<Counts>,
  presents: typeof trusts,
): NamespaceCensus[] {
  return Object.entries(SIZES).map(([namespace, proxies]) => ({
    namespace,
    proxies,
    trusts: counts(trusts(namespace, proxies)),
    presents: counts(presents(namespace, proxies)),
  }));
}

/** The phases of a bridge up to one that is under way, and the time when it began. */
function phasesUntil(current: Phase | undefined): { phases: PhaseProgress[]; began: number } {
  let at = Date.parse(STARTED);
  let state: 'done' | 'running' | 'pending' = 'done';
  let began = at;
  const phases = COURSE.map(({ phase, minutes }): PhaseProgress => {
    if (phase === current) {
      state = 'running';
      began = at;
      const running = { phase, state, startedAt: new Date(at).toISOString() };
      state = 'pending';
      return { ...running, state: 'running' };
    }
    if (state === 'pending') return { phase, state };
    const startedAt = new Date(at).toISOString();
    at += minutes * 60_000;
    return { phase, state, startedAt, finishedAt: new Date(at).toISOString() };
  });
  return { phases, began: current ? began : at };
}

/** What a bridge shows: leaves carry both chains in `renew`, processes change in `retire`, leaves again in `refresh`. */
function timelineUntil(end: number, phases: readonly PhaseProgress[], total = 47): Sample[] {
  const samples: Sample[] = [];
  const of = (name: Phase) => phases.find(({ phase }) => phase === name);
  const progress = (name: Phase, at: number): number => {
    const { startedAt, finishedAt } = of(name) ?? {};
    if (!startedAt || at < Date.parse(startedAt)) return 0;
    const planned = (COURSE.find(({ phase }) => phase === name)?.minutes ?? 1) * 60_000;
    const last = finishedAt ? Date.parse(finishedAt) : Date.parse(startedAt) + planned;
    return Math.min(1, (at - Date.parse(startedAt)) / (last - Date.parse(startedAt)));
  };
  for (let at = Date.parse(STARTED); at <= end; at += 20_000) {
    const phase = phases.findLast(({ startedAt }) => startedAt !== undefined && Date.parse(startedAt) <= at)?.phase;
    const both = Math.round(total * progress('renew', at) ** 1.4);
    const moved = Math.round(total * progress('retire', at));
    const renewed = Math.round(total * progress('refresh', at));
    const gone = Math.min(total - moved, moved > 0 && moved < total ? 1 : 0);
    samples.push({
      at: new Date(at).toISOString(),
      phase: phase ?? 'preflight',
      trusts: counts({ old: total - moved - gone, new: moved, unknown: gone }),
      presents: counts({
        old: total - both - gone * (both === total ? 0 : 1),
        both: both - Math.min(both, renewed),
        new: renewed,
      }),
    });
  }
  return samples;
}

const PLAN_HASH = 'c057c457a82ac523020510cec2748337';

function plan(): Plan {
  return {
    cluster: 'prod',
    linkerdNamespace: 'linkerd',
    strategy: 'bridge',
    rollouts: 1,
    phases: COURSE.map(({ phase, what, predicted }) => ({
      phase,
      what,
      ...(predicted ? { predictedFromMs: predicted[0] * 1000, predictedMs: predicted[1] * 1000 } : {}),
    })),
    namespaces: Object.entries(SIZES).map(([name, proxies]) => ({ name, workloads: Math.ceil(proxies / 2), proxies })),
    proxies: 47,
    workloads: 24,
    workloadNames: [],
    retire: [OLD_ROOT.fingerprint],
    keep: [],
    target: NEW_ROOT.fingerprint,
    hash: PLAN_HASH,
  };
}

function rotation(phase: Phase, more: Partial<RotationStatus> = {}): RotationSeen & { status: RotationStatus } {
  const status: RotationStatus = {
    workflowId: 'trust-root-prod',
    cluster: 'prod',
    linkerdNamespace: 'linkerd',
    linkerdVersion: '2.20',
    strategy: 'bridge',
    phase,
    outcome: 'running',
    pastPointOfNoReturn: false,
    startedAt: STARTED,
    phases: phasesUntil(phase).phases,
    plan: plan(),
    roots: {
      root: NEW_ROOT,
      issuer: NEW_ISSUER,
      issuerOfStart: OLD_ISSUER,
      retire: [OLD_ROOT],
      adopted: false,
      pastPointOfNoReturn: false,
    },
    namespaces: [],
    stragglers: [],
    bridgeNotAfter: BRIDGE.notAfter,
    waivers: [],
    approvals: [],
    notes: ['Linkerd was installed by its CLI: nobody else writes the bundle.'],
    ...more,
  };
  return { workflowId: 'trust-root-prod', runId: 'b9d0a3f2-8f4e-4f5a-9b39-6f2d3f0c1c11', status };
}

const DURING: CertificateSeen[] = [
  { ...OLD_ROOT, kind: 'anchor', role: 'old' },
  { ...NEW_ROOT, kind: 'anchor', role: 'new' },
  { ...OLD_ISSUER, kind: 'issuer' },
  { ...BRIDGE, kind: 'bridge' },
];

function overview(more: Partial<Overview>): Overview {
  return {
    at: NOW.toISOString(),
    cluster: 'prod',
    apiServer: 'https://10.0.0.1:6443',
    version: '0.8.0',
    linkerdNamespace: 'linkerd',
    timeline: [],
    certificates: [],
    problems: [],
    ...more,
  };
}

function looked(
  namespaces: NamespaceCensus[],
  stale: { namespace: string; proxies: number }[] = [],
): Pick<Overview, 'mesh'> {
  return { mesh: { at: new Date(NOW.getTime() - 4000).toISOString(), seconds: 1.8, namespaces, stale } };
}

/** The time at which a phase of `COURSE` is so many minutes old. */
function inPhase(phase: Phase, minutes: number): { now: Date; phases: PhaseProgress[] } {
  const { phases, began } = phasesUntil(phase);
  return { now: new Date(began + minutes * 60_000), phases };
}

/** An overview, and the moment at which it is looked at. */
export interface Scene {
  now: Date;
  overview: Overview;
}

function scene(now: Date, more: Partial<Overview>): Scene {
  return {
    now,
    overview: overview({
      at: now.toISOString(),
      ...more,
      ...(more.mesh ? { mesh: { ...more.mesh, at: new Date(now.getTime() - 4000).toISOString() } } : {}),
    }),
  };
}

/** Proxies renew by themselves: 29 of 47 carry both chains. Nobody has to do anything. */
export function renewing(): Scene {
  const { now, phases } = inPhase('renew', 13);
  const renewed: Record<string, number> = { catalog: 6, linkerd: 3, logging: 2, orders: 7, payments: 3, shop: 8 };
  const proven = Object.values(renewed).reduce((sum, count) => sum + count, 0);
  const namespaces = census(
    (_, size) => ({ old: size }),
    (name, size) => ({ both: renewed[name] ?? 0, old: size - (renewed[name] ?? 0) }),
  );
  const lastDue = new Date(now.getTime() + 5 * 60_000).toISOString();
  return scene(now, {
    rotation: {
      ...rotation('renew', {
        waiting: {
          kind: 'renewal',
          for: "the proxies' own renewal of their leaves",
          since: new Date(now.getTime() - 13 * 60_000).toISOString(),
          on: [],
          todo: 'Nothing to do. To be quicker, `reroot strategy --leaf-renewal roll` rolls what is left.',
        },
      }),
      renewal: { proxies: 47, proven, lastDue, late: [] },
    },
    ...looked(namespaces),
    timeline: timelineUntil(now.getTime(), phases),
    certificates: DURING,
    probes: { handshakes: 4206, refused: 0, closed: 0 },
  });
}

/** Everything is proven, and a person is asked. */
export function waitingForApproval(): Scene {
  const { now, phases } = inPhase('approve', 3.5);
  return scene(now, {
    rotation: rotation('approve', {
      gate: {
        phase: 'approve',
        at: now.toISOString(),
        passed: true,
        proxies: 47,
        proven: 47,
        waived: 0,
        namespaces: [],
        reverted: [],
        findings: [],
      },
      waiting: {
        kind: 'approval',
        for: 'approval of retire',
        since: new Date(now.getTime() - 3.5 * 60_000).toISOString(),
        on: [],
        todo: 'After this the old root leaves the bundle: the point of no return. 24 workloads are rolled once. Send `approve` with the hash of the plan, or `reroot approve`.',
        planHash: PLAN_HASH,
      },
    }),
    ...looked(
      census(
        (_, size) => ({ old: size }),
        (_, size) => ({ both: size }),
      ),
    ),
    timeline: timelineUntil(now.getTime(), phases),
    certificates: DURING,
    probes: { handshakes: 4256, refused: 0, closed: 0 },
  });
}

const APPROVED = {
  phase: 'retire',
  planHash: PLAN_HASH,
  at: '2026-11-30T17:26:10.000Z',
  claimedBy: 'maria@example.org',
  reason: 'change 4711',
};
const MOVED: Record<string, number> = { catalog: 5, linkerd: 3, logging: 4, orders: 3, payments: 5, shop: 0 };

/** The one rollout is half way, and past the point of no return. */
export function halfWay(): Scene {
  const { now, phases } = inPhase('retire', 4);
  const namespaces = census(
    (name, size) => ({
      new: MOVED[name] ?? 0,
      old: size - (MOVED[name] ?? 0) - (name === 'orders' ? 1 : 0),
      unknown: name === 'orders' ? 1 : 0,
    }),
    (name, size) => ({ both: size - (name === 'orders' ? 1 : 0), unknown: name === 'orders' ? 1 : 0 }),
  );
  const shown = Object.entries(SIZES).map(([namespace, proxies]) => {
    const proven = MOVED[namespace] ?? 0;
    const [workloads, workloadsDone] = [Math.ceil(proxies / 2), Math.floor(proven / 2)];
    const state = proven === proxies ? ('done' as const) : proven === 0 ? ('waiting' as const) : ('running' as const);
    return {
      namespace,
      phase: 'retire' as const,
      workloads,
      workloadsDone: state === 'done' ? workloads : workloadsDone,
      proxies,
      proven,
      rolled: workloadsDone + 1,
      waitingFor: state === 'running' ? [`Deployment/${namespace}-api: 1 of 2 pods ready`] : [],
      state,
    };
  });
  return scene(now, {
    rotation: {
      ...rotation('retire', {
        pastPointOfNoReturn: true,
        approvals: [APPROVED],
        namespaces: shown,
        gate: {
          phase: 'retire',
          at: now.toISOString(),
          passed: false,
          proxies: 47,
          proven: 20,
          waived: 0,
          namespaces: [],
          reverted: [],
          findings: [],
        },
      }),
      rollout: { inFlight: 6, budget: 24, slowed: 'pods need 40 s to start, twice as long as at first: 6 at a time' },
    },
    ...looked(namespaces, [{ namespace: 'shop', proxies: 8 }]),
    timeline: timelineUntil(now.getTime(), phases),
    certificates: DURING,
    probes: { handshakes: 6105, refused: 0, closed: 2 },
  });
}

/** Two workloads do not come out right, one is waived, and the bridge certificate ends soon. */
export function stuck(): Scene {
  const { phases } = phasesUntil('retire');
  const now = new Date(Date.parse(phases.find(({ phase }) => phase === 'retire')?.startedAt ?? STARTED) + 26 * 60_000);
  const left: Record<string, number> = { payments: 2, logging: 1 };
  const namespaces = census(
    (name, size) => ({
      new: size - (left[name] ?? 0),
      ...(name === 'logging' ? { unknown: 1 } : { old: left[name] ?? 0 }),
    }),
    (name, size) => ({ both: size - (name === 'logging' ? 1 : 0), unknown: name === 'logging' ? 1 : 0 }),
  );
  const findings = [
    {
      reason: 'RolloutStuck',
      severity: 'block' as const,
      message: '1 of 2 new pods is ready for 12 min: CrashLoopBackOff',
      subject: { kind: 'workload' as const, name: 'payments/Deployment/ledger' },
      hint: 'look at the log of its container `app`; the rotation goes on when it is ready',
    },
    {
      reason: 'ProxyUnreadable',
      severity: 'block' as const,
      message: 'it could not be read for 11 min: connection refused',
      subject: { kind: 'pod' as const, name: 'logging/Pod/agent-x7k2p', workload: 'logging/DaemonSet/agent' },
      hint: 'is the node up? `waive` it with a reason if it is never coming back',
    },
  ];
  return scene(now, {
    rotation: rotation('retire', {
      pastPointOfNoReturn: true,
      approvals: [APPROVED],
      waivers: [
        {
          subject: 'catalog/Deployment/legacy',
          reason: 'is switched off on Friday',
          gate: 'rollout',
          claimedBy: 'li@example.org',
        },
      ],
      namespaces: [
        {
          namespace: 'payments',
          phase: 'retire',
          workloads: 5,
          workloadsDone: 4,
          proxies: 10,
          proven: 8,
          rolled: 5,
          waitingFor: ['Deployment/ledger: 1 of 2 new pods ready'],
          state: 'stuck',
        },
      ],
      gate: {
        phase: 'retire',
        at: now.toISOString(),
        passed: false,
        proxies: 47,
        proven: 44,
        waived: 0,
        namespaces: [
          { name: 'payments', outdated: 2 },
          { name: 'logging', outdated: 1 },
        ],
        reverted: [],
        findings,
      },
      stragglers: findings,
      waiting: {
        kind: 'attention',
        for: 'proxies that do not meet the gate of retire',
        since: new Date(now.getTime() - 14 * 60_000).toISOString(),
        on: findings.map(({ reason, subject, message, hint }) => `${reason}: ${subject.name}: ${message} (${hint})`),
        todo: 'Repair what is named (the rotation notices by itself), `retry`, or `waive` it with a reason.',
      },
      alerts: [
        {
          reason: 'BridgeEnding',
          message: 'the bridge certificate ends before the rotation is over at this pace.',
          since: new Date(now.getTime() - 9 * 60_000).toISOString(),
          deadline: BRIDGE.notAfter,
        },
      ],
    }),
    ...looked(namespaces, [{ namespace: 'payments', proxies: 2 }]),
    timeline: timelineUntil(now.getTime(), phases).map((sample) =>
      sample.trusts.new < 45
        ? sample
        : { ...sample, trusts: counts({ new: 44, old: 2, unknown: 1 }), presents: counts({ both: 46, unknown: 1 }) },
    ),
    certificates: DURING,
    probes: { handshakes: 9411, refused: 3, closed: 4 },
  });
}

function report(): RotationReport {
  const { phases, began } = phasesUntil(undefined);
  return {
    outcome: 'completed',
    cluster: 'prod',
    linkerdNamespace: 'linkerd',
    linkerdVersion: '2.20',
    layout: '2.12',
    strategy: 'bridge',
    workflowId: 'trust-root-prod',
    runId: 'b9d0a3f2-8f4e-4f5a-9b39-6f2d3f0c1c11',
    startedAt: STARTED,
    finishedAt: new Date(began).toISOString(),
    newRoot: NEW_ROOT,
    newIssuer: NEW_ISSUER,
    oldRoots: [OLD_ROOT],
    proxiesProven: 47,
    phases,
    waivers: [],
    approvals: [APPROVED],
    notes: [],
    adopted: false,
  };
}

const AFTER: CertificateSeen[] = [
  { ...NEW_ROOT, kind: 'anchor', role: 'inUse' },
  { ...NEW_ISSUER, kind: 'issuer' },
];

/** Twelve minutes after the end of a rotation. */
export function completed(): Scene {
  const { phases, began } = phasesUntil(undefined);
  return scene(new Date(began + 12 * 60_000), {
    report: report(),
    ...looked(
      census(
        (_, size) => ({ old: size }),
        (_, size) => ({ old: size }),
      ),
    ),
    timeline: timelineUntil(began, phases),
    certificates: AFTER,
  });
}

const WATCH: WatchStatus = {
  workflowId: 'trust-root-watch-prod',
  cluster: 'prod',
  startedAt: '2026-09-01T08:00:00Z',
  every: 3_600_000,
  onRenewal: 'ask',
  look: {
    at: '2027-01-20T08:00:03Z',
    linkerdNamespace: 'linkerd',
    clusterUid: '5b0f3c1e-0000-4000-8000-000000000001',
    certificate: 'cert-manager/linkerd-trust-anchor',
    renewalTime: '2036-08-01T00:00:00Z',
    root: NEW_ROOT,
    inUse: [NEW_ROOT],
  },
  notes: [],
};

/** Weeks later: nothing happens, something watches, and the issuer of somebody's else lasts 48 hours. */
export function watching(): Scene {
  const short = certificate('identity.linkerd.cluster.local', '2027-01-19T09:00:00.000Z', 2);
  return scene(new Date('2027-01-20T08:24:00Z'), {
    watch: WATCH,
    report: report(),
    ...looked(
      census(
        (_, size) => ({ old: size }),
        (_, size) => ({ old: size }),
      ),
    ),
    certificates: [
      { ...NEW_ROOT, kind: 'anchor', role: 'inUse' },
      { ...short, kind: 'issuer' },
    ],
  });
}

/** The same, where the looks of a Schedule watch. */
export function scheduled({
  failure,
  ...facts
}: Pick<ScheduledWatch, 'next' | 'paused'> & { failure?: string }): Scene {
  const { watch, ...others } = watching().overview;
  const last = { workflowId: 'watch-1', runId: 'run-1', at: watch?.look?.at ?? '', ...present({ failure }) };
  const schedule = { scheduleId: 'watch-trust-root-prod', when: 'daily at 03:00 UTC', running: [], last, ...facts };
  return { ...watching(), overview: { ...others, schedule } };
}

function gateOf(now: Date, proven: number, proxies: number): NonNullable<RotationStatus['gate']> {
  return {
    phase: 'retire',
    at: now.toISOString(),
    passed: false,
    proxies,
    proven,
    waived: 0,
    namespaces: [],
    reverted: [],
    findings: [],
  };
}

/** Five hundred namespaces, in the middle of a rollout. */
export function large(): Scene {
  const small = halfWay();
  const namespaces = Array.from({ length: 499 }, (_, index): NamespaceCensus => {
    const proxies = 3 + ((index * 7) % 41);
    const moved = Math.min(proxies, Math.floor((index / 350) * proxies));
    const lost = index % 97 === 0 ? 1 : 0;
    const isMoved = moved - Math.min(lost, moved);
    return {
      namespace: `team-${String(index).padStart(3, '0')}`,
      proxies,
      trusts: counts({ new: isMoved, old: proxies - isMoved - lost, unknown: lost }),
      presents: counts({ both: proxies - lost, unknown: lost }),
    };
  });
  const own: NamespaceCensus = {
    namespace: 'linkerd',
    proxies: 9,
    trusts: counts({ new: 9 }),
    presents: counts({ both: 9 }),
  };
  const all = [...namespaces, own];
  const total = totalOf(all, 'trusts');
  const proxies = Object.values(total).reduce((sum, count) => sum + count, 0);
  return scene(small.now, {
    ...small.overview,
    rotation: {
      ...rotation('retire', {
        ...small.overview.rotation?.status,
        gate: gateOf(small.now, total.new, proxies),
        namespaces: [],
      }),
      rollout: { inFlight: 412, budget: 5726 },
    },
    ...looked(all),
    timeline: timelineUntil(small.now.getTime(), small.overview.rotation?.status?.phases ?? [], proxies),
  });
}

/** No API server that answers, no Temporal, nothing. */
export function unreadable(): Scene {
  return scene(NOW, {
    problems: [
      'The API server at https://10.0.0.1:6443 does not answer: connect ECONNREFUSED 10.0.0.1:6443',
      'Temporal at temporal:7233 does not answer, so nobody can say whether a rotation is under way.',
    ],
  });
}

/** The worker has just begun. */
export function fresh(): Scene {
  return scene(NOW, {});
}

const HOSTILE = `</td></script><script>alert("1")</script><img src=x onerror='alert(2)'>\u202Egnp.exe\u202C & "quotes" 'single' \u001B[31mred`;

/** Whatever others may write is hostile here. */
export function hostile(): Scene {
  const from = stuck();
  const { status } = from.overview.rotation as { status: RotationStatus };
  const finding = {
    reason: HOSTILE,
    severity: 'block' as const,
    message: HOSTILE,
    hint: HOSTILE,
    subject: { kind: 'pod' as const, name: HOSTILE },
  };
  const waiting = {
    ...status.waiting,
    kind: 'handOff' as const,
    for: HOSTILE,
    since: HOSTILE,
    on: [HOSTILE],
    todo: HOSTILE,
    planHash: HOSTILE,
    handOff: {
      who: HOSTILE,
      for: HOSTILE,
      difference: [HOSTILE],
      todo: HOSTILE,
      seen: HOSTILE,
      places: [
        {
          kind: 'Secret' as const,
          namespace: HOSTILE,
          name: HOSTILE,
          key: HOSTILE,
          value: '-----BEGIN CERTIFICATE-----',
        },
      ],
    },
  };
  const bad: CertificateFacts = { fingerprint: HOSTILE, commonName: HOSTILE, notBefore: HOSTILE, notAfter: HOSTILE };
  return {
    now: from.now,
    overview: {
      ...from.overview,
      cluster: HOSTILE,
      apiServer: HOSTILE,
      linkerdNamespace: HOSTILE,
      version: HOSTILE,
      rotation: {
        workflowId: HOSTILE,
        runId: HOSTILE,
        status: {
          ...status,
          strategy: HOSTILE,
          roots: { ...(status.roots as NonNullable<RotationStatus['roots']>), root: bad, retire: [bad] },
          waiting,
          alsoWaiting: [waiting],
          alerts: [{ reason: HOSTILE, message: HOSTILE, since: HOSTILE, deadline: HOSTILE }],
          stragglers: [finding],
          namespaces: [
            {
              namespace: HOSTILE,
              phase: 'retire',
              workloads: 1,
              workloadsDone: 0,
              proxies: 1,
              proven: 0,
              rolled: 0,
              waitingFor: [HOSTILE],
              state: 'stuck',
            },
          ],
          waivers: [{ subject: HOSTILE, reason: HOSTILE, claimedBy: HOSTILE }],
          approvals: [{ phase: HOSTILE, planHash: HOSTILE, at: HOSTILE, claimedBy: HOSTILE, reason: HOSTILE }],
          notes: [HOSTILE],
        },
        rollout: { inFlight: 1, budget: 1, slowed: HOSTILE },
      },
      watch: {
        ...WATCH,
        cluster: HOSTILE,
        notes: [HOSTILE],
        alerts: [{ reason: HOSTILE, message: HOSTILE, since: HOSTILE }],
      },
      mesh: {
        at: HOSTILE,
        seconds: 1,
        stale: [{ namespace: HOSTILE, proxies: 1 }],
        namespaces: [{ namespace: HOSTILE, proxies: 1, trusts: counts({ old: 1 }), presents: counts({ old: 1 }) }],
      },
      timeline: [{ at: STARTED, phase: HOSTILE, trusts: counts({ old: 1 }), presents: counts({ old: 1 }) }],
      certificates: [{ ...bad, kind: 'anchor', role: 'new' }],
      report: {
        ...report(),
        workflowId: 'another',
        strategy: HOSTILE,
        newRoot: bad,
        oldRoots: [bad],
        aborted: { phase: HOSTILE, reason: HOSTILE, at: HOSTILE },
      },
      problems: [HOSTILE],
    },
  };
}

export const SCENES = {
  renewing,
  waitingForApproval,
  halfWay,
  stuck,
  completed,
  watching,
  large,
  unreadable,
  fresh,
  hostile,
};
