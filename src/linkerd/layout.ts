import type { V1Deployment } from '@kubernetes/client-node';

/**
 * Where one generation of Linkerd keeps its trust anchors. A layout is data: what to read and what to write is the
 * same for all of them (stores.ts).
 */
export interface Layout {
  id: 'D';
  /** Linkerd versions that have it, for people. */
  versions: string;
  /** What the identity Deployment shows when this layout is the one its process reads; it is the judge. */
  describes(identity: V1Deployment): boolean;
  /** Every copy of the anchors; the first is the one the running control plane reads. */
  anchors: readonly Location[];
  /** Copies of the issuer's certificate and key beside the issuer Secret itself. */
  issuerCopies: readonly IssuerCopy[];
}

/** A field of an object in the Linkerd namespace. */
export interface Location {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  key: string;
  /** Absent: the whole value is the PEM. Else the path of the field in a YAML value. */
  path?: readonly string[];
  /** The object or the field may be missing (CLI installs only, Helm with externalCA). */
  optional: boolean;
}

export interface IssuerCopy {
  certificate: Location;
  /** Absent where the key is not copied. */
  key?: Location;
}

export function locationName(location: Location): string {
  return `${location.kind} ${location.name} ${location.key}${location.path ? ` ${location.path.join('.')}` : ''}`;
}
