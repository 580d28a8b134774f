import { stringify } from 'yaml';
import type { KubernetesObject } from '../../cluster/objects.js';
import { SCHEMES } from './config.js';
import { controlPlane } from './control-plane.js';
import { ISSUER_SECRET, LINKERD_CONFIG, metadataOf, TRUST_ROOTS, TRUST_ROOTS_KEY } from './names.js';
import { serviceAccount } from './objects.js';
import type { InjectorWebhook, Install } from './options.js';
import { injectorWebhook } from './webhook.js';

/**
 * A chart with the objects of the sandbox's Linkerd, which takes its certificates from where Linkerd's own chart does and
 * renders what depends on them by the same rules (linkerd2 charts/linkerd-control-plane; docs/development/linkerd.md, "What
 * Helm renders"). Layout D only.
 */

export const RELEASE = 'linkerd-control-plane';

/** Components whose templates carry a hash of the webhook's configuration: another certificate there rolls them. */
const HASHES_WEBHOOK = 'proxy-injector';

/** Files of the chart, by path. */
export function chartFiles(install: Install, injector: InjectorWebhook): Record<string, string> {
  const { version } = install;
  const objects = (...all: KubernetesObject[]) => all.map((object) => `---\n${stringify(object)}`).join('');
  return {
    'Chart.yaml': stringify({ apiVersion: 'v2', name: RELEASE, version: '2.20.0', appVersion: version.release }),
    'values.yaml': stringify(defaults(install), { lineWidth: 0 }),
    'templates/serviceaccounts.yaml': objects(...version.components.map(serviceAccount)),
    'templates/proxy-injector-rbac.yaml': objects(injectorWebhook(injector)),
    'templates/config.yaml': config(install),
    'templates/identity.yaml': issuer(install) + trustRoots(install),
    'templates/deployments.yaml': version.components.map((component) => deployment(component, install)).join(''),
  };
}

/** What whoever installs Linkerd gives: the certificates, and who makes them. */
export function chartValues({ options, certificates, externalCA }: Install): object {
  const { anchors, issuer: crtPEM, issuerKey: keyPEM } = certificates;
  return {
    ...(externalCA ? {} : { identityTrustAnchorsPEM: anchors }),
    identity: {
      ...(externalCA ? { externalCA } : {}),
      issuer: { scheme: SCHEMES[options.issuer], ...(options.issuer === 'linkerd' ? { tls: { crtPEM, keyPEM } } : {}) },
    },
  };
}

function defaults({ options, version }: Install): object {
  return {
    clusterDomain: 'cluster.local',
    controllerReplicas: options.identityReplicas,
    identity: {
      externalCA: false,
      issuer: {
        clockSkewAllowance: '20s',
        issuanceLifetime: options.issuanceLifetime,
        scheme: SCHEMES.linkerd,
        tls: { crtPEM: '', keyPEM: '' },
      },
      serviceAccountTokenProjection: true,
    },
    identityTrustAnchorsPEM: '',
    identityTrustDomain: '',
    linkerdVersion: version.release,
    proxy: { nativeSidecar: version.nativeSidecar },
    proxyInit: {},
    webhookFailurePolicy: 'Ignore',
  };
}

/** The values without the private key, in the order of their names, as `toYaml` writes them. */
function config({ version, createdBy }: Install): string {
  const metadata = { ...metadataOf(LINKERD_CONFIG, 'controller'), annotations: createdBy };
  const crds = version.rootHash ? '  linkerd-crds-chart-version: linkerd-crds-1.0.0-edge\n' : '';
  return `${head('ConfigMap', metadata)}data:
${crds}  values: |
{{- $shown := deepCopy .Values }}
{{- $_ := unset $shown.identity.issuer.tls "keyPEM" }}
{{- if not $shown.identityTrustDomain }}{{- $_ := set $shown "identityTrustDomain" $shown.clusterDomain }}{{- end }}
{{- toYaml $shown | trim | nindent 4 }}
`;
}

/** Trimmed, so that these files have no newline at their end. */
function issuer({ createdBy }: Install): string {
  return `{{- if eq .Values.identity.issuer.scheme "${SCHEMES.linkerd}" }}
${head('Secret', { ...metadataOf(ISSUER_SECRET, 'identity'), annotations: createdBy })}data:
  crt.pem: {{ required "the issuer's certificate is missing" .Values.identity.issuer.tls.crtPEM | trim | b64enc }}
  key.pem: {{ required "the issuer's key is missing" .Values.identity.issuer.tls.keyPEM | trim | b64enc }}
{{- end }}
`;
}

/** With a final newline up to 2.12, without since. */
function trustRoots({ options, createdBy }: Install): string {
  const style = options.linkerd === '2.11' ? '|' : '|-';
  return `{{- if not .Values.identity.externalCA }}
${head('ConfigMap', { ...metadataOf(TRUST_ROOTS, 'identity'), annotations: createdBy })}data:
  ${TRUST_ROOTS_KEY}: ${style}
{{- .Values.identityTrustAnchorsPEM | trim | nindent 4 }}
{{- end }}
`;
}

const ROOT_HASH = 'linkerd.io/trust-root-sha256';

/** The hash is of the value as it is, with its newline; with `externalCA` of an empty text. */
function deployment(component: string, install: Install): string {
  const object = controlPlane(component, install);
  const { metadata } = (object['spec'] as { template: { metadata: { annotations: Record<string, string> } } }).template;
  const { [ROOT_HASH]: hash, ...annotations } = metadata.annotations;
  metadata.annotations = {
    ...annotations,
    ...(hash === undefined ? {} : { [ROOT_HASH]: HASHED }),
    ...(component === HASHES_WEBHOOK ? { 'checksum/config': WEBHOOK_HASHED } : {}),
  };
  return `---\n${stringify(object, { lineWidth: 0 })}`
    .replaceAll(HASHED, '{{ .Values.identityTrustAnchorsPEM | sha256sum }}')
    .replaceAll(WEBHOOK_HASHED, '{{ include (print $.Template.BasePath "/proxy-injector-rbac.yaml") . | sha256sum }}');
}

const HASHED = 'HASH-OF-THE-ANCHORS';
const WEBHOOK_HASHED = 'HASH-OF-THE-WEBHOOK';

function head(kind: string, metadata: object): string {
  return `---\n${stringify({ apiVersion: 'v1', kind, metadata })}`;
}
