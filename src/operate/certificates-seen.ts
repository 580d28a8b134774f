import type { Certificate } from '../pki/certificate.js';
import { hasSigned } from '../pki/signatures.js';
import { certificateFacts } from '../rotation/certificate-facts.js';
import type { CertificateSeen } from '../rotation/overview.js';
import type { GenerateResult } from '../rotation/payloads.js';

/** What is stored, as far as it is public. */
export interface StoredCertificates {
  /** Of the bundle that the control plane reads. */
  anchors: readonly Certificate[];
  /** Those of the anchors that the issuer is under. */
  inUse: readonly Certificate[];
  /** As the issuer Secret has them; absent: it could not be read. */
  issuer?: readonly [Certificate, ...Certificate[]] | undefined;
}

type Roots = Pick<GenerateResult, 'root' | 'retire'>;

/** Anchors, issuer and bridge certificate, and which they are. */
export function certificatesSeen(stored: StoredCertificates, roots?: Roots): CertificateSeen[] {
  const anchors = stored.anchors.map((anchor) => ({
    ...certificateFacts(anchor),
    kind: 'anchor' as const,
    role: roleOf(anchor, stored.inUse, roots),
  }));
  return [...anchors, ...(stored.issuer ? issuerSeen(stored.issuer, stored.anchors, roots) : [])];
}

function roleOf(
  anchor: Certificate,
  inUse: readonly Certificate[],
  roots: Roots | undefined,
): NonNullable<CertificateSeen['role']> {
  const { fingerprint } = anchor;
  if (roots && roots.retire.length > 0) {
    if (fingerprint === roots.root.fingerprint) return 'new';
    if (roots.retire.some((old) => old.fingerprint === fingerprint)) return 'old';
  }
  return inUse.some((one) => one.fingerprint === fingerprint) ? 'inUse' : 'other';
}

/** Of several certificates of the issuer's key one is the bridge: that under the new root, or the youngest where nobody says. */
function issuerSeen(
  chain: readonly [Certificate, ...Certificate[]],
  anchors: readonly Certificate[],
  roots: Roots | undefined,
): CertificateSeen[] {
  const [first] = chain;
  const ofKey = chain.filter(({ publicKeyDer }) => publicKeyDer.equals(first.publicKeyDer));
  const newRoot = anchors.find(({ fingerprint }) => fingerprint === roots?.root.fingerprint);
  const bridge = ofKey.length > 1 ? bridgeAmong(ofKey, newRoot) : undefined;
  const issuer = ofKey.find((one) => one !== bridge) ?? first;
  return [
    { ...certificateFacts(issuer), kind: 'issuer' },
    ...(bridge ? [{ ...certificateFacts(bridge), kind: 'bridge' as const }] : []),
  ];
}

function bridgeAmong(ofKey: readonly Certificate[], newRoot: Certificate | undefined): Certificate | undefined {
  const signed = newRoot && ofKey.find((one) => hasSigned(newRoot, one));
  return signed ?? ofKey.toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime())[0];
}
