import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import {
  refuseAbort,
  refuseApproval,
  refusePause,
  refuseResume,
  refuseRetry,
  refuseStrategy,
  refuseWaiver,
} from '../src/rotation/refusals.js';
import type { GatedPhase, Phase } from '../src/rotation/phases.js';
import type { Approval } from '../src/rotation/report.js';
import { type RotationStatus, statusMarkdown, type Waiting } from '../src/rotation/status.js';
import * as messages from './messages.js';
import { causeOf } from './steps.js';

/** What people have said to this rotation, and the waits that listen to them. */
export interface Operator {
  /** How often `retry` was said. */
  retries(): number;
  /** Runs a piece of work; `pause` stops it, and it runs again from its start after `resume`. Every piece looks first. */
  interruptible<T>(work: () => Promise<T>): Promise<T>;
  /** Waits for a person to look: ends with `retry`, `waive`, or when `watch` ends by itself. */
  attention(waiting: Omit<Waiting, 'kind' | 'since'>, watch: () => Promise<unknown>): Promise<void>;
  /** Waits for proxies to come along by themselves, as long as it takes; undefined when somebody said to roll instead. */
  patience<T>(
    phase: GatedPhase,
    waiting: Omit<Waiting, 'kind' | 'since'>,
    work: () => Promise<T>,
  ): Promise<T | undefined>;
  /** Whether somebody said so while this gate was waited for. */
  isHurried(phase: GatedPhase): boolean;
  /** From here on the rotation is on its way back; it is not aborted again. @returns who wanted it, and why */
  beginAbort(): messages.AbortArgs;
  /** Pauses the rotation by itself, until somebody says `resume`. */
  hold(reason: string, on: string[]): Promise<void>;
  /** Waits for an approval of this plan. `on`: what has changed since the last one. */
  approval(phase: Phase, planHash: string, todo: string, on?: string[]): Promise<Approval>;
}

/** Thrown out of every piece of work when somebody aborts the rotation: its way back begins. */
const ABORT = 'AbortRequested';

export function isAbort(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === ABORT;
}

