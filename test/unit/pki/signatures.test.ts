import { expect, it } from 'vitest';
import { createCross } from '../../../src/pki/issue.js';
import { selfSignedOf } from '../../../src/pki/signatures.js';
import { authority } from '../support.js';

const [before, after] = [authority(), authority()];
const root = after.root.certificate;
const cross = createCross({ root, by: before.root.certificate, byKey: before.root.privateKey });

it.each([
  ['the one that it has signed itself', [cross, root], root],
  ['the other, where it is there alone', [cross], cross],
  ['none, where there is none', [], undefined],
])('of a root and the same under the root before it, %s', (_which, roots, found) =>
  expect(selfSignedOf(roots)).toBe(found),
);
