import { describe, expect, it } from 'vitest';
import { toSec1Pem } from '../../../src/pki/key.js';
import { encoded } from '../../../src/records/own-object.js';
import { parseSupplied } from '../../../src/records/supplied.js';
import { authority } from '../support.js';

const {
  root: { certificate: root, privateKey },
  issuer,
} = authority();
const { pem } = root;
const tls = { 'tls.crt': issuer.certificate.pem, 'tls.key': 'k' };

describe("certificates of the user's own", () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['a root with an issuer', { 'ca.crt': pem, ...tls }, ['root', 'issuerPem', 'issuerKeyPem']],
    ['a root with its key', { 'ca.crt': pem, 'ca.key': 'k' }, ['root', 'rootKeyPem']],
  ])('are %s', (_what, texts, fields) => {
    const supplied = parseSupplied(encoded(texts));
    expect(Object.keys(supplied)).toEqual(fields);
    expect(supplied).toMatchObject({ root });
  });
  it.each<[string, Record<string, string>, string[]]>([
    ['nothing', {}, ['ca.crt holds no certificate', 'either tls.crt with tls.key, or ca.key, is needed']],
    [
      'several roots',
      { 'ca.crt': pem + authority().root.certificate.pem, 'ca.key': 'k' },
      [
        'ca.crt holds 2 certificates, it must be the one new root (CAs between root and issuer belong behind the issuer, in tls.crt)',
      ],
    ],
    [
      'an issuer without its key',
      { 'ca.crt': pem, 'ca.key': 'k', 'tls.crt': issuer.certificate.pem },
      ['tls.crt and tls.key belong together'],
    ],
    [
      'a root that is encoded twice',
      { 'ca.crt': Buffer.from(pem).toString('base64'), ...tls },
      ['ca.crt is encoded in base64 twice (`data` is encoded once; PEM goes into `stringData`)'],
    ],
    [
      'a root in DER',
      { 'ca.crt': root.der.toString(), ...tls },
      ['ca.crt holds no PEM; a binary certificate becomes one by `openssl x509 -inform DER`'],
    ],
    [
      'a key in place of the issuer',
      { 'ca.crt': pem, ...tls, 'tls.crt': toSec1Pem(privateKey) },
      ['tls.crt holds a private key in place of a certificate'],
    ],
    ['an issuer that is none', { 'ca.crt': pem, ...tls, 'tls.crt': 'c' }, ['tls.crt holds no certificate']],
    ['a root alone', { 'ca.crt': pem }, ['either tls.crt with tls.key, or ca.key, is needed']],
  ])('are not %s', (_what, texts, problems) => {
    expect(parseSupplied(encoded(texts))).toEqual(problems);
  });
});
