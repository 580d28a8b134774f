import { describe, it } from 'vitest';
import { OWN } from '../../../../src/rotation/owners.js';
import { type Case, DRIVEN, GUIDE, holds, TRUST_MANAGERS } from './support.js';

const finding = { reason: 'OwnerUnfit', severity: 'block' as const };
const handOff = { kind: 'handOff' as const };

describe('ownerUnfit', () => {
  it.each<Case>([
    {
      name: 'says all at once of an install that cert-manager has nothing to do with',
      observed: {
        saidOwners: { bundle: 'certManager', issuer: 'certManager' },
        owners: { bundle: { kind: 'certManager' }, issuer: { kind: 'certManager' } },
      },
      finds: [
        { ...finding, subject: 'input owners.issuer', says: ['no Certificate'], hint: 'deploy/rbac/cert-manager.yaml' },
        {
          ...finding,
          subject: 'input owners.bundle',
          says: ['nothing is known that makes the bundle'],
          hint: 'handOff',
        },
      ],
    },
    {
      name: 'refuses to drive the bundle where another issuer needs another root',
      observed: {
        ...DRIVEN,
        saidOwners: { bundle: 'certManager', issuer: 'reroot' },
        owners: { ...OWN, bundle: { kind: 'certManager' } },
      },
      finds: [
        { ...finding, subject: 'input owners.bundle', says: ['another root'], hint: 'owners.issuer: certManager' },
      ],
    },
    {
      name: 'refuses a hand-off of what follows from the root',
      observed: { ...DRIVEN, saidOwners: { bundle: 'handOff' }, owners: { ...DRIVEN.owners, bundle: handOff } },
      finds: [
        {
          reason: 'HandOff',
          severity: 'warn',
          subject: 'ConfigMap linkerd/linkerd-identity-trust-roots',
          says: ['bundle'],
          hint: 'reroot status',
        },
        { ...finding, subject: 'input owners.bundle', says: ['take the old one out'], hint: 'owners.issuer: handOff' },
      ],
    },
    {
      name: 'takes one of what somebody once wrote by hand',
      observed: {
        certManager: { ...GUIDE, bundle: { ...TRUST_MANAGERS, unsure: true } },
        saidOwners: { bundle: 'handOff' },
        owners: { ...DRIVEN.owners, bundle: handOff },
      },
      finds: [
        {
          reason: 'HandOff',
          severity: 'warn',
          subject: 'ConfigMap linkerd/linkerd-identity-trust-roots',
          says: ['whoever writes it'],
          hint: 'reroot status',
        },
      ],
    },
    {
      name: 'refuses a root that is given where a Certificate makes it',
      observed: { ...DRIVEN, givesCertificates: true },
      finds: [
        { ...finding, subject: 'input certificates', says: ['makes the root'], hint: 'the Certificate is renewed' },
      ],
    },
  ])('$name', holds);
});

describe('rootOutside', () => {
  const { root: _, ca: __, bundle: ___, ...outside } = GUIDE;
  const vault = { ...outside, signer: 'VaultIssuer mesh' };
  const observed = { certManager: vault, owners: { ...OWN, issuer: { kind: 'certManager' as const } } };
  it.each<Case>([
    {
      name: 'asks for the root that nobody here can make',
      observed,
      finds: [
        {
          reason: 'RootOutside',
          severity: 'block',
          subject: 'Certificate linkerd/linkerd-identity-issuer',
          says: ['signed by VaultIssuer mesh'],
          hint: '`certificates`',
        },
      ],
    },
    {
      name: 'warns of what will be asked for where a person has made the CA Secret',
      observed: {
        ...observed,
        certManager: { ...outside, signer: 'Issuer mesh', ca: 'linkerd/linkerd-trust-anchor' },
      },
      finds: [
        {
          reason: 'RootOutside',
          severity: 'warn',
          subject: 'Certificate linkerd/linkerd-identity-issuer',
          says: ['with Secret linkerd/linkerd-trust-anchor', 'asks in `issue`'],
          hint: '`reroot hand-off -o patch | sh`',
        },
      ],
    },
    { name: 'is content when it is given', observed: { ...observed, givesCertificates: true }, finds: [] },
  ])('$name', holds);
});
