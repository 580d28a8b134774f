import pc from 'picocolors';
import { formatDuration } from '../../ground/duration.js';
import { present } from '../../ground/present.js';
import { TASK_QUEUE, workerCommand } from '../../temporal/names.js';
import { attributeOf, type Description } from '../session/end.js';
import { plainly } from './terminal.js';

/** What the Temporal server knows of a rotation whose worker does not answer. */
export interface Unanswered {
  workflowId: string;
  runId: string;
  cluster: string;
  outcome: 'running';
  phase?: string;
  /** ISO 8601, of the last run. */
  startedAt: string;
  /** No worker has: what a rotation that is served says of itself is missing. */
  answered: false;
  /** The command that starts a worker. */
  start: string;
}

export function unanswered(description: Description & { taskQueue?: string }, cluster: string): Unanswered {
  const { workflowId, runId, startTime, taskQueue = TASK_QUEUE } = description;
  const named = attributeOf(description, 'RerootCluster') ?? cluster;
  return {
    workflowId,
    runId,
    cluster: named,
    outcome: 'running',
    ...present({ phase: attributeOf(description, 'RerootPhase') }),
    startedAt: startTime.toISOString(),
    answered: false,
    start: workerCommand(taskQueue, named),
  };
}

export function unansweredText(known: Unanswered, now: Date): string {
  const { workflowId, phase, startedAt, start } = plainly(known);
  const took = formatDuration(now.getTime() - Date.parse(startedAt));
  const where = phase ? `in phase ${phase}, ` : '';
  return [
    `${pc.bold(`Rotation ${workflowId}`)} runs, ${where}since ${took}. ${pc.yellow('No worker answers.')}`,
    'Until one does it stands still, changes nothing, and nobody looks after a bridge certificate.',
    `See that \`${start}\` runs where it reaches the cluster, on this Temporal server; the rotation goes on by itself.`,
  ].join('\n');
}
