import { expect, expectTypeOf, it } from 'vitest';
import * as entry from '../../src/index.js';
import * as workflows from '../../workflows/index.js';

it('exports every workflow under the name that a worker knows it by', () => {
  for (const name of Object.keys(workflows)) expect(entry).toHaveProperty([name, 'name'], name);
});

it('gives them the input and the result of the workflows themselves', () => {
  expectTypeOf(entry.rotateTrustRoot).toEqualTypeOf(workflows.rotateTrustRoot);
  expectTypeOf(entry.rotateIssuer).toEqualTypeOf(workflows.rotateIssuer);
});
