import pc from 'picocolors';
import type { EndFailure, LeftBehind, RotationEnd } from '../session/end.js';
import { REFUSALS } from '../session/end.js';
import { leavesEnd } from './dates.js';
import { renderFindings, renderPlan } from './render.js';
import { reportText } from './report.js';

/** How a rotation ended, for a person: what happened, what it has left, and what to do now. */

const ENDED = {
  completed: 'Completed',
  aborted: 'Aborted',
  failed: 'Failed',
  cancelled: 'Cancelled',
  terminated: 'Terminated',
  timedOut: 'Timed out',
} as const satisfies Record<RotationEnd['outcome'], string>;

const GOES_ON = 'the next rotation goes on where this one stopped';

export function endText(end: RotationEnd, now: Date): string {
  const { report, plan, failure } = end;
  if (report) return reportText(report);
  if (plan)
    return [renderPlan(plan.plan), ...(plan.findings.length > 0 ? [renderFindings(plan.findings)] : [])].join('\n');
  if (!failure) return ENDED[end.outcome];
  return [
    '',
    `${pc.red(ENDED[end.outcome])}${timeText(end)}: ${end.outcome === 'failed' ? `${failure.type}: ` : ''}${failure.message}`,
    ...adviceLines(end, failure, now),
  ].join('\n');
}

function timeText({ finishedAt }: RotationEnd): string {
  return finishedAt ? ` at ${finishedAt.slice(0, 16).replace('T', ' ')} UTC` : '';
}

function adviceLines({ outcome, again }: RotationEnd, { type, left }: EndFailure, now: Date): string[] {
  if (REFUSALS.includes(type)) return ['It changed nothing. Set right what it names, then start it again.'];
  if (outcome === 'aborted') return [];
  const startAgain = `Start again: ${GOES_ON}: \`${again}\``;
  return left ? [...leftLines(left, now), startAgain] : [unknownText(outcome), startAgain];
}

function leftLines({ putBack, why, leavesEnd: end }: LeftBehind, now: Date): string[] {
  const issuer = putBack
    ? 'The issuer of the start is in use again.'
    : `The issuer of the start was not put back${why ? `: ${why}` : ''}.`;
  if (!end) return [issuer];
  return [issuer, pc.red(`⚠ Unless a rotation goes on before, ${leavesEnd(end, now)}.`)];
}

/** Nothing was said of what is left: it was ended from outside, or by a worker of an earlier version. */
function unknownText(outcome: RotationEnd['outcome']): string {
  const nobody = outcome === 'failed' ? '' : 'Nothing was put back. ';
  return (
    `${nobody}What it had written stays, and nobody looks after it: a bridge certificate in use ends every leaf when it ends. ` +
    '`reroot preflight` says what is left, and until when leaves live (RotationLeftBehind).'
  );
}
