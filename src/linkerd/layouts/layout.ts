import type { V1Deployment } from '@kubernetes/client-node';
import { IDENTITY_CONTAINER, LINKERD_CONFIG, OVERRIDES } from '../names.js';

/**
 * Where one generation of Linkerd keeps its trust anchors. A layout is data: what to read and what to write is the same
 * for all of them (stores.ts for objects, template.ts for pod templates). Source: the charts and controllers of linkerd2
 * from stable-2.7.1 to edge-26.8.3 (docs/development/linkerd.md, "Where the anchors are stored").
 */
export interface Layout {
  /** A letter, as the documents name it. */
  id: string;
  /** Linkerd versions that have it, for people. */
  versions: string;
  /** From where the identity process reads its anchors at its start, for people. */
  identityReads: string;
  /** What the identity Deployment shows when this layout is the one its process reads; it is the judge. */
  describes(identity: V1Deployment): boolean;
  /** Whether the objects are those of this layout (docs/development/linkerd.md, "How the layout is recognised"). */
  storedAs(objects: StoredObjects): boolean;
  /** Every copy of the anchors in an object; the first is the one the running control plane reads. */
  anchors: readonly Location[];
  /** The identity process's own copy in its container, base64 of the PEM; absent where it reads an object. */
  identityCopy?: IdentityCopy;
  /**
   * Proxies of the control plane read an object when they start, so the time of the start tells which anchors they have;
   * in other layouts their anchors stand in their pods.
   */
  judgedByStart: boolean;
  /** Copies of the issuer's certificate and key beside the issuer Secret itself. */
  issuerCopies: readonly IssuerCopy[];
  /** Where the configuration says what the identity Deployment's arguments do not. */
  settings: Record<'scheme' | 'trustDomain' | 'issuanceLifetime', Location>;
}

/** Data of the ConfigMaps that tell layouts apart; undefined where there is none. */
export interface StoredObjects {
  /** linkerd-identity-trust-roots. */
  trustRoots: Record<string, string> | undefined;
  /** linkerd-config. */
  config: Record<string, string> | undefined;
}

/** An argument by how it begins, or a variable by its name. */
export type IdentityCopy = { argument: string; variable?: never } | { variable: string; argument?: never };

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
  return identity.spec?.template.spec?.containers.find(({ name }) => name === IDENTITY_CONTAINER);
}
