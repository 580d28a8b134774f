import type { HelmUpgrade } from '../src/ground/helm.js';
import { addNote } from '../src/rotation/notes.js';
import type { RotationStatus } from '../src/rotation/status.js';

/** Characters: a bundle is of no use in parts. */
const LONGEST_VALUES = 32_000;

/** After a write: what a release of Helm has to be given from now on. People hear of it when it is something else. */
export function followHelm(status: RotationStatus, { helm }: { helm?: HelmUpgrade }): void {
  const values = helm?.values; // absent in what a worker before 0.6 has answered
  if (helm === undefined || values === undefined || values === status.helm?.values) return;
  status.helm = helm;
  addNote(
    status.notes,
    `Helm: from now on the release has to have these values (\`reroot values\` says where the key is):\n${values}`,
    LONGEST_VALUES,
  );
}
