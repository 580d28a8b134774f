import pc from 'picocolors';
import { plainLines } from '../../ground/plain.js';
import { endingText, type PutBack } from '../../rotation/ending.js';
import { type EndFailure, REFUSALS, type RotationEnd } from '../session/end.js';
import { reasonNamed } from '../reasons.js';
import { leavesEnd } from './dates.js';
import { explainText, renderFindings } from './findings.js';
import { renderPlan } from './render.js';
import { reportText } from './report.js';
import { plainly } from './terminal.js';

/** How a rotation ended, for a person: what happened, what it has left, and what to do now. */

/** Characters of one line of a failure: a finding with its hint. */
const LONGEST_LINE = 2200;

const ENDED = {
  completed: 'Completed',
  aborted: 'Aborted',
  failed: 'Failed',
  cancelled: 'Cancelled',
  terminated: 'Terminated',
  timedOut: 'Timed out',
} as const satisfies Record<RotationEnd['outcome'], string>;

export function endText(ended: RotationEnd, now: Date): string {
  const end = plainEnd(ended);
  const { report, plan, failure } = end;
  if (report) return reportText(report);
  if (plan)
    return [
      renderPlan(plan.plan),
      ...(plan.findings.length > 0 ? [renderFindings(plan.findings, { omitted: plan.findingsOmitted })] : []),
    ].join('\n');
  if (!failure) return ENDED[end.outcome];
  return [
    '',
    `${pc.red(ENDED[end.outcome])}${timeText(end)}: ${end.outcome === 'failed' ? `${failure.type}: ` : ''}${messageText(failure)}`,
    ...adviceLines(end, failure, now),
    ...(end.outcome === 'failed' && !failure.findings ? explainLines(failure) : []),
  ].join('\n');
}

/** Of findings each reason once; those that are not named stand in the last line of the message. */
function messageText({ message, findings }: EndFailure): string {
  if (!findings) return message;
  const [first = '', ...lines] = message.split('\n');
  const more = lines.filter((line) => line.startsWith('- and '));
  return [first, renderFindings(findings), ...more].join('\n');
}

/** A failure of reroot's own has a reason that is explained; one of the server has not. */
function explainLines({ type }: EndFailure): string[] {
  const text = explainText([type]);
  return text && reasonNamed(type) ? [pc.dim(text)] : [];
}

/** What a rotation has failed with may be a list, with a line for each problem. */
function plainEnd(end: RotationEnd): RotationEnd {
  const { failure } = end;
  return {
    ...plainly(end),
    ...(failure ? { failure: { ...plainly(failure), message: plainLines(failure.message, LONGEST_LINE) } } : {}),
  };
}

function timeText({ finishedAt }: RotationEnd): string {
  return finishedAt ? ` at ${finishedAt.slice(0, 16).replace('T', ' ')} UTC` : '';
}

function adviceLines({ outcome, again }: RotationEnd, { type, message, left }: EndFailure, now: Date): string[] {
  if (REFUSALS.includes(type)) return ['It changed nothing. Set right what it names, then start it again.'];
  if (outcome === 'aborted') return [];
  if (left) return [...leftLines(left, message, now), `The command for it: \`${again}\``];
  return [unknownText(outcome), `Start again: the next rotation goes on where this one stopped: \`${again}\``];
}

/** @param message of the failure, which may say it already */
function leftLines(left: PutBack, message: string, now: Date): string[] {
  const text = endingText(left);
  const lines = message.includes(text) ? [] : [text];
  if (left.putBack || !left.leavesEnd) return lines;
  return [...lines, pc.red(`⚠ Unless a rotation goes on before, ${leavesEnd(left.leavesEnd, now)}.`)];
}

/** It was ended from outside, or by a worker of an earlier version. */
function unknownText(outcome: RotationEnd['outcome']): string {
  const nobody = outcome === 'terminated' || outcome === 'timedOut' ? 'Nothing was put back. ' : '';
  return (
    `${nobody}What it had written stays, and nobody looks after it: a bridge certificate in use ends every leaf when it ends. ` +
    '`reroot preflight` says what is left, and until when leaves live (RotationLeftBehind).'
  );
}
