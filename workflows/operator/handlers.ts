import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import {
  asked,
  refuseAbort,
  refuseApproval,
  refusePause,
  refuseResume,
  refuseRetry,
  refuseStrategy,
  refuseUnwaiver,
  refuseWaiver,
} from '../../src/rotation/refusals.js';
import { present } from '../../src/ground/present.js';
import { waivedText, waiverOf } from '../../src/rotation/findings.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import * as messages from '../messages.js';
import { HELP } from '../messages.js';
import type { Said } from './said.js';

/** Registers every handler: before the workflow's first wait, so that no message comes too early. */
export function registerHandlers(said: Said, status: RotationStatus): void {
  setHandler(messages.status, () => status, { description: HELP.status });
  approval(said, status);
  pauses(said, status);
  repairs(said, status);
  changesOfMind(said, status);
}

function approval(said: Said, status: RotationStatus): void {
  setHandler(
    messages.approve,
    (args) => {
      said.approved = { planHash: args.planHash, ...present({ by: args.by, reason: args.reason }) };
      return `approved: ${asked(status)?.for ?? ''}`;
    },
    { validator: (args) => refuse(refuseApproval(args, status)), description: HELP.approve },
  );
}

function pauses(said: Said, status: RotationStatus): void {
  setHandler(
    messages.pause,
    (args?: messages.PauseArgs) => {
      said.paused = args?.reason ? { reason: args.reason } : {};
      return `pausing in phase ${status.phase}: what is rolling now finishes, nothing new is begun`;
    },
    {
      validator: (args?: messages.PauseArgs) => refuse(refusePause(args, status, said.paused !== undefined)),
      description: HELP.pause,
    },
  );
  setHandler(
    messages.resume,
    () => {
      said.paused = undefined;
      return `going on with phase ${status.phase}`;
    },
    { validator: () => refuse(refuseResume(said.paused !== undefined)), description: HELP.resume },
  );
}

function repairs(said: Said, status: RotationStatus): void {
  setHandler(
    messages.retry,
    () => {
      said.retries += 1;
      said.heard += 1;
      return `looking again at phase ${status.phase}`;
    },
    { validator: () => refuse(refuseRetry(status)), description: HELP.retry },
  );
  setHandler(
    messages.waive,
    (args) => {
      const waiver = waiverOf(args, said.goingBack);
      status.waivers.push(waiver);
      said.heard += 1;
      return waivedText(waiver);
    },
    { validator: (args) => refuse(refuseWaiver(args, status, said.goingBack)), description: HELP.waive },
  );
  setHandler(
    messages.unwaive,
    ({ subject }) => {
      status.waivers = status.waivers.filter((waiver) => waiver.subject !== subject);
      said.heard += 1;
      return `${subject} is waited for again`;
    },
    { validator: (args) => refuse(refuseUnwaiver(args, status)), description: HELP.unwaive },
  );
}

function changesOfMind(said: Said, status: RotationStatus): void {
  setHandler(
    messages.abort,
    (args?: messages.AbortArgs) => {
      said.abort = present({ by: args?.by, reason: args?.reason });
      said.paused = undefined;
      return `aborting in phase ${status.phase}: back to the certificates of the start`;
    },
    {
      validator: (args?: messages.AbortArgs) => refuse(refuseAbort(args, status, said.abort !== undefined)),
      description: HELP.abort,
    },
  );
  setHandler(
    messages.strategy,
    () => {
      if (said.waitingIn) said.rollNow.push(said.waitingIn);
      return `phase ${status.phase} does not wait any longer: what is left is rolled`;
    },
    { validator: (args) => refuse(refuseStrategy(args, status)), description: HELP.strategy },
  );
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'NotNow');
}
