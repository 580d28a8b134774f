import { fieldOf } from './fields.js';
import { inConfig, inOverrides, type Layout } from './layout.js';

/** What layouts B to D share: chart values as YAML, in linkerd-config and linkerd-config-overrides. */

const ISSUER = ['identity', 'issuer', 'tls'];

/**
 * linkerd-config-overrides, from which `linkerd upgrade` renders everything again (CLI installs since 2.9), nested as in
 * 2.9 or flat as since 2.10; a cluster that was upgraded may have either.
 */
export const overrides = {
  anchors: [inOverrides('identityTrustAnchorsPEM'), inOverrides('global', 'identityTrustAnchorsPEM')],
  issuer: { certificate: inOverrides(...ISSUER, 'crtPEM'), key: inOverrides(...ISSUER, 'keyPEM') },
};

/** What is the same wherever chart values are stored; `nested`: below `global`, as in 2.9. */
export function valuesLayout(
  nested: boolean,
): Pick<Layout, 'storedAs' | 'anchors' | 'judgedByStart' | 'issuerCopies' | 'settings'> {
  const at = (...path: string[]) => (nested ? ['global', ...path] : path);
  const anchors = inConfig('values', at('identityTrustAnchorsPEM'), false);
  return {
    storedAs: ({ trustRoots, config = {} }) =>
      !trustRoots && config['global'] === undefined && fieldOf(config, anchors) !== undefined,
    anchors: [anchors, ...overrides.anchors],
    judgedByStart: false,
    issuerCopies: [{ certificate: inConfig('values', [...ISSUER, 'crtPEM'], true) }, overrides.issuer],
    settings: {
      scheme: inConfig('values', ['identity', 'issuer', 'scheme'], true),
      trustDomain: inConfig('values', at('identityTrustDomain'), true),
      issuanceLifetime: inConfig('values', ['identity', 'issuer', 'issuanceLifetime'], true),
    },
  };
}
