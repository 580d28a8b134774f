import { checkAuthority, type Problem } from './authority.js';
import type { Certificate } from './certificate.js';
import { parseKey } from './key.js';

export interface IssuerInUse {
  certificate: Certificate;
  keyPem: string;
  /** The anchors that it is under. */
  roots: readonly Certificate[];
}

const UNDER_NO_ANCHOR: Problem = {
  reason: 'IssuerUnderNoAnchor',
  severity: 'error',
  message: 'it verifies with none of the anchors in the bundle',
  hint: 'repair the bundle or the issuer first',
};

/**
 * What is wrong with the issuer that a mesh has.
 * @throws Error when its key cannot be read; the message has nothing of the key in it
 */
export function issuerInUseProblems({ certificate, keyPem, roots }: IssuerInUse, at: Date): Problem[] {
  const [root] = roots;
  if (!root) return [UNDER_NO_ANCHOR];
  const problems = checkAuthority({ root, issuer: certificate, issuerKey: parseKey(keyPem), at, oldAnchors: [] });
  // a mesh that works has names that its root permits: each gate looks at the chains of its proxies
  return problems.filter(({ reason }) => reason !== 'NameConstraints');
}
