import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ServiceError,
  type WorkflowHandle,
} from '@temporalio/client';
import { createLogUpdate } from 'log-update';
import type { RotationStatus } from '../../rotation/status.js';
import { type LiveProgress, readProgress } from './progress.js';
import { type Picture, renderLine, renderPicture } from './render.js';

const POLL_MS = 500;
/** A query waits for a worker; the picture does not wait longer than this for it. */
const ANSWER_MS = 3000;

export interface FollowOptions {
  /** Where progress goes: a live picture on a terminal, a line per change elsewhere. */
  output: NodeJS.WriteStream;
  signal: AbortSignal;
  /** More lines under the picture (the demo's counters). */
  footer?: () => string;
  onStatus?: (status: RotationStatus) => void;
}

/** Shows a rotation until it ends or the signal says to stop looking. It never changes anything. */
export async function follow(handle: WorkflowHandle, options: FollowOptions): Promise<'ended' | 'detached'> {
  const show = options.output.isTTY ? livePicture(options) : changedLines(options);
  let last: { status: RotationStatus; live: LiveProgress } | undefined;
  try {
    for (;;) {
      if (options.signal.aborted) return 'detached';
      const description = await handle.describe();
      const over = description.status.name !== 'RUNNING' && description.status.name !== 'CONTINUED_AS_NEW';
      last = (await tryRead(handle)) ?? last;
      if (last) {
        options.onStatus?.(last.status);
        show.update({ ...last, now: new Date() });
      }
      if (over) return 'ended';
      await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined);
    }
  } finally {
    show.done();
  }
}

/** No answer is normal while a worker is down: the last picture stays. */
async function tryRead(handle: WorkflowHandle) {
  try {
    return await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, async () => await readProgress(handle));
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

function isNoAnswer(error: unknown): boolean {
  const kinds = [ServiceError, QueryNotRegisteredError, QueryRejectedError];
  return isGrpcServiceError(error) || kinds.some((kind) => error instanceof kind);
}

function livePicture({ output, footer }: FollowOptions) {
  const draw = createLogUpdate(output);
  return {
    update: (picture: Picture) => draw([renderPicture(picture), footer?.()].filter(Boolean).join('\n\n')),
    done: () => draw.done(),
  };
}

function changedLines({ output, footer }: FollowOptions) {
  let before = '';
  return {
    update: (picture: Picture) => {
      const line = renderLine(picture);
      if (line === before) return;
      before = line;
      output.write(`${picture.now.toISOString().slice(11, 19)} ${line}${footer ? `  [${footer()}]` : ''}\n`);
    },
    done: () => undefined,
  };
}
