import type { Row } from '../src/rotation/courses/course.js';
import { addNote } from '../src/rotation/notes.js';
import type { Phase } from '../src/rotation/phases.js';
import { type Plan, planDifference } from '../src/rotation/plan.js';
import { predictedAsBefore } from '../src/rotation/planned-phases.js';
import { converge } from './converge.js';
import type { Asks } from './operator/index.js';
import { given, type Rotation } from './rotation.js';
import { causeOf } from './steps.js';
import { cannotWait } from './window.js';

/** What a step answers that nobody has approved. */
const UNAPPROVED: readonly string[] = ['ApprovalMissing', 'ApprovalOutdated'];

/** With `approvals: everyPhase`. */
export async function approveIfAsked(rotation: Rotation, row: Row): Promise<void> {
  if (rotation.input.settings.approvals === 'everyPhase') await approval(rotation, row.phase, row.asks ?? '');
}

/**
 * The last exit before the point of no return: asked again with the difference when the mesh is not the one approved.
 * @param since what has changed since an earlier approval
 */
export async function approveRetiring(rotation: Rotation, row: Row, since: string[] = []): Promise<void> {
  if (rotation.input.settings.approvals === 'none') return;
  let drift = since;
  // what a person has to say of these first is part of the plan that is approved (absent: by reroot 0.4)
  if (rotation.status.plan?.unseen) await converge(rotation, row);
  do {
    const approved = await approval(rotation, 'retire', row.asks ?? '', drift);
    await converge(rotation, row); // hours may have passed while somebody made up their mind
    drift = planDifference(approved, await freshPlan(rotation));
    rotation.operator.said().approvedPlan = approved;
  } while (drift.length > 0);
}

/**
 * A write that rests on the last approval: when the step finds that it does not, people are asked again. Where they have been
 * asked, or are not to be, and the step says the same, it wants an approval that this rotation does not ask for (its worker
 * has been given REROOT_APPROVALS since): a person has to look.
 */
export async function asApproved<T>(
  rotation: Rotation,
  write: (how: { answered: readonly string[] }) => Promise<T>,
): Promise<T> {
  const row = rotation.course.rows.find(({ approval: asks }) => asks);
  const isAsking = rotation.input.settings.approvals !== 'none';
  let answered: string | undefined;
  for (;;) {
    try {
      return await write({ answered: UNAPPROVED });
    } catch (error) {
      const { type, message } = causeOf(error);
      if (!UNAPPROVED.includes(type)) throw error;
      if (row && isAsking && message !== answered) await approveRetiring(rotation, row, [message]);
      else await rotation.operator.repair(`${type}: ${message}`);
      answered = message;
    }
  }
}

/** @returns the plan that was approved, in this run or the one before it */
async function approval(rotation: Rotation, phase: Phase, meaning: string, on: string[] = []): Promise<Plan> {
  const { operator, status } = rotation;
  const plan = await freshPlan(rotation);
  const { hash } = plan;
  const inCluster = rotation.input.settings.approvals === 'inCluster';
  const isGiven = status.approvals.some((one) => one.phase === phase && one.planHash === hash);
  if (isGiven && !inCluster) return plan;
  const isOver = (): boolean => cannotWait(rotation); // an approval is a courtesy then
  const asks = inCluster ? askInCluster(rotation, hash) : { todo: sendIt(hash) };
  const word = await operator.approval(phase, hash, { ...asks, todo: `${meaning} ${asks.todo}`, on, isOver });
  if (word && !isGiven) status.approvals.push(word);
  if (!word)
    addNote(
      status.notes,
      `Nobody was asked before phase ${phase}: the bridge certificate ends at ${status.bridgeNotAfter}.`,
    );
  return plan;
}

function sendIt(hash: string): string {
  return `Send \`approve\` with {"planHash": "${hash}"}, or \`reroot approve\`.`;
}

/** No message counts: the API server decides who may write there, and its audit log says who did. */
function askInCluster({ input, steps }: Rotation, planHash: string): Pick<Asks, 'todo' | 'inCluster'> {
  const namespace = input.linkerdNamespace;
  return {
    todo: `Write it in the cluster: \`kubectl annotate configmap -n ${namespace} reroot-approval --overwrite reroot.dev/approved=${planHash}\`.`,
    inCluster: async () => await steps.awaitApproval({ ...input, planHash }),
  };
}

async function freshPlan(rotation: Rotation): Promise<Plan> {
  const { status, steps } = rotation;
  status.plan = predictedAsBefore(await steps.makePlan(given(rotation)), status.plan);
  return status.plan;
}
