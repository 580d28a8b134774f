import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import type { HandOff } from '../../src/rotation/hand-off.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { seenAs } from './hand-off.js';
import type { Managed } from './managed.js';
import { nameOf } from './root-secret.js';

/**
 * Where the CA that signs the issuer is none of the cluster's (Vault, AWS PCA): whoever has it points cert-manager's Issuer at the new
 * root, and renews the issuer's Certificate. Undefined: that is done, or cert-manager has the root itself.
 */
export function signerHandOff(
  { issuer, root, signer }: Managed,
  rotation: RotationSecret,
  { state, found, current }: { state: IssuerState; found: IssuerState | undefined; current: StoredIssuer },
): HandOff | undefined {
  if (!issuer || root || state !== 'new' || found === 'new' || rotation.retire.length === 0) return undefined;
  const { commonName, fingerprint } = rotation.root;
  const wanted = `${commonName} (${fingerprint.slice(0, 12)})`;
  const [first] = current.certificates;
  return seenAs({
    who: signer ?? 'whoever has the CA',
    for: `the issuer of Certificate ${nameOf(issuer)} to be under the new root`,
    difference: [
      `Secret ${nameOf(issuer.secret)} holds ${first.commonName} (${first.fingerprint.slice(0, 12)}), which ${wanted} has not signed`,
    ],
    todo:
      `Point ${signer ?? 'its Issuer'} at the new root ${wanted}, then renew the Certificate: \`cmctl renew -n ${issuer.namespace} ` +
      `${issuer.name}\`. Everybody trusts that root by now. The rotation goes on by itself when the issuer is under it.`,
  });
}
