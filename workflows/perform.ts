import { type Course, type IssuerState, issuerOf, type Row, type Write } from '../src/rotation/courses/course.js';
import type { GatedPhase } from '../src/rotation/phases.js';

/** What has to be proven at the moment of a write: after a pause, or a try that failed, it is proven again. */
export interface Proof {
  prove(): Promise<void>;
  /** The write is next: nothing comes in between. */
  proven(): void;
}

/** What performing a row needs: each is a piece of work that looks first, so all may be done again. */
export interface Effects {
  inPhase(phase: GatedPhase, work: () => Promise<void>): Promise<void>;
  /** Asks for approval of this phase, if the input wants to be asked. */
  ask(row: Row): Promise<void>;
  /** Waits for the approval that comes before the point of no return, if the input wants one. */
  approve(row: Row): Promise<void>;
  /** Waits for a window, as long as there is a way back; absent: forced rollouts may begin at any time. */
  beforeNoReturn?(row: Row): Promise<void>;
  /** Brings proxies to what the row's gate wants. */
  converge(row: Row): Promise<void>;
  addTarget(): Promise<void>;
  dropRetired(proof?: Proof): Promise<void>;
  writeIssuer(state: IssuerState): Promise<void>;
  /** Writes it, and waits for identity's word. @returns false when identity did not say that it took it */
  swapIssuer(row: Row, state: IssuerState, proof?: Proof): Promise<boolean>;
  /** From here on there is no way back. */
  passPointOfNoReturn(): void;
}

/**
 * Performs a course, row after row (src/rotation/courses): each row says what is asked, proven, written and waited for, and
 * this is the order in which every row does it. A row that is already true costs a look.
 * @param rows those that are left; what they are to prove first may be a row that is done
 */
export async function perform(
  course: Pick<Course, 'rows'>,
  effects: Effects,
  rows: readonly Row[] = course.rows,
): Promise<void> {
  for (const row of rows) await effects.inPhase(row.phase, async () => await performRow(row, course, effects));
}

async function performRow(row: Row, { rows }: Pick<Course, 'rows'>, effects: Effects): Promise<void> {
  if (row.approval) return await effects.approve(row);
  if (row.asks) await effects.ask(row);
  if (row.noReturn && effects.beforeNoReturn) await effects.beforeNoReturn(row);
  const proof = proofOf(row, rows, effects);
  for (const write of row.writes) await performWrite(write, row, { effects, proof });
  const repaired = rows.find(({ phase }) => phase === row.identityFirst);
  if (repaired) {
    await effects.writeIssuer(issuerOf(repaired));
    await effects.converge(repaired);
  }
  if (!row.event) await effects.converge(row); // its event is a hint: the next row proves it from every proxy
}

/** Swap and prune safety: the gate of an earlier row, proven right before the write that depends on it. */
function proofOf({ first, noReturn }: Row, rows: readonly Row[], effects: Effects): Proof | undefined {
  const earlier = rows.find(({ phase }) => phase === first);
  if (!earlier) return undefined;
  return {
    prove: async () => await effects.converge(earlier),
    proven: () => {
      if (noReturn) effects.passPointOfNoReturn();
    },
  };
}

async function performWrite(
  write: Write,
  row: Row,
  { effects, proof }: { effects: Effects; proof: Proof | undefined },
): Promise<void> {
  if (write === 'addTarget') return await effects.addTarget();
  if (write === 'writeIssuer') return await effects.writeIssuer(issuerOf(row));
  if (write === 'dropRetired') return await effects.dropRetired(proof);
  const taken = await effects.swapIssuer(row, issuerOf(row), proof);
  if (!taken) await effects.converge(row); // identity is restarted
}
