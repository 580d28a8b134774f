import type { Course } from '../src/rotation/courses/course.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import type {
  GenerateResult,
  GivenInput,
  GuardedInput,
  PhaseInput,
  PreflightResult,
  StepInput,
} from '../src/rotation/payloads.js';
import type { RotationStatus } from '../src/rotation/status.js';
import type { Operator } from './operator/index.js';
import type { Steps } from './steps.js';

/** What preflight has found out that the rest of the rotation works with. */
export type MeshFacts = Omit<PreflightResult, 'plan' | 'findings'>;

/** A rotation under way: what all parts of the workflow share. */
export interface Rotation {
  /** Given to every step. */
  input: StepInput;
  course: Course;
  mesh: MeshFacts;
  status: RotationStatus;
  operator: Operator;
  steps: Steps;
}

/** The same once its certificates are made. */
export interface Generated extends Rotation {
  roots: GenerateResult;
}

/** What a step has to know of what people have said. */
export function given({ input, status }: Rotation): GivenInput {
  return { ...input, waivers: status.waivers };
}

/** The same for one that writes what cannot be taken back: with the approval that it rests on. */
export function guarded(rotation: Rotation): GuardedInput {
  const { approvedPlan } = rotation.operator.said();
  return { ...given(rotation), ...(approvedPlan ? { approved: approvedPlan } : {}) };
}

export function phaseInput({ input, status, operator }: Rotation, phase: GatedPhase): PhaseInput {
  return { ...input, phase, waivers: status.waivers, retry: operator.retries() };
}
