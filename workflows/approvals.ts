import type { Row } from '../src/rotation/courses/course.js';
import type { Phase } from '../src/rotation/phases.js';
import { addNote } from '../src/rotation/notes.js';
import { type Plan, planDifference } from '../src/rotation/plan.js';
import { converge } from './converge.js';
import type { Rotation } from './rotation.js';

/** With `approvals: everyPhase`. */
export async function approveIfAsked(rotation: Rotation, row: Row): Promise<void> {
  if (rotation.input.settings.approvals === 'everyPhase') await approval(rotation, row.phase, row.asks ?? '');
}

/** The last exit before the point of no return: asked again with the difference when the mesh is not the one approved. */
export async function approveRetiring(rotation: Rotation, row: Row): Promise<void> {
  if (rotation.input.settings.approvals === 'none') return;
  let drift: string[] = [];
  do {
    const approved = await approval(rotation, 'retire', row.asks ?? '', drift);
    await converge(rotation, row); // hours may have passed while somebody made up their mind
    drift = planDifference(approved, await freshPlan(rotation));
  } while (drift.length > 0);
}

/** @returns the plan that was approved, in this run or the one before it */
async function approval(rotation: Rotation, phase: Phase, meaning: string, on: string[] = []): Promise<Plan> {
  const { operator, status } = rotation;
  const plan = await freshPlan(rotation);
  const { hash } = plan;
  if (status.approvals.some((given) => given.phase === phase && given.planHash === hash)) return plan;
  const todo = `${meaning} Send \`approve\` with {"planHash": "${hash}"}, or \`reroot approve\`.`;
  const given = await operator.approval(phase, hash, { todo, on, isOver: () => cannotWait(rotation) });
  if (given) status.approvals.push(given);
  else
    addNote(
      status.notes,
      `Nobody was asked before phase ${phase}: the bridge certificate ends at ${status.bridgeNotAfter}.`,
    );
  return plan;
}

/** Past the point of no return an approval is a courtesy, and leaves end with the bridge certificate. */
function cannotWait({ status }: Rotation): boolean {
  return status.pastPointOfNoReturn && (status.alerts ?? []).some(({ reason }) => reason === 'BridgeEnding');
}

async function freshPlan({ input, steps, status }: Rotation): Promise<Plan> {
  status.plan = await steps.makePlan(input);
  return status.plan;
}
