import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import { lastForeignWriter } from '../../src/linkerd/layouts/fields.js';
import { type Location, locationName } from '../../src/linkerd/layouts/layout.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { ISSUER_SECRET } from '../../src/linkerd/names.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import type { Finding } from '../../src/rotation/findings.js';
import { bundleReverted, reverted } from '../../src/rotation/reverted.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';

const ISSUER: Location = { kind: 'Secret', name: ISSUER_SECRET, key: 'certificate', optional: false };

/** What of this rotation's writes no longer stands, by object, each with who wrote it last. Empty: all stands. */
export async function reversions(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { linkerd, target, secret, row }: PhaseContext,
): Promise<Finding[]> {
  const found: Finding[] = [];
  const name = async (location: Location, what: string | undefined): Promise<void> => {
    if (what === undefined) return;
    found.push(reverted(locationName(location), what, await lastForeignWriter(k8s, linkerd.namespace, location)));
  };
  for (const { location, certificates } of await readAnchors(k8s, linkerd)) {
    const anchors = certificates.map(({ fingerprint }) => fingerprint);
    await name(location, bundleReverted(anchors, target, row));
  }
  if (row.issuer !== undefined) {
    const { certificates } = await readIssuer(k8s, linkerd);
    const stands = issuerStateOf(certificates, secret) === row.issuer;
    await name(ISSUER, stands ? undefined : 'it holds another issuer again');
  }
  return found;
}