/** Registers every handler (before the workflow's first wait, so that no message comes too early). */
export function listenToOperator(status: RotationStatus): Operator {
  let paused: { reason?: string; since: string; on?: string[] } | undefined;
  let retries = 0;
  let said = 0;
  let approved: messages.ApproveArgs | undefined;
  let abort: messages.AbortArgs | undefined;
  let goingBack = false;
  const hurried = new Set<GatedPhase>();
  let patientWith: GatedPhase | undefined;

  const isAborted = (): boolean => abort !== undefined && !goingBack;
  const mustStop = (): boolean => paused !== undefined || isAborted();

  setHandler(messages.status, () => status, { description: 'Where the rotation stands and what it waits for' });
  setHandler(
    messages.approve,
    (args) => {
      approved = args;
      return `approved: ${status.waiting?.for ?? ''}`;
    },
    { validator: (args) => refuse(refuseApproval(args, status)), description: APPROVE },
  );
  setHandler(
    messages.pause,
    (args?: messages.PauseArgs) => {
      paused = { since: new Date().toISOString(), ...(args?.reason ? { reason: args.reason } : {}) };
      return `pausing in phase ${status.phase}: what is rolling now finishes, nothing new is begun`;
    },
    {
      validator: (args?: messages.PauseArgs) => refuse(refusePause(args, status, paused !== undefined)),
      description: PAUSE,
    },
  );
  setHandler(
    messages.resume,
    () => {
      paused = undefined;
      return `going on with phase ${status.phase}`;
    },
    { validator: () => refuse(refuseResume(paused !== undefined)), description: 'Goes on after a pause' },
  );
  setHandler(
    messages.retry,
    () => {
      retries += 1;
      said += 1;
      return `looking again at phase ${status.phase}`;
    },
    { validator: () => refuse(refuseRetry(status)), description: RETRY },
  );
  setHandler(
    messages.waive,
    (waiver) => {
      status.waivers.push(waiver);
      said += 1;
      return `going on without ${waiver.subject}; the report will say so`;
    },
    { validator: (waiver) => refuse(refuseWaiver(waiver, status)), description: WAIVE },
  );

  setHandler(
    messages.abort,
    (args?: messages.AbortArgs) => {
      abort = args ?? {};
      paused = undefined;
      return `aborting in phase ${status.phase}: back to the certificates of the start`;
    },
    {
      validator: (args?: messages.AbortArgs) => refuse(refuseAbort(args, status, abort !== undefined)),
      description: ABORT_HELP,
    },
  );
  setHandler(
    messages.strategy,
    () => {
      if (patientWith) hurried.add(patientWith);
      return `phase ${status.phase} does not wait any longer: what is left is rolled`;
    },
    { validator: (args) => refuse(refuseStrategy(args, status)), description: STRATEGY },
  );

  async function wait<T>(waiting: Waiting, until: () => Promise<T>): Promise<T> {
    const before = status.waiting;
    show(status, waiting);
    try {
      return await until();
    } finally {
      show(status, before);
    }
  }

  async function whilePaused(): Promise<void> {
    if (!paused) return;
    const waiting: Waiting = {
      kind: 'paused',
      for: `resume${paused.reason ? ` (paused: ${paused.reason})` : ''}`,
      since: paused.since,
      on: paused.on ?? [],
      todo: 'Send `resume` to go on.',
    };
    await wait(waiting, async () => await condition(() => paused === undefined));
  }

  /** Between two pieces of work: where a pause lasts, and an abort leaves. */
  async function checkpoint(): Promise<void> {
    await whilePaused();
    if (isAborted()) throw ApplicationFailure.nonRetryable('the rotation was aborted', ABORT);
  }

  async function interruptible<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      await checkpoint();
      try {
        return await cancelWhen(mustStop, work);
      } catch (error) {
        if (isCancellation(error) && mustStop() && !CancellationScope.current().consideredCancelled) continue;
        if (isCancellation(error) || isAbort(error)) throw error;
        const { type, message } = causeOf(error);
        log.warn('a step needs attention', { type, message });
        await attention(
          {
            for: 'somebody to repair what stopped this step',
            on: [`${type}: ${message}`],
            todo: 'Repair it, then send `retry`.',
          },
          async () => await condition(() => false),
        );
      }
    }
  }

  async function attention(waiting: Omit<Waiting, 'kind' | 'since'>, watch: () => Promise<unknown>): Promise<void> {
    const heard = said;
    const isOver = (): boolean => said !== heard || mustStop();
    await wait({ kind: 'attention', since: new Date().toISOString(), ...waiting }, async () => {
      try {
        await cancelWhen(isOver, watch);
      } catch (error) {
        if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
      }
    });
    await checkpoint();
  }

  async function patience<T>(
    phase: GatedPhase,
    waiting: Omit<Waiting, 'kind' | 'since'>,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const isHurried = (): boolean => hurried.has(phase);
    patientWith = phase;
    return await wait({ kind: 'renewal', since: new Date().toISOString(), ...waiting }, async () => {
      return await interruptible(async () => {
        try {
          return isHurried() ? undefined : await cancelWhen(isHurried, work);
        } catch (error) {
          const over = CancellationScope.current().consideredCancelled || mustStop();
          if (isCancellation(error) && isHurried() && !over) return undefined;
          throw error;
        }
      });
    });
  }

  async function hold(reason: string, on: string[]): Promise<void> {
    paused = { reason, on, since: new Date().toISOString() };
    await checkpoint();
  }

  async function approval(phase: Phase, planHash: string, todo: string, on: string[] = []): Promise<Approval> {
    approved = undefined;
    const waiting: Waiting = {
      kind: 'approval',
      for: `approval of ${phase}`,
      since: new Date().toISOString(),
      on,
      todo,
      planHash,
    };
    const args = await wait(waiting, async () => {
      for (;;) {
        await condition(() => approved !== undefined || mustStop());
        await checkpoint();
        if (approved) return approved;
      }
    });
    return {
      phase,
      planHash,
      at: new Date().toISOString(),
      ...(args.by ? { by: args.by } : {}),
      ...(args.reason ? { reason: args.reason } : {}),
    };
  }

  function beginAbort(): messages.AbortArgs {
    goingBack = true;
    return abort ?? {};
  }

  return {
    retries: () => retries,
    interruptible,
    attention,
    patience,
    isHurried: (phase) => hurried.has(phase),
    beginAbort,
    hold,
    approval,
  };
}

const APPROVE = 'Approves the plan shown: {"planHash": "…", "by": "you", "reason": "…"}';
const PAUSE = 'Begins nothing new until `resume`: {"reason": "…"}';
const ABORT_HELP =
  'Goes back to the certificates of the start, while the old root is still trusted: {"reason": "…", "by": "you"}';
const STRATEGY = 'Rolls what is waited for now: {"leafRenewal": "roll"}, or {"pace": "forced"} in an organic rollout';
const RETRY = 'Looks again, and rolls once more what rolled out but still falls short';
const WAIVE = 'Goes on without a workload or namespace: {"subject": "namespace/Kind/name", "reason": "…", "by": "you"}';

/** Shows the waiting state, or its end, in the status and in the Temporal UI. */
function show(status: RotationStatus, waiting: Waiting | undefined): void {
  if (waiting) status.waiting = waiting;
  else delete status.waiting;
  setCurrentDetails(statusMarkdown(status));
}

/** Runs work that is cancelled as soon as something becomes true. */
async function cancelWhen<T>(isTrue: () => boolean, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope({ cancellable: true });
  let over = false;
  const watcher = condition(() => over || isTrue()).then(
    () => {
      if (!over) scope.cancel();
    },
    () => undefined, // the whole workflow is being cancelled
  );
  try {
    return await scope.run(work);
  } finally {
    over = true;
    await watcher;
  }
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'NotNow');
}
