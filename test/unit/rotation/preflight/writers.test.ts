import { describe, it } from 'vitest';
import type { WriterFacts } from '../../../../src/rotation/preflight/observation.js';
import { type Case, type ExpectedFinding, holds } from './support.js';

describe('anotherWriter', () => {
  const writer: WriterFacts = {
    object: 'Secret linkerd/x',
    of: 'issuer',
    manager: 'cert-manager',
    reverts: true,
    will: ['it renews at noon'],
    certain: true,
    cure: 'stop it',
  };
  const marked: WriterFacts = { ...writer, will: [], certain: false };
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
      observed: { writers: [writer] },
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
      observed: { writers: [writer], waivers: waived('linkerd/Secret/x') },
      finds: [finding],
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
