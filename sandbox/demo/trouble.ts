import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import pc from 'picocolors';
import { follow } from '../../src/cli/view/follow.js';
import { COURSES, type StrategyName } from '../../src/rotation/courses/index.js';
import type { Phase } from '../../src/rotation/phases.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { type ProbeStatus, updateOverHttp } from '../kit/index.js';
import { type Demo, WORKFLOW_ID } from './options.js';
import type { WorkerPool } from './workers.js';

/** In each of these phases the worker dies once, without a word: those of the strategy that last. */
function deadlyPhases(strategy: StrategyName): Phase[] {
  const { rows } = COURSES[strategy].course;
  return rows.filter(({ whose, approval }) => whose === 'everybody' && !approval).map(({ phase }) => phase);
}

/** Who has a part in it. */
export interface Troubled {
  workers: WorkerPool;
  probe(): ProbeStatus | undefined;
  /** Told of each status. */
  onPhase(phase: Phase): void;
}

/** Follows a rotation live, kills the worker once in each deadly phase, and approves when asked. */
export async function followWithTrouble(
  demo: Demo,
  handle: WorkflowHandle,
  { workers, probe, onPhase }: Troubled,
): Promise<void> {
  const { options, out } = demo;
  const deadly = new Set<Phase>(deadlyPhases(options.strategy));
  const lines: string[] = [];
  const note = (line: string): void => void (out.isTTY ? lines.push(line) : out.write(`${line}\n`));
  let asked = false;
  const background: Promise<void>[] = [];
  const onStatus = ({ phase, waiting }: RotationStatus): void => {
    onPhase(phase);
    if (deadly.delete(phase)) {
      note(`${pc.red('✝')} worker killed with SIGKILL in ${pc.bold(phase)}; another takes over`);
      background.push(workers.killAndReplace());
    }
    if (waiting?.kind === 'approval' && !asked) {
      asked = true;
      note(`${pc.green('☑')} approving plan ${waiting.planHash} over HTTP`);
      background.push(approve(demo, waiting.planHash ?? ''));
    }
  };
  const footer = (): string => [...lines, probeLine(probe())].join('\n');
  await follow(handle, {
    output: out,
    signal: new AbortController().signal,
    server: demo.sandbox.temporal.address,
    onStatus,
    footer,
  });
  await Promise.all(background);
}

async function approve({ sandbox }: Demo, planHash: string): Promise<void> {
  await sleep(1500); // long enough to be seen
  await updateOverHttp(sandbox.temporal, WORKFLOW_ID, 'approve', { planHash, by: 'demo', reason: 'it is a demo' });
}

function probeLine(probe: ProbeStatus | undefined): string {
  if (!probe) return 'probe mesh starts';
  const refused = probe.refused === 0 ? pc.green('0 refused') : pc.red(`${probe.refused} refused`);
  return `probe mesh: ${probe.handshakes} handshakes, ${refused}, ${probe.closed} cut off by a pod's end`;
}
