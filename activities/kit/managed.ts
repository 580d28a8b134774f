import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type {
  CertManagerInstall,
  ManagedCertificate,
  SecretReference,
} from '../../src/linkerd/cert-manager/install.js';
import { readInstall } from '../../src/linkerd/cert-manager/read.js';
import { detectLinkerd, ISSUER_CA, type Linkerd } from '../../src/linkerd/detect.js';
import { locationName } from '../../src/linkerd/layouts/layout.js';
import type { StepInput } from '../../src/rotation/payloads.js';

/** What cert-manager and trust-manager write for a rotation: each part absent where somebody else does. */
export interface Managed {
  /** The Certificate of the root, whose renewal makes the new one. */
  root?: ManagedCertificate;
  /** What the bundle is made of. */
  sources?: NonNullable<CertManagerInstall['sources']>;
  /** Who makes the bundle, for people. */
  bundle?: string;
  issuer?: ManagedCertificate;
  /** What signs it, for people. */
  signer?: string;
  /** The Secret that it is signed with, where no Certificate makes that root: a person writes it. */
  ca?: SecretReference;
}

type Owned = Pick<StepInput, 'owners' | 'linkerdNamespace'>;

/** @throws ApplicationFailure `CertManagerChanged` when what preflight has found is there no longer */
export async function managedOf(k8s: Kubernetes, { owners }: Owned, linkerd: Linkerd): Promise<Managed> {
  const is = (owned: 'bundle' | 'issuer') => owners?.[owned].kind === 'certManager';
  if (!is('issuer') && !is('bundle')) return {};
  const { root, bundle, signer, ca, ...found } = await readInstall(k8s, linkerd);
  const issuer = is('issuer') ? (found.issuer ?? changed('the Certificate of the issuer')) : undefined;
  const sources = is('bundle') ? (found.sources ?? changed('the sources of the bundle')) : undefined;
  return present({ root, bundle, sources, issuer, signer, ca: root || !issuer ? undefined : ca });
}

function changed(what: string): never {
  throw ApplicationFailure.nonRetryable(
    `${what} was there when the rotation began, and cannot be read any more: put it back, or give reroot its rights, then \`retry\``,
    'CertManagerChanged',
  );
}

/** The Linkerd of a step, without the copy of the anchors that is cert-manager's: it stands in the issuer Secret. */
export async function linkerdOf(k8s: Kubernetes, { owners, linkerdNamespace }: Owned): Promise<Linkerd> {
  const linkerd = await detectLinkerd(k8s, linkerdNamespace);
  if (owners?.issuer.kind !== 'certManager') return linkerd;
  const its = locationName(ISSUER_CA);
  return { ...linkerd, anchors: linkerd.anchors.filter((location) => locationName(location) !== its) };
}
