import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { readPair } from '../../src/linkerd/cert-manager/pair.js';
import { issuerStateOf } from '../../src/records/issuer-states.js';
import type { Finding } from '../../src/rotation/findings.js';
import { renewed } from '../../src/rotation/reverted.js';
import { chainOf, lacksCross } from './issuer-of-cert-manager.js';
import { nameOf, TLS } from './root-secret.js';
import type { PhaseContext } from './stored-rotation.js';

/** What cert-manager has renewed by itself since the rotation looked last, and what of it has to be taken up or put back. */
export async function renewals(k8s: Kubernetes, phase: PhaseContext): Promise<Finding[]> {
  const found = [await ofRoot(k8s, phase), await ofIssuer(k8s, phase)];
  return found.filter((finding) => finding !== undefined);
}

async function ofRoot(
  k8s: Kubernetes,
  { managed: { root }, secret, isBack }: PhaseContext,
): Promise<Finding | undefined> {
  if (!root || secret.retire.length === 0) return undefined;
  const { certificates } = await readPair(k8s, root.secret, TLS);
  const wanted = isBack ? secret.previous.roots : [secret.root];
  if (certificates[0] && wanted.some(({ publicKeyDer }) => certificates[0]?.publicKeyDer.equals(publicKeyDer)))
    return undefined;
  return renewed(
    `Certificate ${nameOf(root)}`,
    'its Secret has a root that is not of this rotation, and signs with it',
  );
}

async function ofIssuer(
  k8s: Kubernetes,
  { managed: { issuer }, secret, isBack }: PhaseContext,
): Promise<Finding | undefined> {
  if (!issuer) return undefined;
  const chain = chainOf(await readPair(k8s, issuer.secret, TLS));
  if (!chain) return undefined;
  const object = `Certificate ${nameOf(issuer)}`;
  if (issuerStateOf(chain, secret) === undefined) return renewed(object, 'its Secret holds another issuer');
  if (!isBack && lacksCross(chain, secret, clusterNow(k8s)))
    return renewed(object, 'the issuer is under the new root, which not everybody is proven to trust yet');
  return undefined;
}
