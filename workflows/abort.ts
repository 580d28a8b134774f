import type { Course } from '../src/rotation/strategies.js';
import { converge } from './converge.js';
import { inPhase, now } from './phase.js';
import { longStep, step } from './steps.js';
import { phaseInput, type Rotation } from './waves.js';

/**
 * Back to the certificates of the start: the same machine with the old root as target. Nothing has to learn to trust it,
 * because until the point of no return every process does.
 *
 *   issuer Secret := the issuer of the start      gate: every identity replica issues under the old root
 *                                                 gate: every proxy presents a leaf under the old root
 *   bundle := bundle - new root; roll what got it gate: no process trusts the new root
 */
export async function goBack(forward: Rotation): Promise<void> {
  const course: Course = { ...forward.input.course, direction: 'back' };
  const rotation: Rotation = { ...forward, input: { ...forward.input, course } };
  const { status, operator, input } = rotation;
  for (const progress of status.phases) {
    if (progress.state === 'running') Object.assign(progress, { state: 'aborted', finishedAt: now() });
  }
  status.phases = [
    ...status.phases.filter(({ state }) => state !== 'pending'),
    { phase: 'abort', state: 'pending' },
    { phase: 'finish', state: 'pending' },
  ];
  status.stragglers = [];
  await inPhase(status, 'abort', async () => {
    await operator.interruptible(async () => await step.addRootToBundle(input));
    const written = await operator.interruptible(async () => await step.writeIssuer({ ...input, state: 'previous' }));
    if (written.written.length > 0) {
      const { swappedAt } = written;
      await operator.interruptible(
        async () => await longStep.awaitIssuer({ ...phaseInput(rotation, 'issue'), swappedAt }),
      );
    }
    await converge(rotation, 'issue');
    await converge(rotation, 'renew');
    await operator.interruptible(async () => await step.removeOldRootFromBundle(input));
    await converge(rotation, 'retire');
  });
}
