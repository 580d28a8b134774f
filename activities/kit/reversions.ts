import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { lastForeignWriter } from '../../src/linkerd/layouts/fields.js';
import { type Location, locationName } from '../../src/linkerd/layouts/layout.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { ISSUER_SECRET } from '../../src/linkerd/names.js';
import { isLaterState, issuerStateOf } from '../../src/records/issuer-states.js';
import type { Finding } from '../../src/rotation/findings.js';
import { isHandedOff, type Owners } from '../../src/rotation/owners.js';
import { bundleReverted, handOffUndone, reverted } from '../../src/rotation/reverted.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';
import { sameWriter } from './hand-off.js';
import { renewals } from './renewals.js';
import { type PhaseContext, readPhase } from './stored-rotation.js';

const ISSUER: Location = { kind: 'Secret', name: ISSUER_SECRET, key: 'certificate', optional: false };

/** What of this rotation's writes no longer stands, by object, each with who wrote it last. Empty: all stands. */
export async function reversions({ k8s }: Pick<Dependencies, 'k8s'>, phase: PhaseContext): Promise<Finding[]> {
  const { linkerd, target, secret, row, isBack, managed, owners } = phase;
  const found: Finding[] = await renewals(k8s, phase);
  const name = async (location: Location, what: string | undefined, of: keyof Owners): Promise<void> => {
    if (what === undefined) return;
    const writer = await lastForeignWriter(k8s, linkerd.namespace, location);
    const isTheirs = isHandedOff(owners, of) && (await isAskedFor(k8s, linkerd, location));
    const tell = isTheirs ? handOffUndone : reverted;
    found.push(tell(locationName(location), what, writer));
  };
  for (const { location, certificates } of await readAnchors(k8s, linkerd)) {
    const anchors = certificates.map(({ fingerprint }) => fingerprint);
    await name(location, bundleReverted(anchors, target, row), 'bundle');
  }
  if (row.issuer !== undefined) {
    const { certificates } = await readIssuer(k8s, linkerd);
    const state = issuerStateOf(certificates, secret);
    const stands = state === row.issuer || (!isBack && isLaterState(state, row.issuer));
    const isSaid = managed.issuer !== undefined && state === undefined;
    await name(ISSUER, stands || isSaid ? undefined : 'it holds another issuer again', 'issuer');
  }
  return found;
}

/** Copies that whoever writes the bundle does not write are reroot's own, and who puts those back is fought by nobody. */
async function isAskedFor(k8s: Dependencies['k8s'], linkerd: Linkerd, location: Location): Promise<boolean> {
  const [first] = linkerd.anchors;
  if (!first || location === ISSUER || locationName(location) === locationName(first)) return true;
  return (await sameWriter(k8s, linkerd.namespace, first, [location])).length > 0;
}

/** How often a wait looks whether the rotation's writes still stand: in good time for a leaf's life, at most so often. */
const LOOKS_PER_LEAF = 20;
const SLOWEST_LOOK_MS = 300_000;

/** The same for waits that look again and again: at once, then every few minutes; in between nothing is found. */
export function occasionalReversions(
  dependencies: Pick<Dependencies, 'k8s'>,
  input: PhaseInput,
): () => Promise<Finding[]> {
  let next = 0;
  return async () => {
    const now = Date.now();
    if (now < next) return [];
    // afresh: what the rotation has stored, the bridge certificate among it, is written anew in a long wait
    const phase = await readPhase(dependencies, input);
    next = now + Math.min(phase.linkerd.leafLifeMs / LOOKS_PER_LEAF, SLOWEST_LOOK_MS);
    return await reversions(dependencies, phase);
  };
}
