import type { Install } from './options.js';

/** The configuration documents of each layout, with comments and fields that no chart has: whoever edits must keep them. */

/** How identity is told the scheme of the issuer Secret. */
export const SCHEMES = { linkerd: 'linkerd.io/tls', kubernetes: 'kubernetes.io/tls' } as const;

/** The data of ConfigMap linkerd-config. */
export function configData(install: Install): Record<string, string> {
  const { release, layout, rootHash } = install.version;
  if (layout === 'A') {
    return {
      global: `${global(install)}\n`,
      proxy: '{"proxyImage":{"imageName":"gcr.io/linkerd-io/proxy","pullPolicy":"IfNotPresent"}}\n',
      install: `${JSON.stringify({ cliVersion: release, flags: [] })}\n`,
    };
  }
  const crds: Record<string, string> = rootHash ? { 'linkerd-crds-chart-version': 'linkerd-crds-1.0.0-edge' } : {};
  return { ...crds, values: values(install) };
}

/** One line from the CLI, indented from Helm (linkerd2 stable-2.7.1 charts/linkerd2/templates/_config.tpl). */
function global({ options, version, certificates }: Install): string {
  const { install, issuer, issuanceLifetime } = options;
  const document = {
    linkerdNamespace: 'linkerd',
    cniEnabled: false,
    version: version.release,
    identityContext: {
      trustDomain: 'cluster.local',
      trustAnchorsPem: certificates.anchors,
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

function values({ options, version, certificates, externalCA }: Install): string {
  const { issuanceLifetime, identityReplicas } = options;
  const { anchors, issuer } = certificates;
  const { release, layout, nativeSidecar } = version;
  const nested = layout === 'B';
  const pad = nested ? '  ' : '';
  const own = [
    `${pad}clusterDomain: cluster.local`,
    `${pad}# a person wrote this line`,
    `${pad}customNote:   "keep   me"`,
    `${pad}identityTrustAnchorsPEM: ${anchors ? `|\n${indented(anchors, pad.length + 2)}` : '""'}`,
    `${pad}identityTrustDomain: cluster.local`,
    `${pad}linkerdVersion: ${release}`,
    `${pad}proxy:\n${pad}  nativeSidecar: ${nativeSidecar}`,
  ].join('\n');
  return `controllerReplicas: ${identityReplicas}
${nested ? 'global:\n' : ''}${own}
identity:
  ${layout === 'D' ? `externalCA: ${externalCA}\n  ` : ''}issuer:
    clockSkewAllowance: 20s
    issuanceLifetime: ${issuanceLifetime}
    scheme: ${SCHEMES[options.issuer]}
${options.issuer === 'linkerd' ? `    tls:\n      crtPEM: |\n${indented(issuer, 8)}\n` : ''}  serviceAccountTokenProjection: true
proxyInit: {}   # trailing comment
webhookFailurePolicy: Ignore
`;
}

/** The values that the CLI was given and keeps for the next upgrade. */
export function overrides({
  options: { issuer },
  version: { release, layout },
  certificates,
  externalCA,
}: Install): string {
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
  const external = 'identity:\n  externalCA: true\n  issuer:\n    scheme: kubernetes.io/tls\n';
  return `heartbeatSchedule: 1 2 3 4 5
${issuer === 'linkerd' ? issuerValues : ''}${externalCA ? external : ''}${nested ? 'global:\n' : ''}${pad}identityTrustAnchorsPEM: |
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
