import { describe, expect, it } from 'vitest';
import { isOwn, OWN, ownersText } from '../../../../src/rotation/owners.js';
import type { CertManagerFacts } from '../../../../src/rotation/preflight/observation.js';
import { type OwnerFacts, ownersOf } from '../../../../src/rotation/preflight/owners.js';
import { GUIDE, renewed, TRUST_MANAGERS, writer } from './support.js';

const find = (facts: Partial<OwnerFacts>) => ownersOf({ said: {}, writers: [], waivers: [], ...facts });
const without = (...fields: (keyof CertManagerFacts)[]): CertManagerFacts =>
  Object.fromEntries(Object.entries(GUIDE).filter(([field]) => !fields.includes(field as keyof CertManagerFacts)));
const synced = (by: string, more: object = {}): CertManagerFacts => ({
  ...GUIDE,
  bundle: { ...TRUST_MANAGERS, by, ...more },
});
const stopped = [{ subject: 'linkerd/ConfigMap/linkerd-identity-trust-roots', reason: 'it is suspended' }];
const argo = writer({ manager: 'Argo CD' });
const trustManager = writer({ manager: 'trust-manager', certain: true });
const certManager = writer({ of: 'issuer', manager: 'cert-manager', certain: true });

interface Case {
  name: string;
  found: Partial<OwnerFacts>;
  bundle: string;
  issuer: string;
}

describe('ownersOf', () => {
  const ISSUER =
    'cert-manager (Certificate linkerd/linkerd-identity-issuer, signed by ClusterIssuer linkerd-identity-issuer)';
  const SECRETS = 'Secrets cert-manager/linkerd-trust-anchor and cert-manager/linkerd-previous-anchor';
  it.each<Case>([
    { name: 'is reroot where nobody else writes', found: {}, bundle: 'reroot', issuer: 'reroot' },
    {
      name: "is cert-manager with trust-manager on the install of Linkerd's guide",
      found: { certManager: GUIDE, writers: [trustManager, certManager] },
      bundle: `cert-manager and trust-manager (Bundle linkerd-identity-trust-roots, from ${SECRETS})`,
      issuer: ISSUER,
    },
    {
      name: 'is cert-manager where somebody nobody knows copies the two Secrets',
      found: {
        certManager: synced('acme-sync'),
        writers: [writer({ manager: 'acme-sync', reverts: false }), certManager],
      },
      bundle: `cert-manager (copied by acme-sync, from ${SECRETS})`,
      issuer: ISSUER,
    },
    {
      name: 'is cert-manager where a known controller copies them',
      found: {
        certManager: synced('ES.Kubernetes.Reflector'),
        writers: [writer({ manager: 'Reflector', copies: true }), certManager],
      },
      bundle: `cert-manager (copied by ES.Kubernetes.Reflector, from ${SECRETS})`,
      issuer: ISSUER,
    },
    {
      name: 'leaves the bundle to reroot where a person has written it, though both Secrets are there',
      found: { certManager: synced('kubectl', { unsure: true }), writers: [certManager] },
      bundle: 'reroot',
      issuer: ISSUER,
    },
    {
      name: 'believes the input that they are copied',
      found: { certManager: synced('kubectl', { unsure: true }), said: { bundle: 'certManager' } },
      bundle: `cert-manager (copied by kubectl, from ${SECRETS})`,
      issuer: ISSUER,
    },
    {
      name: 'hands the bundle off where cert-manager has the issuer and Argo CD the bundle',
      found: { certManager: without('bundle'), writers: [argo, certManager] },
      bundle: 'hand-off to Argo CD',
      issuer: ISSUER,
    },
    {
      name: 'hands the bundle off to trust-manager where its sources are not the root',
      found: {
        certManager: { ...GUIDE, bundle: { ...TRUST_MANAGERS, sources: ['pki/roots'] } },
        writers: [trustManager],
      },
      bundle: 'hand-off to trust-manager',
      issuer: ISSUER,
    },
    {
      name: 'hands the bundle off where trust-manager makes it and the issuer is made by hand',
      found: { certManager: without('issuer', 'signer'), writers: [trustManager] },
      bundle: 'hand-off to trust-manager',
      issuer: 'reroot',
    },
    {
      name: 'hands off what controllers put back, to each of them by name',
      found: {
        writers: [argo, writer({ manager: 'Reflector' }), writer({ of: 'issuer', manager: 'External Secrets' })],
      },
      bundle: 'hand-off to Argo CD and Reflector',
      issuer: 'hand-off to External Secrets',
    },
    {
      name: 'is reroot where somebody has said that the controller is stopped',
      found: { writers: [argo], waivers: stopped },
      bundle: 'reroot',
      issuer: 'reroot',
    },
    {
      name: 'does not take that of what certainly writes',
      found: { writers: [{ ...argo, certain: true }], waivers: stopped },
      bundle: 'hand-off to Argo CD',
      issuer: 'reroot',
    },
    {
      name: 'is reroot where a tool writes that somebody starts',
      found: { writers: [writer({ manager: 'Helm', reverts: false })] },
      bundle: 'reroot',
      issuer: 'reroot',
    },
    {
      name: 'is a hand-off to the tool where the input says so',
      found: { said: { bundle: 'handOff', issuer: 'handOff' }, writers: [writer({ manager: 'Helm', reverts: false })] },
      bundle: 'hand-off to Helm',
      issuer: 'hand-off to whoever writes it',
    },
    {
      name: 'is reroot where the input says so',
      found: { said: { bundle: 'reroot' }, writers: [argo] },
      bundle: 'reroot',
      issuer: 'reroot',
    },
    {
      name: 'goes by the mark of cert-manager where Certificates may not be read',
      found: { writers: [{ ...certManager, certain: false }] },
      bundle: 'reroot',
      issuer: 'cert-manager',
    },
    {
      name: 'hands the bundle off where the input hands off the issuer, whose root it is made of',
      found: { certManager: GUIDE, said: { issuer: 'handOff' }, writers: [trustManager, certManager] },
      bundle: 'hand-off to trust-manager',
      issuer: 'hand-off to cert-manager',
    },
    {
      name: 'is cert-manager of the issuer alone where its root comes from elsewhere',
      found: { certManager: { issuer: renewed('linkerd/linkerd-identity-issuer'), signer: 'VaultIssuer mesh' } },
      bundle: 'reroot',
      issuer: 'cert-manager (Certificate linkerd/linkerd-identity-issuer, signed by VaultIssuer mesh)',
    },
  ])('$name', ({ found, bundle, issuer }) => {
    expect(ownersText(find(found))).toEqual([`bundle: ${bundle}`, `issuer: ${issuer}`]);
  });
  it('tells what is all reroot', () => {
    expect(isOwn(OWN)).toBe(true);
    expect(isOwn({ ...OWN, issuer: { kind: 'handOff' } })).toBe(false);
  });
});
