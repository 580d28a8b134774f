import { expect, it } from 'vitest';
import { present } from '../../../src/ground/present.js';

it('leaves out what is undefined, and nothing else', () => {
  expect(Object.keys(present({ a: undefined, b: 0, c: '', d: null, e: false }))).toEqual(['b', 'c', 'd', 'e']);
});
