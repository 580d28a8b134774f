import { type Course, type IssuerState, issuerOf, type Row, type Write } from '../src/rotation/courses/course.js';
import type { GatedPhase } from '../src/rotation/phases.js';

/** What performing a row needs: each is a piece of work that looks first, so all may be done again. */
export interface Effects {
  inPhase(phase: GatedPhase, work: () => Promise<void>): Promise<void>;
  /** Asks for approval of this phase, if the input wants to be asked. */
  ask(row: Row): Promise<void>;
  /** Waits for the approval that comes before the point of no return, if the input wants one. */
  approve(row: Row): Promise<void>;
  /** Brings proxies to what the row's gate wants. */
  converge(row: Row): Promise<void>;
  addTarget(): Promise<void>;
  dropRetired(): Promise<void>;
  writeIssuer(state: IssuerState): Promise<void>;
  /** Writes it, and waits for identity's word. @returns false when identity did not say that it took it */
  swapIssuer(row: Row, state: IssuerState): Promise<boolean>;
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
  const proof = rows.find(({ phase }) => phase === row.first);
  if (proof) await effects.converge(proof); // swap and prune safety, right before the write
  if (row.noReturn) effects.passPointOfNoReturn();
  for (const write of row.writes) await performWrite(write, row, effects);
  const repaired = rows.find(({ phase }) => phase === row.identityFirst);
  if (repaired) await performWrite('writeIssuer', repaired, effects);
  if (repaired) await effects.converge(repaired);
  if (!row.event) await effects.converge(row);
}

async function performWrite(write: Write, row: Row, effects: Effects): Promise<void> {
  if (write === 'writeIssuer') return await effects.writeIssuer(issuerOf(row));
  if (write !== 'swapIssuer') return await effects[write]();
  const taken = await effects.swapIssuer(row, issuerOf(row));
  if (!taken) await effects.converge(row); // identity is restarted
}
