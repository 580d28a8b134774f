import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { holdsAppliedKey, LAST_APPLIED, withoutAppliedKeys } from '../../../src/kubernetes/last-applied.js';
import { generateKey, toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';

const PATH = '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration';
const key = generateKey();
const secret = (more: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { annotations: {}, name: 'linkerd-identity-issuer', namespace: 'linkerd' },
  ...more,
});
const annotated = (text: string) => ({ annotations: { [LAST_APPLIED]: text } });
const applied = (manifest: object) => annotated(`${JSON.stringify(manifest)}\n`);

describe('what kubectl has applied', () => {
  it.each([
    ['SEC1 in data', { data: { 'crt.pem': encode('certificate'), 'key.pem': encode(toSec1Pem(key)) } }],
    ['PKCS#8 in stringData', { data: { 'crt.pem': encode('certificate') }, stringData: { k: toPkcs8Pem(key) } }],
    [
      'the YAML of linkerd-config-overrides',
      { data: { 'crt.pem': encode('certificate'), overrides: encode(`a: 1\nkeyPEM: |\n  ${toSec1Pem(key)}`) } },
    ],
  ])('stays without the values that hold a key: %s', (_what, more) => {
    const metadata = applied(secret(more));
    expect(holdsAppliedKey(metadata)).toBe(true);
    const [operation, ...others] = withoutAppliedKeys(metadata);
    expect(others).toEqual([]);
    const value = (operation as { value: string }).value;
    expect(operation).toMatchObject({ op: 'replace', path: PATH });
    expect(value.endsWith('}\n')).toBe(true);
    const kept = { ...more, data: { 'crt.pem': encode('certificate') } };
    expect(JSON.parse(value)).toEqual(secret('stringData' in more ? { ...kept, stringData: {} } : kept));
    expect(withoutAppliedKeys(annotated(value))).toEqual([]);
  });
  it.each([
    ['is no manifest', toSec1Pem(key)],
    ['is no JSON any more', `{"data":{"key.pem":"${encode(toSec1Pem(key))}"`],
    ['is a list', JSON.stringify([encode(toSec1Pem(key))])],
    ['has it elsewhere', JSON.stringify(secret({ metadata: { annotations: { note: toSec1Pem(key) } } }))],
  ])('goes as a whole where it %s', (_what, text) => {
    expect(withoutAppliedKeys(annotated(text))).toEqual([{ op: 'remove', path: PATH }]);
  });
  it.each([
    ['there is none', undefined],
    ['there are no annotations', {}],
    ['it has no key in it', applied(secret({ data: { 'crt.pem': encode('-----BEGIN CERTIFICATE-----') } }))],
  ])('is left alone where %s', (_what, metadata) => {
    expect(withoutAppliedKeys(metadata)).toEqual([]);
    expect(holdsAppliedKey(metadata)).toBe(false);
  });
});
