import type { Kubernetes } from '../../src/kubernetes/client.js';
import { readInstall } from '../../src/linkerd/cert-manager/read.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { competingWriters } from '../../src/linkerd/writers/writers.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { PreflightObservation } from '../../src/rotation/preflight/observation.js';
import { ownersOf } from '../../src/rotation/preflight/owners.js';
import { certManagerFacts } from './cert-manager-facts.js';

/** Who writes the bundle and the issuer, with all that says so. */
export type FoundOwners = Pick<PreflightObservation, 'writers' | 'certManager' | 'owners' | 'saidOwners'>;

export async function findOwners(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { owners: saidOwners = {}, waive: waivers }: Pick<RotationSettings, 'owners' | 'waive'>,
): Promise<FoundOwners> {
  const [writers, install] = await Promise.all([competingWriters(k8s, linkerd), readInstall(k8s, linkerd)]);
  const certManager = await certManagerFacts(k8s, linkerd, install);
  return { writers, certManager, saidOwners, owners: ownersOf({ said: saidOwners, writers, waivers, certManager }) };
}
