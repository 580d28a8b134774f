import { describe, expect, it } from 'vitest';
import { type NewRotation, parseRotationSecret, rotationSecretOf } from '../../../src/records/rotation-secret.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { authority, crossCertified } from '../support.js';

const old = authority();
const next = authority();
const made: NewRotation = {
  id: '0123456789ab',
  rootPem: next.root.certificate.pem,
  rootKeyPem: toPkcs8Pem(next.root.privateKey),
  issuerPem: next.issuer.certificate.pem,
  issuerKeyPem: toSec1Pem(next.issuer.privateKey),
  retire: [old.root.certificate],
  previousIssuerPem: old.issuer.certificate.pem,
  previousIssuerKeyPem: toSec1Pem(old.issuer.privateKey),
  bridgePem: crossCertified(old.issuer.certificate, next.root).pem,
};

describe("the rotation's Secret", () => {
  it('holds what the rotation needs, and is read back as it was written', () => {
    const secret = rotationSecretOf(made);
    const read = parseRotationSecret(secret);
    expect(read).toMatchObject({
      id: made.id,
      retire: [old.root.certificate.fingerprint],
      issuerPem: made.issuerPem,
      issuerKeyPem: made.issuerKeyPem,
      rootKeyPem: made.rootKeyPem,
      previous: { issuerPem: made.previousIssuerPem, issuerKeyPem: made.previousIssuerKeyPem },
    });
    expect(read.root).toBe(next.root.certificate);
    expect(read.issuer).toBe(next.issuer.certificate);
    expect(read.previous.roots).toEqual([old.root.certificate]);
    expect(read.previous.issuer).toBe(old.issuer.certificate);
    expect(read.bridge?.pem).toBe(made.bridgePem);
    expect(secret.metadata?.labels).toEqual({ 'app.kubernetes.io/managed-by': 'reroot' });
  });
  it('has neither root key nor bridge where there is none, and retires nothing for an issuer alone', () => {
    const { rootKeyPem: _key, bridgePem: _bridge, ...rest } = made;
    const read = parseRotationSecret(rotationSecretOf({ ...rest, retire: [] }));
    expect(read).not.toHaveProperty('rootKeyPem');
    expect(read).not.toHaveProperty('bridge');
    expect(read.retire).toEqual([]);
  });
  it.each(['ca.crt', 'tls.crt', 'previous.tls.crt'])('is refused when %s is gone', (key) => {
    const secret = rotationSecretOf(made);
    const data = { ...secret.data, [key]: '' };
    expect(() => parseRotationSecret({ ...secret, data })).toThrow('was not written by reroot or has been damaged');
  });
  it('is refused without its annotation', () => {
    expect(() => parseRotationSecret({ ...rotationSecretOf(made), metadata: {} })).toThrow('reroot-rotation');
  });
});
