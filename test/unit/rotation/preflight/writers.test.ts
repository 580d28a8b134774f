import { describe, it } from 'vitest';
import type { WriterFacts } from '../../../../src/rotation/preflight/observation.js';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import { type Case, DRIVEN, type ExpectedFinding, GUIDE, holds, TRUST_MANAGERS, writer } from './support.js';

describe('anotherWriter', () => {
  const certain: WriterFacts = {
    object: 'Secret linkerd/x',
    of: 'issuer',
    manager: 'cert-manager',
    reverts: true,
    will: ['it renews at noon'],
    certain: true,
    cure: 'stop it',
  };
  const marked: WriterFacts = { ...certain, will: [], certain: false };
  const finding: ExpectedFinding = {
    reason: 'AnotherWriter',
    severity: 'block',
    subject: 'Secret linkerd/x',
    says: ['cert-manager writes it too'],
    hint: 'stop it',
  };
  const waived = (subject: string) => [{ subject, reason: 'it is stopped' }];
  it.each<Case>([
    { name: 'finds nothing when nobody else writes', observed: { writers: [] }, finds: [] },
    {
      name: 'blocks on one whose own resources say that it writes, and says what it will do',
      observed: { writers: [certain] },
      finds: [{ ...finding, says: ['cert-manager writes it too', 'it renews at noon'] }],
    },
    {
      name: 'blocks on the mark of one, and says how to say that it is stopped',
      observed: { writers: [marked] },
      finds: [{ ...finding, hint: 'stop it; when that is done, say so: `waive` linkerd/Secret/x' }],
    },
    {
      name: 'warns of a mark when a person has said that its writer is stopped',
      observed: { writers: [marked], waivers: waived('linkerd/Secret/x') },
      finds: [{ ...finding, severity: 'warn' }],
    },
    {
      name: 'does not take a waiver of the namespace for that',
      observed: { writers: [marked], waivers: waived('linkerd') },
      finds: [
        {
          reason: 'ControlPlaneWaived',
          severity: 'block',
          subject: 'input waive',
          says: ['linkerd'],
          hint: 'repair it',
        },
        finding,
      ],
    },
    {
      name: 'takes no waiver for one that certainly writes',
      observed: { writers: [certain], waivers: waived('linkerd/Secret/x') },
      finds: [finding],
    },
  ])('$name', holds);
});

describe('what cert-manager writes, where it is driven', () => {
  const certManager = writer({ of: 'issuer', manager: 'cert-manager', certain: true });
  const trustManager = writer({ manager: 'trust-manager', certain: true });
  const buoyant = writer({ manager: "Buoyant's operator", drives: true });
  it.each<Case>([
    { name: 'is no obstacle', observed: { ...DRIVEN, writers: [certManager, trustManager] }, finds: [] },
    {
      name: 'must not be put back by others',
      observed: { ...DRIVEN, writers: [writer({ of: 'issuer', manager: 'Argo CD' })] },
      finds: [
        {
          reason: 'AnotherWriter',
          severity: 'block',
          subject: 'Secret linkerd/linkerd-identity-issuer',
          says: ['Argo CD'],
          hint: 'waive',
        },
      ],
    },
    {
      name: 'must not set off the rotation of an operator',
      observed: { ...DRIVEN, owners: { ...DRIVEN.owners, bundle: { kind: 'reroot' } }, writers: [buoyant] },
      finds: [
        {
          reason: 'AnotherWriter',
          severity: 'block',
          subject: 'ConfigMap linkerd/linkerd-identity-trust-roots',
          says: ["Buoyant's operator"],
          hint: 'waive',
        },
      ],
    },
    {
      name: 'may be copied by somebody who is not known',
      observed: {
        owners: DRIVEN.owners,
        certManager: { ...GUIDE, bundle: { ...TRUST_MANAGERS, by: 'acme-sync' } },
        writers: [writer({ manager: 'acme-sync', reverts: false })],
      },
      finds: [],
    },
  ])('$name', holds);
});

describe('handOff', () => {
  const handedOff = { bundle: { kind: 'handOff', who: 'Argo CD' }, issuer: { kind: 'reroot' } } as const;
  const finding: ExpectedFinding = {
    reason: 'HandOff',
    severity: 'warn',
    subject: 'ConfigMap linkerd/linkerd-identity-trust-roots',
    says: ['the bundle is handed off to Argo CD', 'waits until it is'],
    hint: 'reroot status',
  };
  it.each<Case>([
    {
      name: 'says who has to write, and how reroot could',
      observed: { owners: handedOff, writers: [writer({ manager: 'Argo CD' })] },
      finds: [
        {
          ...finding,
          hint: 'stop it; when that is done, say so: `waive` linkerd/ConfigMap/linkerd-identity-trust-roots',
        },
      ],
    },
    {
      name: 'says nothing of that where it certainly writes',
      observed: { owners: handedOff, writers: [writer({ manager: 'Argo CD', certain: true })] },
      finds: [finding],
    },
    {
      name: 'does not warn of tools beside',
      observed: { owners: handedOff, writers: [writer({ manager: 'Helm', reverts: false })] },
      finds: [finding],
    },
    {
      name: 'leaves the bundle out where the issuer alone is replaced',
      observed: { owners: handedOff, course: COURSES.issuer.course },
      finds: [],
    },
  ])('$name', holds);
});

describe('foreignFieldManager', () => {
  const owner: WriterFacts = {
    object: 'ConfigMap linkerd/x',
    of: 'bundle',
    manager: 'acme-sync',
    reverts: false,
    will: ['it owns ca-bundle.crt (managedFields): if it is a controller it will put the old content back'],
    certain: false,
    cure: 'find out what it is',
  };
  it.each<Case>([
    {
      name: 'warns of one that nobody knows, by name, with what it owns and would do',
      observed: { writers: [owner] },
      finds: [
        {
          reason: 'ForeignFieldManager',
          severity: 'warn',
          subject: 'ConfigMap linkerd/x',
          says: ['acme-sync writes it too', 'it owns ca-bundle.crt', 'put the old content back'],
          hint: 'find out what it is',
        },
      ],
    },
  ])('$name', holds);
});

describe('helmWouldRevert', () => {
  it.each<Case>([
    {
      name: 'finds nothing where reroot writes nothing',
      observed: { ...DRIVEN, helmValues: ['identityTrustAnchorsPEM'] },
      finds: [],
    },
    { name: 'finds nothing when Helm does not own the installation', observed: { helmValues: [] }, finds: [] },
    {
      name: 'warns of the next helm upgrade, and names the values to set',
      observed: { helmValues: ['identityTrustAnchorsPEM'] },
      finds: [
        {
          reason: 'HelmValues',
          severity: 'warn',
          subject: 'linkerd',
          says: ['helm upgrade', 'identityTrustAnchorsPEM', 'old certificates back'],
          hint: 'reroot values',
        },
      ],
    },
  ])('$name', holds);
});
