import { courseOf } from '../src/rotation/courses/index.js';
import { effectsOf } from './effects.js';
import { perform } from './perform.js';
import { inPhase, now } from './in-phase.js';
import type { Rotation } from './rotation.js';

/**
 * Back to the certificates of the start: the same machine on another course (src/rotation/courses/back.ts), with the root of
 * the start as target. For people it is one phase. A new run of the rotation begins it anew, at the cost of a look a row.
 */
export async function goBack(forward: Rotation): Promise<void> {
  const { recovery: _, ...ref } = forward.input.course;
  const course = { ...ref, direction: 'back' as const };
  const rotation: Rotation = { ...forward, input: { ...forward.input, course }, course: courseOf(course) };
  const { status, operator } = rotation;
  if (status.phase !== 'abort') {
    for (const progress of status.phases) {
      if (progress.state === 'running') Object.assign(progress, { state: 'aborted', finishedAt: now() });
    }
    status.phases = [
      ...status.phases.filter(({ state }) => state !== 'pending'),
      { phase: 'abort', state: 'pending' },
      { phase: 'finish', state: 'pending' },
    ];
  }
  status.stragglers = [];
  const effects = {
    ...effectsOf(rotation),
    inPhase: async (phase: string, work: () => Promise<void>) => {
      operator.begins(`back ${phase}`);
      await work();
    },
  };
  await inPhase(status, 'abort', async () => await perform(rotation.course, effects));
}
