import { describe, expect, it } from 'vitest';
import { encoded } from '../../../src/records/own-object.js';
import { keyOfRoot, rootObject } from '../../../src/records/root-secret.js';
import { authority } from '../support.js';

const root = authority().root.certificate;
const other = authority().root.certificate;

describe('the Secret of the root in use', () => {
  it('holds the root, and its key only when it is kept', () => {
    expect(rootObject({ root, rootKeyPem: 'key' }).data).toEqual({ 'ca.crt': root.pem, 'ca.key': 'key' });
    expect(rootObject({ root }).data).toEqual({ 'ca.crt': root.pem });
  });
  it('gives the key of that root and of no other', () => {
    const data = encoded(rootObject({ root, rootKeyPem: 'key' }).data);
    expect(keyOfRoot(data, [other, root])).toBe('key');
    expect(keyOfRoot(data, [other])).toBeUndefined();
  });
  it('gives no key where none was kept, or nothing can be read', () => {
    expect(keyOfRoot(encoded(rootObject({ root }).data), [root])).toBeUndefined();
    expect(keyOfRoot({}, [root])).toBeUndefined();
    expect(keyOfRoot(encoded({ 'ca.crt': 'rubbish', 'ca.key': 'key' }), [root])).toBeUndefined();
  });
});
