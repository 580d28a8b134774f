import type { BundleWritten, IssuerStateInput, SwapResult } from '../src/rotation/payloads.js';
import { untilHandedOver } from './hand-off.js';
import { followHelm } from './helm.js';
import type { Work } from './operator/index.js';
import type { Proof } from './perform.js';
import { guarded, type Rotation } from './rotation.js';

/** What a rotation writes: by itself, or by asking whoever it belongs to and waiting until it is there. */

type How<R> = Pick<Work<R>, 'proof' | 'answered'>;

export async function addTarget(rotation: Rotation): Promise<BundleWritten> {
  const { steps, input, status } = rotation;
  const written = await untilHandedOver(rotation, {
    step: 'addTarget',
    input: () => input,
    call: async (given) => await steps.addTarget(given),
  });
  followHelm(status, written);
  return written;
}

export async function dropRetired(rotation: Rotation, how: How<BundleWritten> = {}): Promise<BundleWritten> {
  const { steps } = rotation;
  const isOwn = (rotation.input.owners?.bundle.kind ?? 'reroot') !== 'handOff';
  const { proof } = how;
  // nothing is written while somebody else is asked to: the point of no return is past when the cluster shows that it is
  const asked = isOwn || !proof ? how : { ...how, proof: withoutPassing(proof) };
  const written = await untilHandedOver(rotation, {
    step: 'dropRetired',
    input: () => guarded(rotation),
    call: async (given) => await steps.dropRetired(given, asked),
  });
  if (!isOwn) proof?.proven();
  followHelm(rotation.status, written);
  return written;
}

function withoutPassing({ prove }: Proof): Proof {
  return { prove, proven: () => undefined };
}

export async function writeIssuer(
  rotation: Rotation,
  to: Pick<IssuerStateInput, 'state' | 'keepLater'>,
  how: How<SwapResult> = {},
): Promise<SwapResult & { waited?: true }> {
  const { steps } = rotation;
  const swapped = await untilHandedOver<IssuerStateInput, SwapResult>(rotation, {
    step: 'writeIssuer',
    input: () => ({ ...guarded(rotation), ...to }),
    call: async (given) => await steps.writeIssuer(given, how),
  });
  followHelm(rotation.status, swapped);
  return swapped;
}
