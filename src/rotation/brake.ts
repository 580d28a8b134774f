/** When a rollout stops by itself, and asks. Pure. */

/** `rollout.maxStragglers`. */
export type MaxStragglers = { count: number } | { percent: number };

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
export function brakes({ workloads, stragglers, fallen }: Wrong, max: MaxStragglers): string | undefined {
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
