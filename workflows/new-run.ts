import { continueAsNew } from '@temporalio/workflow';
import { courseOf } from '../src/rotation/courses/index.js';
import type { GenerateResult, StepInput } from '../src/rotation/payloads.js';
import type { RotationStatus } from '../src/rotation/status.js';
import type { Operator, Said } from './operator/index.js';
import type { Generated, MeshFacts, Rotation } from './rotation.js';
import { interruptibleSteps } from './steps.js';

/** How far a rotation has come: what its end, its way back and a new run of it need. */
export interface SoFar {
  status: RotationStatus;
  operator: Operator;
  rotation?: Rotation | undefined;
  generated?: Generated | undefined;
}

/** The same as a new run of the rotation is given it. Everything else it reads from the cluster. */
export interface Carried {
  status: RotationStatus;
  said: Said;
  begun?: { input: StepInput; mesh: MeshFacts } | undefined;
  roots?: GenerateResult | undefined;
}

/** Goes on in a new run, with a short history. People see nothing of it: the workflow's id and what it says stay. */
export async function goOnInNewRun(input: unknown, { status, operator, rotation, generated }: SoFar): Promise<never> {
  const begun = rotation && { input: rotation.input, mesh: rotation.mesh };
  const carried: Carried = { status, said: operator.said(), begun, roots: generated?.roots };
  return await continueAsNew<(input: unknown, carried: Carried) => Promise<never>>(input, carried);
}

/** What an earlier run of this rotation has handed on. */
export function takenOver({ status, begun, roots }: Carried, operator: Operator): SoFar {
  if (!begun) return { status, operator };
  const { input, mesh } = begun;
  const rotation: Rotation = {
    input,
    mesh,
    course: courseOf(input.course),
    status,
    operator,
    steps: interruptibleSteps(operator, status.cluster),
  };
  return { status, operator, rotation, generated: roots && { ...rotation, roots } };
}
