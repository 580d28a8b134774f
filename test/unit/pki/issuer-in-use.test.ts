import { describe, expect, it } from 'vitest';
import { type IssuerInUse, issuerInUseProblems } from '../../../src/pki/issuer-in-use.js';
import { basicConstraints, keyUsage } from '../../../src/pki/issue.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import { nameConstraints } from '../../hostile/asn1.js';
import { make } from '../../hostile/certificates.js';
import { authority } from '../support.js';

const { root, issuer } = authority();
const roots = [root.certificate];
const inUse: IssuerInUse = {
  ...{ chain: [issuer.certificate], keyPem: toSec1Pem(issuer.privateKey) },
  ...{ roots, anchors: roots },
};
const reasons = (change: Partial<IssuerInUse>) =>
  issuerInUseProblems({ ...inUse, ...change }, new Date()).map(({ severity, reason }) => [severity, reason]);

describe('the issuer in use', () => {
  it('has no problem under an anchor, with its own key', () => expect(reasons({})).toEqual([]));

  it('has to be under an anchor', () => {
    expect(reasons({ roots: [] })).toEqual([['error', 'IssuerUnderNoAnchor']]);
  });

  it('may be under an anchor whose key it has: it is no new root', () => {
    expect(reasons({ chain: [root.certificate], keyPem: toSec1Pem(root.privateKey) })).toEqual([]);
  });

  it('may have name constraints: the mesh works with them', () => {
    const extensions = [basicConstraints(0), keyUsage(), nameConstraints({ permitted: ['cluster.local'] })];
    const { subjectDer } = root.certificate;
    const constrained = make({ subject: 'i', issuer: subjectDer, signer: root.privateKey, extensions });
    const { certificate, privateKey } = constrained;
    const found = reasons({ chain: [certificate], keyPem: toSec1Pem(privateKey) });
    expect(found.map(([, reason]) => reason)).not.toContain('NameConstraints');
  });

  it('obeys the rules of every authority', () => {
    expect(reasons({ keyPem: toSec1Pem(root.privateKey) })).toEqual([['error', 'IssuerKeyMismatch']]);
  });

  it('is not asked for a key that would not be looked at', () => {
    expect(reasons({ roots: [], keyPem: 'no key' })).toEqual([['error', 'IssuerUnderNoAnchor']]);
    expect(() => reasons({ keyPem: 'no key' })).toThrow('the private key cannot be read');
  });
});
