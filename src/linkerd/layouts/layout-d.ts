import { inConfig, type Layout, usesVolume } from './layout.js';
import { overrides, valuesLayout } from './layout-values.js';
import { TRUST_ROOTS, TRUST_ROOTS_KEY } from '../names.js';

/** 2.11 to today: the control plane reads a ConfigMap of its own; the values are what the CLI reads. */
export const layoutD: Layout = {
  ...valuesLayout(false),
  id: 'D',
  versions: '2.11 and later',
  identityReads: 'the mounted ConfigMap linkerd-identity-trust-roots',
  describes: (identity) => usesVolume(identity, TRUST_ROOTS),
  storedAs: ({ trustRoots }) => trustRoots !== undefined,
  anchors: [
    { kind: 'ConfigMap', name: TRUST_ROOTS, key: TRUST_ROOTS_KEY, optional: false },
    inConfig('values', ['identityTrustAnchorsPEM'], true), // empty with externalCA
    ...overrides.anchors,
  ],
  judgedByStart: true,
};
