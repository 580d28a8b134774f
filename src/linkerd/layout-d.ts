import type { Layout, Location } from './layout.js';
import { LINKERD_CONFIG, OVERRIDES, TRUST_ROOTS, TRUST_ROOTS_KEY } from './names.js';

const config = { kind: 'ConfigMap', name: LINKERD_CONFIG, key: 'values', optional: true } as const satisfies Location;
const overrides = { kind: 'Secret', name: OVERRIDES, key: OVERRIDES, optional: true } as const satisfies Location;

/**
 * Linkerd 2.11 to today: the control plane reads ConfigMap linkerd-identity-trust-roots; the same anchors stand in
 * linkerd-config (read by the CLI) and, in CLI installs, in linkerd-config-overrides, from which `linkerd upgrade`
 * renders everything again, the issuer included (linkerd2 edge-26.8.3 cli/cmd/upgrade.go loadStoredValues).
 */
export const layoutD: Layout = {
  id: 'D',
  versions: '2.11 and later',
  describes: (identity) =>
    identity.spec?.template.spec?.volumes?.some((volume) => volume.configMap?.name === TRUST_ROOTS) === true,
  anchors: [
    { kind: 'ConfigMap', name: TRUST_ROOTS, key: TRUST_ROOTS_KEY, optional: false },
    { ...config, path: ['identityTrustAnchorsPEM'] },
    { ...overrides, path: ['identityTrustAnchorsPEM'] },
  ],
  issuerCopies: [
    { certificate: { ...config, path: ['identity', 'issuer', 'tls', 'crtPEM'] } },
    {
      certificate: { ...overrides, path: ['identity', 'issuer', 'tls', 'crtPEM'] },
      key: { ...overrides, path: ['identity', 'issuer', 'tls', 'keyPEM'] },
    },
  ],
};
