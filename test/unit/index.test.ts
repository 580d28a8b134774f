import { expect, expectTypeOf, it } from 'vitest';
import * as entry from '../../src/index.js';
import * as workflows from '../../workflows/index.js';

it('exports every workflow under the name that a worker knows it by', () => {
  for (const name of Object.keys(workflows)) expect(entry).toHaveProperty([name, 'name'], name);
});

it('gives them the input and the result of the workflows themselves', () => {
  // what a run hands on to the next one is not for clients
  expectTypeOf(entry.rotateTrustRoot).parameter(0).toEqualTypeOf<Parameters<typeof workflows.rotateTrustRoot>[0]>();
  expectTypeOf(entry.rotateTrustRoot).returns.toEqualTypeOf<ReturnType<typeof workflows.rotateTrustRoot>>();
  expectTypeOf(entry.rotateIssuer).parameter(0).toEqualTypeOf<Parameters<typeof workflows.rotateIssuer>[0]>();
  expectTypeOf(entry.rotateIssuer).returns.toEqualTypeOf<ReturnType<typeof workflows.rotateIssuer>>();
});
