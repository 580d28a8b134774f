import type { Row } from '../src/rotation/courses/course.js';
import type { RolloutWindow } from '../src/rotation/rollout-fields.js';
import { WAITS } from '../src/rotation/waits.js';
import { opensText, windowAt, type WindowState } from '../src/rotation/windows.js';
import type { Rotation } from './rotation.js';

/**
 * The windows that rollouts of a row keep to. None, where something of the start has expired: nothing is left to be gentle with;
 * where leaves would end; and where somebody has said to roll.
 */
export function windowsOf(rotation: Rotation, { phase }: Pick<Row, 'phase'>): readonly RolloutWindow[] {
  const { operator, status, input } = rotation;
  if (operator.saidToRoll(phase) || status.recovery || cannotWait(rotation)) return [];
  return input.settings.rollout.windows;
}

/** Whether forced rollouts of a row may not begin now. */
export function isClosed(rotation: Rotation, row: Pick<Row, 'phase'>): boolean {
  return !stateNow(rotation, row).open;
}

/** Waits until a window is open, or somebody says to roll. What was looked at before is old by then. */
export async function awaitWindow(rotation: Rotation, row: Pick<Row, 'phase'>): Promise<void> {
  for (let state = stateNow(rotation, row); !state.open; state = stateNow(rotation, row)) {
    const { kind, for: what, todo } = WAITS.window;
    const waiting = { kind, for: `${what}, which opens at ${opensText(state)}`, on: [], todo };
    const isOver = (): boolean => cannotWait(rotation);
    const opens = state.opens.toISOString();
    await rotation.operator.waitUntil(row.phase, { ...waiting, opens }, { at: state.opens, isOver });
  }
}

/** ISO 8601: when nothing more may begin to roll; undefined: it may go on. */
export function closesAt(rotation: Rotation, row: Pick<Row, 'phase'>): string | undefined {
  const state = stateNow(rotation, row);
  return state.open ? state.until?.toISOString() : undefined;
}

function stateNow(rotation: Rotation, row: Pick<Row, 'phase'>): WindowState {
  return windowAt(windowsOf(rotation, row), new Date());
}

/** Past the point of no return leaves end with the bridge certificate. */
export function cannotWait({ status }: Rotation): boolean {
  return status.pastPointOfNoReturn && (status.alerts ?? []).some(({ reason }) => reason === 'BridgeEnding');
}
