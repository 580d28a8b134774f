import { fitting } from '../ground/size.js';
import type { RotationStatus } from './status.js';

type Shown = RotationStatus['namespaces'];

/** Namespaces that a status names, and bytes of them; the gate counts all. */
const ROOM = { most: 300, bytes: 48_000 };

/** Which of them people should see first. */
const PRESSING: readonly Shown[number]['state'][] = ['stuck', 'running', 'waiting', 'done'];

/** The progress of namespaces as a status shows it, by name; of very many those that people should see. */
export function shownNamespaces(all: Shown): Shown {
  return fitting(inTurn(all), ROOM).toSorted((a, b) => a.namespace.localeCompare(b.namespace, 'en'));
}

/** Of what an activity tells, and its result keeps in the history. */
const ROOM_IN_PROGRESS = { most: 300, bytes: 24_000 };

/** The same for progress on its way, with less room. */
export function shownInProgress(all: Shown): Shown {
  return fitting(inTurn(all), ROOM_IN_PROGRESS);
}

function inTurn(all: Shown): Shown {
  return PRESSING.flatMap((state) => all.filter((one) => one.state === state));
}
