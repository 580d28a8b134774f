import { plain } from '../../src/ground/plain.js';
import type { Finding } from '../../src/rotation/findings.js';
import type { NamespaceProgress, ReinjectInput, UndoneRolls } from '../../src/rotation/rollout-payloads.js';
import type { RolloutDecision } from '../../src/rotation/rollout-waits.js';
import type { Assessment } from './assess.js';
import { reportedBefore } from './heartbeat.js';

/** What is told of the workloads of a namespace while they are rolled, and at the end. */

/** Rolls that were put back of which later steps are told; any other is rolled once by each. */
const MOST_UNDONE = 20;
const LONGEST_MARK = 100;
/** Workloads that progress names; the others it counts. */
export const SHOWN_ALONE = 5;
export const SHOWN_AMONG_OTHERS = 3;
/** Characters of what one of them waits for. */
const LONGEST_WAIT = 400;

/** Something is done for it, or waited for. */
export function isBusy({ decision }: Pick<Assessment, 'decision'>): boolean {
  return decision.do !== 'nothing' && decision.do !== 'straggle';
}

interface Told {
  rolled: number;
  /** How many of those that are waited for are named. */
  named: number;
  /** Why one that is not rolled yet has to wait; undefined: it is next in line. */
  heldBecause(one: Assessment): string | undefined;
}

export function summarize(
  state: readonly Assessment[],
  { namespace, phase }: Pick<ReinjectInput, 'namespace' | 'phase'>,
  { rolled, named: most, heldBecause }: Told,
): NamespaceProgress {
  const waiting = state.filter(isBusy);
  const named = waiting
    .slice(0, most)
    .map((one) => plain(`${one.name}: ${heldBecause(one) ?? whyWaiting(one.decision)}`, LONGEST_WAIT));
  return {
    namespace,
    phase,
    workloads: state.length,
    workloadsDone: state.filter(({ decision }) => decision.do === 'nothing').length,
    proxies: state.reduce((sum, { proxies }) => sum + proxies, 0),
    proven: state.reduce((sum, { proven }) => sum + proven, 0),
    rolled,
    waitingFor: waiting.length > most ? [...named, `and ${waiting.length - most} more workloads`] : named,
  };
}

/** A later step of this phase may find nothing of them in the cluster, and would roll once more. */
export function undoneOf(state: readonly Assessment[]): UndoneRolls | undefined {
  const undone = state.flatMap(({ name, workload }): [string, string][] =>
    workload?.dropped && workload.mark !== undefined ? [[name, plain(workload.mark, LONGEST_MARK)]] : [],
  );
  return undone.length > 0 ? Object.fromEntries(undone.slice(0, MOST_UNDONE)) : undefined;
}

/** What an earlier try of this activity has told of them before its worker died. */
export function undoneBefore(): UndoneRolls | undefined {
  return (reportedBefore() as { undone?: UndoneRolls } | undefined)?.undone;
}

function whyWaiting(decision: RolloutDecision): string {
  if (decision.do === 'wait') return decision.why;
  return ('refused' in decision && decision.refused) || 'next in line';
}

export function stragglersOf(state: readonly Assessment[]): Finding[] {
  return state.flatMap(({ name, decision }): Finding[] => {
    if (decision.do !== 'straggle') return [];
    const { reason, message, hint } = decision;
    return [{ reason, severity: 'block', message, subject: { kind: 'workload', name }, hint }];
  });
}
