import { describe, it } from 'vitest';
import { type Case, holds } from './support.js';

describe('oldKeyCopies', () => {
  it.each<Case>([
    { name: 'finds nothing where there are none', observed: { keyCopies: { applied: [] } }, finds: [] },
    {
      name: 'warns of each annotation that holds a key, and that the rotation takes it out',
      observed: { keyCopies: { applied: ['Secret linkerd/linkerd-config-overrides'] } },
      finds: [
        {
          reason: 'OldKeyCopies',
          severity: 'warn',
          subject: 'Secret linkerd/linkerd-config-overrides',
          says: ['kubectl.kubernetes.io/last-applied-configuration'],
          hint: 'the rotation takes the key out of it',
        },
      ],
    },
    {
      name: "warns of Helm's Secrets, which are for a person to delete",
      observed: { keyCopies: { applied: [], helm: 'Secrets ops/sh.helm.release.v1.mesh.v*' } },
      finds: [
        {
          reason: 'OldKeyCopies',
          severity: 'warn',
          subject: 'Secret linkerd/linkerd-identity-issuer',
          says: ['Secrets ops/sh.helm.release.v1.mesh.v*'],
          hint: 'reroot may not read or delete those',
        },
      ],
    },
  ])('$name', holds);
});

describe('rootKeyKept', () => {
  it.each<Case>([
    { name: 'finds nothing where somebody has said what is to become of it', observed: {}, finds: [] },
    {
      name: 'says where the key will be, and how to have it elsewhere',
      observed: { keepsRootKey: true },
      finds: [
        {
          reason: 'RootKeyKept',
          severity: 'warn',
          subject: 'cluster',
          says: ['Secret linkerd/reroot-trust-root (ca.key)'],
          hint: 'root.key: discard',
        },
      ],
    },
  ])('$name', holds);
});

describe('apiServerUnverified', () => {
  it.each<Case>([
    { name: 'finds nothing where its certificate is verified', observed: {}, finds: [] },
    {
      name: 'says why it is not, and that a worker would refuse',
      observed: { unverified: 'the kubeconfig says insecure-skip-tls-verify' },
      finds: [
        {
          reason: 'ApiServerUnverified',
          severity: 'warn',
          subject: 'cluster',
          says: ['insecure-skip-tls-verify', 'private keys go to whoever answers'],
          hint: 'REROOT_UNVERIFIED_API_SERVER=accept',
        },
      ],
    },
  ])('$name', holds);
});
