import type { IssuerState, Row } from '../src/rotation/courses/course.js';
import { addNote } from '../src/rotation/notes.js';
import { approveIfAsked, approveRetiring, asApproved } from './approvals.js';
import { converge } from './converge.js';
import type { Effects, Proof } from './perform.js';
import { followHelm } from './helm.js';
import { inPhase } from './in-phase.js';
import { guarded, phaseInput, type Rotation } from './rotation.js';

/** A rotation as `perform` moves it. */
export function effectsOf(rotation: Rotation): Effects {
  const { status, steps, input, operator } = rotation;
  return {
    inPhase: async (phase, work) => {
      operator.begins(phase);
      await inPhase(status, phase, work);
    },
    ask: async (row) => await approveIfAsked(rotation, row),
    approve: async (row) => await approveRetiring(rotation, row),
    converge: async (row) => await converge(rotation, row),
    addTarget: async () => followHelm(status, await steps.addTarget(input)),
    dropRetired: async (proof) =>
      followHelm(
        status,
        await asApproved(
          rotation,
          async (how) => await steps.dropRetired(guarded(rotation), { ...how, ...proven(proof) }),
        ),
      ),
    writeIssuer: async (state) =>
      followHelm(
        status,
        await asApproved(rotation, async (how) => await steps.writeIssuer({ ...guarded(rotation), state }, how)),
      ),
    swapIssuer: async (row, state, proof) => await swapIssuer(rotation, { row, state, proof }),
    passPointOfNoReturn: () => (status.pastPointOfNoReturn = true),
  };
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
  const swapped = await steps.writeIssuer({ ...guarded(rotation), state }, proven(proof));
  const { swappedAt, written } = swapped;
  followHelm(status, swapped);
  if (state === 'previous' && written.length === 0) return true; // it never left
  const answer = await steps.awaitIssuer({ ...phaseInput(rotation, row.phase), swappedAt });
  addNote(status.notes, `Issuer Secret written at ${swappedAt} (${state}): ${answer.message}.`);
  return answer.outcome === 'updated' || answer.outcome === 'alreadyIssuing';
}
