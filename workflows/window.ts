import type { Row } from '../src/rotation/courses/course.js';
import { WAITS } from '../src/rotation/waits.js';
import { opensText, windowAt, type WindowState } from '../src/rotation/windows.js';
import type { Rotation } from './rotation.js';

/**
 * Whether forced rollouts of a row may not begin now. Not where something of the start has expired: nothing is left to be
 * gentle with; nor where somebody has said to roll.
 */
export function isClosed(rotation: Rotation, { phase }: Pick<Row, 'phase'>): boolean {
  return !rotation.operator.saidToRoll(phase) && !stateNow(rotation).open;
}

/** Waits until a window is open, or somebody says to roll. What was looked at before is old by then. */
export async function awaitWindow(rotation: Rotation, row: Pick<Row, 'phase'>): Promise<void> {
  const { operator } = rotation;
  while (!operator.saidToRoll(row.phase)) {
    const state = stateNow(rotation);
    if (state.open) return;
    const { kind, for: what, todo } = WAITS.window;
    const waiting = { kind, for: `${what}, which opens at ${opensText(state)}`, on: [], todo };
    const isOver = (): boolean => cannotWait(rotation);
    const opens = state.opens.toISOString();
    await operator.waitUntil(row.phase, { ...waiting, opens }, { at: state.opens, isOver });
  }
}

/** ISO 8601: when nothing more may begin to roll; undefined: it may go on. */
export function closesAt(rotation: Rotation, { phase }: Pick<Row, 'phase'>): string | undefined {
  const state = stateNow(rotation);
  return rotation.operator.saidToRoll(phase) || !state.open ? undefined : state.until?.toISOString();
}

function stateNow(rotation: Rotation): WindowState {
  const { windows } = rotation.input.settings.rollout;
  return windowAt(mayWait(rotation) ? windows : [], new Date());
}

function mayWait(rotation: Rotation): boolean {
  return !rotation.status.recovery && !cannotWait(rotation);
}

/** Past the point of no return leaves end with the bridge certificate. */
export function cannotWait({ status }: Rotation): boolean {
  return status.pastPointOfNoReturn && (status.alerts ?? []).some(({ reason }) => reason === 'BridgeEnding');
}
