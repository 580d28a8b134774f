import type { LinkerdOptions } from './linkerd.js';
import { VERSIONS } from './versions.js';

/** The configuration documents of each layout, with comments and fields that no chart has: whoever edits must keep them. */

export interface Certificates {
  anchors: string;
  issuer: string;
  issuerKey: string;
}

/** The data of ConfigMap linkerd-config. */
export function configData(options: LinkerdOptions, certificates: Certificates): Record<string, string> {
  const { release, layout, rootHash } = VERSIONS[options.linkerd];
  if (layout === 'A') {
    return {
      global: `${global(options, certificates)}\n`,
      proxy: '{"proxyImage":{"imageName":"gcr.io/linkerd-io/proxy","pullPolicy":"IfNotPresent"}}\n',
      install: `${JSON.stringify({ cliVersion: release, flags: [] })}\n`,
    };
  }
  const crds: Record<string, string> = rootHash ? { 'linkerd-crds-chart-version': 'linkerd-crds-1.0.0-edge' } : {};
  return { ...crds, values: values(options, certificates) };
}

/** One line from the CLI, indented from Helm (linkerd2 stable-2.7.1 charts/linkerd2/templates/_config.tpl). */
function global({ linkerd, install, issuer, issuanceLifetime }: LinkerdOptions, { anchors }: Certificates): string {
  const document = {
    linkerdNamespace: 'linkerd',
    cniEnabled: false,
    version: VERSIONS[linkerd].release,
    identityContext: {
      trustDomain: 'cluster.local',
      trustAnchorsPem: anchors,
      issuanceLifetime,
      clockSkewAllowance: '20s',
      scheme: SCHEMES[issuer],
    },
    autoInjectContext: null,
    aFieldOfNoChart: 'keep  me',
    clusterDomain: 'cluster.local',
  };
  return install === 'helm' ? JSON.stringify(document, null, 2) : JSON.stringify(document);
}

export const SCHEMES = { linkerd: 'linkerd.io/tls', kubernetes: 'kubernetes.io/tls' } as const;

function values(options: LinkerdOptions, { anchors, issuer }: Certificates): string {
  const { linkerd, issuanceLifetime, identityReplicas } = options;
  const { release, layout, nativeSidecar } = VERSIONS[linkerd];
  const nested = layout === 'B';
  const pad = nested ? '  ' : '';
  const own = [
    `${pad}clusterDomain: cluster.local`,
    `${pad}# a person wrote this line`,
    `${pad}customNote:   "keep   me"`,
    `${pad}identityTrustAnchorsPEM: |\n${indented(anchors, pad.length + 2)}`,
    `${pad}identityTrustDomain: cluster.local`,
    `${pad}linkerdVersion: ${release}`,
    `${pad}proxy:\n${pad}  nativeSidecar: ${nativeSidecar}`,
  ].join('\n');
  return `controllerReplicas: ${identityReplicas}
${nested ? 'global:\n' : ''}${own}
identity:
  issuer:
    clockSkewAllowance: 20s
    issuanceLifetime: ${issuanceLifetime}
    scheme: ${SCHEMES[options.issuer]}
${options.issuer === 'linkerd' ? `    tls:\n      crtPEM: |\n${indented(issuer, 8)}\n` : ''}  serviceAccountTokenProjection: true
proxyInit: {}   # trailing comment
webhookFailurePolicy: Ignore
`;
}

/** What `linkerd upgrade` renders from (CLI installs since 2.9). */
export function overrides({ linkerd, issuer }: LinkerdOptions, certificates: Certificates): string {
  const { release, layout } = VERSIONS[linkerd];
  const nested = layout === 'B';
  const pad = nested ? '  ' : '';
  const issuerValues = `identity:
  issuer:
    tls:
      crtPEM: |
${indented(certificates.issuer, 8)}
      keyPEM: |
${indented(certificates.issuerKey, 8)}
`;
  return `heartbeatSchedule: 1 2 3 4 5
${issuer === 'linkerd' ? issuerValues : ''}${nested ? 'global:\n' : ''}${pad}identityTrustAnchorsPEM: |
${indented(certificates.anchors, pad.length + 2)}
${pad}linkerdVersion: ${release}
`;
}

function indented(pem: string, spaces: number): string {
  return pem
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(spaces)}${line}`)
    .join('\n');
}
