import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { machineText } from '../../../../src/cli/view/machine.js';

describe('what a program reads', () => {
  it('is not for people', () => expect(machineText({ a: 1 }, 'text')).toBeUndefined());
  it('means the same in YAML as in JSON, and has nothing hidden in it', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const both = { value, [text]: text };
        const yaml = machineText(both, 'yaml') ?? '';
        expect(parse(yaml)).toEqual(JSON.parse(machineText(both, 'json') ?? ''));
        expect(yaml).toMatch(/^[\n\u0020-\u007E]*$/);
      }),
    );
  });
  it('names what cannot be seen in YAML by its number', () => {
    expect(machineText({ a: 'x\u202Ey\u{1F600}' }, 'yaml')).toBe(String.raw`a: "x\u202ey\U0001f600"`);
  });
});
