import { formatDuration } from '../ground/duration.js';
import { present } from '../ground/present.js';
import type { Course, Row, Write } from './courses/course.js';
import type { RotationSettings } from './input.js';
import { OWN, type Owned, type Owners } from './owners.js';
import { A_WRITE, type Pace, predictIdentity, predictLook, predictRollout } from './pace.js';
import type { Phase, PhaseProgress } from './phases.js';
import { longestWait } from './renewal.js';
import { NO_TIME, type Span, span, spanText, sum } from './span.js';

export interface PlannedPhase {
  phase: Phase;
  what: string;
  /** Milliseconds that it may last, predicted; absent where it is up to people. */
  predictedMs?: number;
  /** Milliseconds that it lasts at the least, predicted; absent in a plan of reroot 0.4. */
  predictedFromMs?: number;
}

/** The phases of a course with what happens in each, and how long each may last. */
export function planPhases(
  settings: RotationSettings,
  course: Course,
  pace: Pace,
  owners: Owners = OWN,
): PlannedPhase[] {
  return [
    { phase: 'preflight', what: 'read the mesh, change nothing', ...lasting(predictLook(pace.proxies)) },
    { phase: 'generate', what: madeText(course, owners), ...lasting(A_WRITE) },
    ...course.rows.map((row) => handedOff(planned(row, settings, pace), row, owners)),
    { phase: 'finish', what: 'tidy up, write the report', ...lasting(A_WRITE) },
  ];
}

function madeText({ replaces }: Course, { issuer }: Owners): string {
  const byCertManager = issuer.kind === 'certManager';
  if (replaces === 'issuer') {
    return byCertManager ? 'find what cert-manager has to renew' : 'a new issuer under the root in use';
  }
  return byCertManager
    ? "a new root: by a renewal of cert-manager's Certificate, where it has one"
    : 'a new root and an issuer under it';
}

const WRITERS: Record<Owned, readonly Write[]> = {
  bundle: ['addTarget', 'dropRetired'],
  issuer: ['swapIssuer', 'writeIssuer'],
};

/** What is somebody else's to write is waited for, for as long as that takes. */
function handedOff(phase: PlannedPhase, { writes }: Row, owners: Owners): PlannedPhase {
  const waits = (['bundle', 'issuer'] as const)
    .filter((owned) => owners[owned].kind === 'handOff' && writes.some((write) => WRITERS[owned].includes(write)))
    .map((owned) => `wait for ${owners[owned].who ?? 'whoever owns it'} to write the ${owned}`);
  return { ...phase, what: [phase.what, ...waits].join('; ') };
}

function planned(row: Row, { approvals, rollout, timing }: RotationSettings, pace: Pace): PlannedPhase {
  const { phase, what } = row;
  if (row.approval) return { phase, what: approvals === 'none' ? 'nobody is asked' : what };
  if (row.whose === 'identity') return { phase, what, ...lasting(identityLasts(row, timing.issuerEvent, pace)) };
  if (row.organic && rollout.pace === 'organic') {
    return {
      phase,
      what: `${what}; your own deployments replace pods, for ${formatDuration(rollout.deadline)} at most`,
    };
  }
  return row.by === 'roll'
    ? {
        phase,
        what: `${what}; roll the control plane and every meshed workload${rollout.windows.length > 0 ? ', in `rollout.windows`' : ''}`,
        ...lasting(predictRollout(pace, rollout)),
      }
    : {
        phase,
        what: `${what}; wait for the proxies' own renewal of their leaves`,
        ...lasting(renewalLasts(pace)),
      };
}

/** Until the kubelet has brought a Secret to identity, which takes it as it runs; where its word is not enough it is restarted. */
function identityLasts({ event, writes }: Row, issuerEventMs: number, pace: Pace): Span {
  const taken = writes.includes('swapIssuer') ? span(0, Math.min(KUBELET_MS, issuerEventMs)) : NO_TIME;
  return sum([taken, event ? A_WRITE : predictIdentity(pace)]);
}

/** A kubelet looks at its Secrets once a minute, and may have an old one for another (kubernetes pkg/kubelet/util/manager). */
const KUBELET_MS = 120_000;

/** Leaves of any age: the last of so many proxies to renew is waited for, each of which keeps its leaf as long as the others. */
function renewalLasts({ leafLifeMs, proxies }: Pace): Span {
  const longest = longestWait(leafLifeMs);
  return span((longest * proxies) / (proxies + 1), longest);
}

/** As a plan has it: whole milliseconds. */
function lasting({ fromMs, toMs }: Span): Required<Pick<PlannedPhase, 'predictedMs' | 'predictedFromMs'>> {
  return { predictedFromMs: Math.round(fromMs), predictedMs: Math.round(toMs) };
}

/** The plan with the predictions of an earlier one, which was made before anything was rolled, and of all that there is to know. */
export function predictedAsBefore<P extends { phases: PlannedPhase[] }>(plan: P, before: P | undefined): P {
  if (!before) return plan;
  const known = new Map(before.phases.map((one) => [one.phase, one]));
  const phases = plan.phases.map(({ phase, what }) => {
    const { predictedMs, predictedFromMs } = known.get(phase) ?? {};
    return { phase, what, ...present({ predictedMs, predictedFromMs }) };
  });
  return { ...plan, phases };
}

/** Milliseconds until the old certificates are needed no more, up to and with the point of no return: in the middle of what is predicted. */
export function untilRetired(phases: readonly PlannedPhase[]): number {
  const last = phases.findIndex(({ phase }) => phase === 'retire');
  return phases
    .slice(0, last + 1)
    .reduce(
      (total, { predictedMs = 0, predictedFromMs = predictedMs }) => total + (predictedFromMs + predictedMs) / 2,
      0,
    );
}

/** A phase as the report has it: how long it took, and what was predicted. */
export interface ReportedPhase extends PhaseProgress, Pick<PlannedPhase, 'predictedMs' | 'predictedFromMs'> {
  /** Milliseconds. What people kept it waiting is in it. */
  tookMs?: number;
}

/** What happened beside what was predicted. */
export function compared(
  phases: readonly PhaseProgress[],
  predictions: readonly PlannedPhase[] | undefined,
): ReportedPhase[] {
  return phases.map((progress) => {
    const { startedAt, finishedAt } = progress;
    const { predictedMs, predictedFromMs } = predictions?.find(({ phase }) => phase === progress.phase) ?? {};
    const tookMs = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined;
    return { ...progress, ...present({ tookMs, predictedFromMs, predictedMs }) };
  });
}

/** What was predicted, for people; empty where it is up to them. */
export function predictedText({
  predictedMs,
  predictedFromMs = 0,
}: Pick<PlannedPhase, 'predictedMs' | 'predictedFromMs'>): string {
  return predictedMs === undefined ? '' : spanText(span(predictedFromMs, predictedMs));
}
