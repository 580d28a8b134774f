import { describe, expect, it } from 'vitest';
import { encoded } from '../../../src/records/own-object.js';
import { parseSupplied } from '../../../src/records/supplied.js';
import { authority } from '../support.js';

const root = authority().root.certificate;
const { pem } = root;

describe("certificates of the user's own", () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['a root with an issuer', { 'ca.crt': pem, 'tls.crt': 'c', 'tls.key': 'k' }, ['root', 'issuerPem', 'issuerKeyPem']],
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
      ['ca.crt holds 2 certificates, it must be the one new root'],
    ],
    [
      'an issuer without its key',
      { 'ca.crt': pem, 'ca.key': 'k', 'tls.crt': 'c' },
      ['tls.crt and tls.key belong together'],
    ],
    ['a root alone', { 'ca.crt': pem }, ['either tls.crt with tls.key, or ca.key, is needed']],
  ])('are not %s', (_what, texts, problems) => {
    expect(parseSupplied(encoded(texts))).toEqual(problems);
  });
});
