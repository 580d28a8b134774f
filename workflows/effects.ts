import type { IssuerState, Row } from '../src/rotation/courses/course.js';
import { addNote } from '../src/rotation/notes.js';
import { approveIfAsked, approveRetiring, asApproved } from './approvals.js';
import { converge } from './converge.js';
import type { Effects, Proof } from './perform.js';
import { inPhase } from './in-phase.js';
import { phaseInput, type Rotation } from './rotation.js';
import { awaitWindow } from './window.js';
import { addTarget, dropRetired, writeIssuer } from './writes.js';

/** A rotation as `perform` moves it. */
export function effectsOf(rotation: Rotation): Effects {
  const { status, operator, input } = rotation;
  const { windows } = input.settings.rollout;
  return {
    inPhase: async (phase, work) => {
      operator.begins(phase);
      await inPhase(status, phase, work);
    },
    ask: async (row) => await approveIfAsked(rotation, row),
    approve: async (row) => await approveRetiring(rotation, row),
    ...(windows.length > 0 ? { beforeNoReturn: async (row: Row) => await beforeNoReturn(rotation, row) } : {}),
    converge: async (row) => await converge(rotation, row),
    addTarget: async () => void (await addTarget(rotation)),
    dropRetired: async (proof) =>
      void (await asApproved(rotation, async (how) => await dropRetired(rotation, { ...how, ...proven(proof) }))),
    writeIssuer: async (state) =>
      void (await asApproved(rotation, async (how) => await writeIssuer(rotation, { state }, how))),
    swapIssuer: async (row, state, proof) => await swapIssuer(rotation, { row, state, proof }),
    passPointOfNoReturn: () => (status.pastPointOfNoReturn = true),
  };
}

async function beforeNoReturn(rotation: Rotation, row: Row): Promise<void> {
  if (!rotation.status.pastPointOfNoReturn) await awaitWindow(rotation, row);
}

function proven(proof: Proof | undefined): { proof?: Proof } {
  return proof ? { proof } : {};
}

interface Swap {
  row: Row;
  state: IssuerState;
  proof: Proof | undefined;
}

async function swapIssuer(rotation: Rotation, { row, state, proof }: Swap): Promise<boolean> {
  const { steps, status } = rotation;
  const { swappedAt, written, waited } = await writeIssuer(rotation, { state }, proven(proof));
  if (state === 'previous' && written.length === 0 && !waited) return true; // it never left
  const answer = await steps.awaitIssuer({ ...phaseInput(rotation, row.phase), swappedAt });
  addNote(status.notes, `Issuer Secret written at ${swappedAt} (${state}): ${answer.message}.`);
  return answer.outcome === 'updated' || answer.outcome === 'alreadyIssuing';
}
