import { formatDuration } from '../../ground/duration.js';
import { type Course, forcedRollouts } from '../courses/course.js';
import { waysToReplaceRoot } from '../courses/index.js';
import type { Finding } from '../findings.js';
import type { RotationSettings } from '../input.js';
import type { Pace } from '../pace.js';
import { planPhases, untilRetired } from '../planned-phases.js';
import { longestClosed } from '../windows.js';
import type { Deadline, Expiry, PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

/** A rotation has to be through in half of the time that is left: people may keep it waiting as long again. */
const SPARE = 2;

/**
 * How long the course and each way would last in this mesh, and be kept waiting by windows. For a rotation of the issuer alone
 * it does not matter.
 */
export function deadlineOf(
  { settings, course }: { settings: RotationSettings; course: Course },
  pace: Pace,
  { expiries, now }: { expiries: Expiry[]; now: Date },
): Deadline {
  const closedMs = longestClosed(settings.rollout.windows, now);
  const lasts = (way: Course) => untilRetired(planPhases(settings, way, pace)) + forcedRollouts(way) * closedMs;
  return {
    ...(closedMs > 0 ? { closedMs } : {}),
    lastsMs: course.replaces === 'issuer' ? 0 : lasts(course),
    ways: waysToReplaceRoot().map((way) => ({ name: way.name, lastsMs: lasts(way.course) })),
    expiries,
  };
}

/** Leaves end with their issuer: a rotation has to be through before. */
export function strategyTooSlow({ deadline, now, recovery, course }: PreflightObservation): Finding[] {
  const { lastsMs, ways, expiries, closedMs } = deadline;
  if (recovery || lastsMs === 0) return [];
  const [ofWhich, orElse] =
    closedMs === undefined
      ? ['', '']
      : [
          `, ${formatDuration(closedMs)} of it for each rollout until one of \`rollout.windows\` opens`,
          '; or say windows that open sooner',
        ];
  return expiries.flatMap(({ what, notAfter }) => {
    const left = Date.parse(notAfter) - now.getTime();
    if (left >= SPARE * lastsMs) return [];
    const fitting = ways.filter((way) => left >= SPARE * way.lastsMs).map(({ name }) => name);
    return [
      {
        reason: 'StrategyTooSlow',
        severity: 'block',
        message: `${what} expires at ${notAfter}, in ${formatDuration(left)}; strategy ${course.strategy} may last ${formatDuration(lastsMs)}${ofWhich}`,
        subject: CLUSTER,
        hint:
          fitting.length > 0
            ? `in time: ${fitting.join(', ')}${orElse}`
            : `no strategy is sure to be in time: standard is the quickest${orElse}`,
      },
    ];
  });
}
