import { stringify } from 'yaml';
import type { Linkerd } from './detect.js';

/**
 * What Linkerd's chart has to be given so that it renders the certificates that are wanted: pure, and public parts alone.
 * Source: values.yaml of charts/linkerd2 (2.7 to 2.11) and charts/linkerd-control-plane (docs/development/linkerd.md, "What
 * Helm renders").
 */

/** Where the chart's values have the certificates, each as the path of a value. */
export interface HelmPaths {
  anchors: readonly string[];
  certificate: readonly string[];
  key: readonly string[];
}

export function helmPaths({ layout, version }: Pick<Linkerd, 'version'> & { layout: { id: string } }): HelmPaths {
  if (isCapitalized(version)) {
    const issuer = ['Identity', 'Issuer', 'TLS'];
    return {
      anchors: ['Identity', 'TrustAnchorsPEM'],
      certificate: [...issuer, 'CrtPEM'],
      key: [...issuer, 'KeyPEM'],
    };
  }
  const issuer = ['identity', 'issuer', 'tls'];
  const nested = layout.id === 'A' || layout.id === 'B';
  return {
    anchors: [...(nested ? ['global'] : []), 'identityTrustAnchorsPEM'],
    certificate: [...issuer, 'crtPEM'],
    key: [...issuer, 'keyPEM'],
  };
}

/** The names of the values as people write them after `--set`. */
export function helmName(path: readonly string[]): string {
  return path.join('.');
}

/** 2.7 alone: `Identity.TrustAnchorsPEM`. */
function isCapitalized(version: string): boolean {
  return version.startsWith('stable-2.7.');
}

/** The texts, to the byte: the chart hashes the anchors as they are, and keeps both in linkerd-config. */
export interface HelmContent {
  /** Absent where Helm does not render the bundle: `identity.externalCA`. */
  anchors?: string;
  /** The issuer's certificate, and what is below the root; absent where Helm does not render the issuer Secret. */
  certificate?: string;
}

export interface HelmValues {
  [name: string]: string | HelmValues;
}

/** The values as a tree. Those that are absent stay what the release has. */
export function helmValues(linkerd: Parameters<typeof helmPaths>[0], content: HelmContent): HelmValues {
  const { anchors, certificate } = helmPaths(linkerd);
  const values: HelmValues = {};
  if (content.anchors !== undefined) place(values, anchors, content.anchors);
  if (content.certificate !== undefined) place(values, certificate, content.certificate);
  return values;
}

function place(values: HelmValues, [name = '', ...rest]: readonly string[], text: string): void {
  if (rest.length === 0) {
    values[name] = text;
    return;
  }
  const below = values[name];
  const tree = typeof below === 'object' ? below : {};
  values[name] = tree;
  place(tree, rest, text);
}

/** A values file for `helm upgrade -f`; every final newline is kept. */
export function valuesFile(values: HelmValues): string {
  return stringify(values, { lineWidth: 0, blockQuote: 'literal' });
}

/** A private key, by the object that holds it: it is handed over without being shown. */
export interface KeyReference {
  namespace: string;
  secret: string;
  key: string;
}

/** A line of shell that gives Helm the key from where it is, past the disk and the list of processes. */
export function keyFlag(path: readonly string[], { namespace, secret, key }: KeyReference): string {
  const field = key.replaceAll('.', String.raw`\.`);
  return `--set-file ${helmName(path)}=<(kubectl -n ${namespace} get secret ${secret} -o jsonpath='{.data.${field}}' | base64 -d)`;
}
