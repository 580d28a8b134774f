import { plain } from '../../ground/plain.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { type CustomObject, type CustomResource, listIfAllowed } from '../../kubernetes/custom.js';

/** docs.buoyant.io, "Trust anchor rotation reference": it keeps ConfigMap linkerd-identity-trust-roots by itself. */
export const ROTATIONS: CustomResource = {
  group: 'trust.linkerd.io',
  version: 'v1alpha1',
  plural: 'trustanchorrotations',
};
/** docs.buoyant.io, "Lifecycle automation reference": it installs and upgrades the control plane from its own values. */
export const CONTROL_PLANES: CustomResource = {
  group: 'linkerd.buoyant.io',
  version: 'v1alpha1',
  plural: 'controlplanes',
};

/** What the resources of Buoyant's operators say that they do, in sentences; none where they may not be read. */
export async function readBuoyant(k8s: Kubernetes): Promise<string[]> {
  const [rotations = [], controlPlanes = []] = await Promise.all([
    listIfAllowed<CustomObject>(k8s, ROTATIONS),
    listIfAllowed<CustomObject>(k8s, CONTROL_PLANES),
  ]);
  return [
    ...rotations.map((one) => `TrustAnchorRotation ${nameOf(one)} keeps the bundle as cert-manager's Secrets have it`),
    ...controlPlanes.map(
      (one) => `ControlPlane ${nameOf(one)} installs Linkerd again with the anchors of its own values`,
    ),
  ];
}

function nameOf({ metadata }: CustomObject): string {
  return plain(metadata?.name ?? '');
}
