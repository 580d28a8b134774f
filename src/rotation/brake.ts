import type { Finding } from './findings.js';
import type { StragglerLimit } from './rollout-fields.js';

/** When a rollout stops by itself, and asks. Pure. */

/** Workloads of a rollout that have gone wrong, and all of them. */
export interface Wrong {
  workloads: number;
  /** Rolled in this phase, and stuck. */
  stragglers: readonly string[];
  /** With pods that were ready, and have not been for a while. */
  fallen: readonly string[];
}

const NAMED = 5;

/** Why nothing more is rolled; undefined: it goes on. A workload that is both counts once. */
export function brakes({ workloads, stragglers, fallen }: Wrong, max: StragglerLimit): string | undefined {
  const wrong = [...new Set([...stragglers, ...fallen])];
  const most = 'count' in max ? max.count : Math.ceil((workloads * max.percent) / 100);
  if (wrong.length <= most) return undefined;
  const said = 'count' in max ? `${max.count}` : `${max.percent}%`;
  const named = wrong.slice(0, NAMED).join(', ');
  const more = wrong.length > NAMED ? ` and ${wrong.length - NAMED} more` : '';
  return (
    `${wrong.length} of ${workloads} workloads have not come out right, which is more than rollout.maxStragglers (${said}): ` +
    `${stragglers.length} are stuck after their rollout, ${fallen.length} have pods that were ready and are not (${named}${more})`
  );
}

/** What people are told of a rollout that has stopped. */
export function rolloutStopped(why: string): Finding {
  return {
    reason: 'RolloutStopped',
    severity: 'block',
    message: `nothing more is rolled: ${why}`,
    subject: { kind: 'cluster', name: 'rollout' },
    hint: 'look at what the workloads named have in common, and repair it; then `retry`, which rolls the stuck ones once more and goes on. `waive` those it can go on without',
  };
}
