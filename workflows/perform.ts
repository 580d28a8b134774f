import { type Course, type IssuerState, issuerOf, type Row, type Write } from '../src/rotation/courses/course.js';
import type { GatedPhase } from '../src/rotation/phases.js';

/** What performing a row needs: each is a piece of work that looks first, so all may be done again. */
export interface Hands {
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
 */
export async function perform(course: Pick<Course, 'rows'>, hands: Hands): Promise<void> {
  for (const row of course.rows) await hands.inPhase(row.phase, async () => await performRow(row, course, hands));
}

async function performRow(row: Row, { rows }: Pick<Course, 'rows'>, hands: Hands): Promise<void> {
  if (row.approval) return await hands.approve(row);
  if (row.asks) await hands.ask(row);
  const proof = rows.find(({ phase }) => phase === row.first);
  if (proof) await hands.converge(proof); // swap and prune safety, right before the write
  if (row.noReturn) hands.passPointOfNoReturn();
  for (const write of row.writes) await performWrite(write, row, hands);
  const repaired = rows.find(({ phase }) => phase === row.identityFirst);
  if (repaired) await performWrite('writeIssuer', repaired, hands);
  if (repaired) await hands.converge(repaired);
  if (!row.event) await hands.converge(row);
}

async function performWrite(write: Write, row: Row, hands: Hands): Promise<void> {
  if (write === 'writeIssuer') return await hands.writeIssuer(issuerOf(row));
  if (write !== 'swapIssuer') return await hands[write]();
  const taken = await hands.swapIssuer(row, issuerOf(row));
  if (!taken) await hands.converge(row); // identity is restarted
}
