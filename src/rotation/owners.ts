/** Who writes what a rotation changes, the bundle and the issuer: pure words, decided by preflight and carried by every step. */

/**
 * - `reroot`: the rotation writes it itself.
 * - `certManager`: cert-manager and trust-manager write it, driven by their own means: Certificates are renewed, and the source
 *   Secrets of the bundle written. No spec is touched.
 * - `handOff`: somebody's Git, Helm values or Terraform. The rotation shows what has to be there, and waits until it is.
 */
export const OWNER_KINDS = ['reroot', 'certManager', 'handOff'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export interface Owner {
  kind: OwnerKind;
  /** Who that is, for people: `Argo CD`, `Bundle linkerd-identity-trust-roots`; absent where nobody else is known. */
  who?: string;
}

export interface Owners {
  /** Of the trust anchors, in every store that the layout has. */
  bundle: Owner;
  /** Of the issuer Secret. */
  issuer: Owner;
}

/** A rotation of reroot 0.5 and earlier, and of an install that nobody else writes. */
export const OWN: Owners = { bundle: { kind: 'reroot' }, issuer: { kind: 'reroot' } };

/** Whether somebody else has to be asked to write it. */
export function isHandedOff(owners: Owners | undefined, what: keyof Owners): boolean {
  return owners?.[what].kind === 'handOff';
}
