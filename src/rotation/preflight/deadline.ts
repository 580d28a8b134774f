import { formatDuration } from '../../ground/duration.js';
import type { Finding } from '../findings.js';
import type { RotationSettings } from '../input.js';
import { type Pace, planPhases, untilRetired } from '../plan.js';
import type { Strategy } from '../strategies.js';
import type { Deadline, Expiry, PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

/** A rotation has to be through in half of the time that is left: people may keep it waiting as long again. */
const SPARE = 2;

type LeafRenewal = RotationSettings['leafRenewal'];

/** The ways to replace a root, the gentlest first. */
const WAYS: readonly { name: string; strategy: Strategy; leafRenewal: LeafRenewal }[] = [
  { name: 'bridge', strategy: 'bridge', leafRenewal: 'wait' },
  { name: 'bridge with leafRenewal roll', strategy: 'bridge', leafRenewal: 'roll' },
  { name: 'patient', strategy: 'patient', leafRenewal: 'wait' },
  { name: 'standard', strategy: 'standard', leafRenewal: 'wait' },
];

/** How long the strategy and each way would last in this mesh. For a rotation of the issuer alone it does not matter. */
export function deadlineOf(
  { settings, strategy }: { settings: RotationSettings; strategy: Strategy },
  pace: Pace,
  expiries: Expiry[],
): Deadline {
  const lasts = (way: Strategy, leafRenewal: LeafRenewal) =>
    untilRetired(planPhases({ ...settings, leafRenewal }, way, pace));
  return {
    lastsMs: strategy === 'issuer' ? 0 : lasts(strategy, settings.leafRenewal),
    ways: WAYS.map((way) => ({ name: way.name, lastsMs: lasts(way.strategy, way.leafRenewal) })),
    expiries,
  };
}

/** Leaves end with their issuer: a rotation has to be through before. */
export function strategyTooSlow({ deadline, now, recovery, strategy }: PreflightObservation): Finding[] {
  const { lastsMs, ways, expiries } = deadline;
  if (recovery || lastsMs === 0) return [];
  return expiries.flatMap(({ what, notAfter }) => {
    const left = Date.parse(notAfter) - now.getTime();
    if (left >= SPARE * lastsMs) return [];
    const fitting = ways.filter((way) => left >= SPARE * way.lastsMs).map(({ name }) => name);
    return [
      {
        reason: 'StrategyTooSlow',
        severity: 'block',
        message: `${what} expires at ${notAfter}, in ${formatDuration(left)}; strategy ${strategy} may last ${formatDuration(lastsMs)}`,
        subject: CLUSTER,
        hint:
          fitting.length > 0
            ? `in time: ${fitting.join(', ')}`
            : 'no strategy is sure to be in time: standard is the quickest',
      },
    ];
  });
}
