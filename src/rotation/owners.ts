/** Who writes what a rotation changes, the bundle and the issuer: pure words, decided by preflight and carried by every step. */

/**
 * - `reroot`: the rotation writes it itself.
 * - `certManager`: cert-manager and trust-manager write it, driven by their own means: Certificates are renewed, and the source
 *   Secrets of the bundle written. No spec is touched.
 * - `handOff`: somebody's Git, Helm values or Terraform. The rotation shows what has to be there, and waits until it is.
 */
export const OWNER_KINDS = ['reroot', 'certManager', 'handOff'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

/** What has an owner of its own. */
export type Owned = keyof Owners;

export interface Owner {
  kind: OwnerKind;
  /** Who that is, for people: `Argo CD`, `Bundle linkerd-identity-trust-roots`; absent where nobody else is known. */
  who?: string;
  /** The issuer's Certificate: it is renewed before the root's, because its own time would come in the middle of the rotation. */
  renewFirst?: true;
}

export interface Owners {
  /** Of the trust anchors, in every store that the layout has. */
  bundle: Owner;
  /** Of the issuer Secret. */
  issuer: Owner;
}

/** What the input says of it; found by looking where it says nothing. */
export type SaidOwners = { readonly [owned in Owned]?: OwnerKind | undefined };

/** A rotation of reroot 0.5 and earlier, and of an install that nobody else writes. */
export const OWN: Owners = { bundle: { kind: 'reroot' }, issuer: { kind: 'reroot' } };

/** Whether somebody else has to be asked to write it. */
export function isHandedOff(owners: Owners | undefined, what: keyof Owners): boolean {
  return owners?.[what].kind === 'handOff';
}

/** Whether reroot writes everything, as it always did. */
export function isOwn({ bundle, issuer }: Owners): boolean {
  return bundle.kind === 'reroot' && issuer.kind === 'reroot';
}

/** One line for each, as plan, status and report have them. */
export function ownersText({ bundle, issuer }: Owners): string[] {
  return [`bundle: ${ownerText(bundle)}`, `issuer: ${ownerText(issuer)}`];
}

function ownerText({ kind, who }: Owner): string {
  if (kind === 'reroot') return 'reroot';
  return kind === 'handOff' ? `hand-off to ${who ?? 'whoever writes it'}` : (who ?? 'cert-manager');
}
