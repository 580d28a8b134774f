import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { versionProblems } from '../../../src/linkerd/accepted-authority.js';
import { rulesOf } from '../../../src/linkerd/versions.js';
import { basicConstraints, encodeName, issue, keyUsage, spki } from '../../../src/pki/issue.js';
import { authority, DAY_MS } from '../support.js';

const linkerd = (version: string) => ({
  rules: rulesOf(version),
  version,
  namespace: 'linkerd',
  trustDomain: 'cluster.local',
});
const named = authority('linkerd.cluster.local');
const otherName = authority('another.domain').issuer.certificate;

function rsaRoot() {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const name = encodeName('rsa root');
  return issue({
    subjectDer: name,
    issuerDer: name,
    publicKeyDer: spki(key),
    signingKey: key,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + DAY_MS),
    extensions: [basicConstraints(1), keyUsage()],
  });
}

describe('Linkerd up to 2.9.0', () => {
  it('takes an issuer that is valid for its name', () => {
    expect(versionProblems(linkerd('stable-2.9.0'), named.root.certificate, named.issuer.certificate)).toEqual([]);
  });
  it('takes no issuer of another name, and says which it wants', () => {
    const [problem, ...others] = versionProblems(linkerd('stable-2.9.0'), named.root.certificate, otherName);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ reason: 'IssuerName', severity: 'error', hint: 'issue it with that DNS name' });
    expect(problem?.message).toContain('identity.linkerd.cluster.local');
  });
  it('has nothing to say of an issuer that is yet to be made', () => {
    expect(versionProblems(linkerd('stable-2.9.0'), named.root.certificate)).toEqual([]);
  });
});

describe('Linkerd before 2.12', () => {
  it('takes no RSA root', () => {
    const [problem, ...others] = versionProblems(linkerd('stable-2.11.5'), rsaRoot());
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ reason: 'RootAlgorithm', severity: 'error' });
    expect(problem?.message).toContain('stable-2.11.5');
  });
});

describe('Linkerd from 2.12 on', () => {
  it('takes an RSA root, and an issuer of any name', () => {
    expect(versionProblems(linkerd('stable-2.14.10'), rsaRoot(), otherName)).toEqual([]);
  });
});
