import { inConfig, type Layout, usesVolume } from './layout.js';
import { LINKERD_CONFIG } from '../names.js';

/** 2.7 and 2.8: one JSON document; proxies of the control plane have literals in their templates. */
export const layoutA: Layout = {
  id: 'A',
  versions: '2.7 and 2.8',
  identityReads: 'the mounted ConfigMap linkerd-config (key global)',
  describes: (identity) => usesVolume(identity, LINKERD_CONFIG),
  storedAs: ({ trustRoots, config }) => !trustRoots && config?.['global'] !== undefined,
  anchors: [inConfig('global', ['identityContext', 'trustAnchorsPem'], false)],
  judgedByStart: false,
  issuerCopies: [],
  settings: {
    scheme: inConfig('global', ['identityContext', 'scheme'], true),
    trustDomain: inConfig('global', ['identityContext', 'trustDomain'], true),
    issuanceLifetime: inConfig('global', ['identityContext', 'issuanceLifetime'], true),
  },
};
