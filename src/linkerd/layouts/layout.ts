import type { V1Deployment } from '@kubernetes/client-node';
import { LINKERD_CONFIG, OVERRIDES } from '../names.js';

/**
 * Where one generation of Linkerd keeps its trust anchors. A layout is data: what to read and what to write is the same
 * for all of them (stores.ts for objects, template.ts for pod templates). Source: reference.md section 1, from the
 * charts and controllers of stable-2.7.1 to edge-26.8.3.
 */
export interface Layout {
  id: 'A' | 'B' | 'C' | 'D';
  /** Linkerd versions that have it, for people. */
  versions: string;
  /** From where the identity process reads its anchors at its start, for people. */
  identityReads: string;
  /** What the identity Deployment shows when this layout is the one its process reads; it is the judge. */
  describes(identity: V1Deployment): boolean;
  /** Every copy of the anchors in an object; the first is the one the running control plane reads. */
  anchors: readonly Location[];
  /** Copies of the issuer's certificate and key beside the issuer Secret itself. */
  issuerCopies: readonly IssuerCopy[];
  /** The chart value that holds the anchors, for people who installed by Helm. */
  helmValue: string;
  /** Where the configuration says what the identity Deployment's arguments do not. */
  settings: Record<'scheme' | 'trustDomain' | 'issuanceLifetime', Location>;
}

/** A field of an object in the Linkerd namespace. */
export interface Location {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  key: string;
  /** Absent: the whole value is the PEM. Else the path of the field in a YAML or JSON value. */
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

/** A field of a JSON or YAML document in linkerd-config. */
export function inConfig(key: string, path: readonly string[], optional: boolean): Location {
  return { kind: 'ConfigMap', name: LINKERD_CONFIG, key, path, optional };
}

/** A field of linkerd-config-overrides (CLI installs since 2.9). */
export function inOverrides(...path: string[]): Location {
  return { kind: 'Secret', name: OVERRIDES, key: OVERRIDES, path, optional: true };
}

/** Whether the Deployment mounts a ConfigMap. */
export function usesVolume(identity: V1Deployment, configMap: string): boolean {
  return identity.spec?.template.spec?.volumes?.some((volume) => volume.configMap?.name === configMap) === true;
}

/** The identity process, beside its proxy. */
export function identityContainer(identity: V1Deployment) {
  return identity.spec?.template.spec?.containers.find(({ name }) => name === 'identity');
}
