import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { generateKey, toSec1Pem } from '../../../../src/pki/key.js';
import { findKey, textOfError } from '../../../key-search.js';
import type { ClusterOptions } from '../../../../src/cli/options/common.js';
import { type InputOptions, issuerInput, rotationInput, watchInput } from '../../../../src/cli/options/input.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const given: ClusterOptions = { cluster: 'default', output: 'text' };

function file(text: string): string {
  const name = path.join(folder, 'input.yaml');
  writeFileSync(name, text);
  return name;
}

describe('the input of a rotation', () => {
  it('has only what was given', () => {
    expect(rotationInput(given)).toEqual({ cluster: 'default', rollout: {}, root: {}, issuer: {} });
  });
  it('is made of flags', () => {
    const flags = { strategy: 'bridge', pace: 'organic', rootValidity: '10y', certificates: 'mine' } as const;
    expect(rotationInput({ ...given, ...flags })).toEqual({
      cluster: 'default',
      strategy: 'bridge',
      rollout: { pace: 'organic' },
      root: { validity: '10y' },
      issuer: {},
      certificates: { secret: 'mine' },
    });
  });
  it('is a file, field by field overridden by flags', () => {
    const input = file('cluster: prod\nstrategy: patient\nroot: { validity: 5y, key: keep }\n');
    expect(rotationInput({ ...given, input, strategy: 'standard', rootValidity: '10y' })).toMatchObject({
      cluster: 'prod',
      strategy: 'standard',
      root: { validity: '10y', key: 'keep' },
    });
    expect(rotationInput({ ...given, input, cluster: 'staging' }).cluster).toBe('staging');
  });
  it('says who owns what, flag by flag over the file', () => {
    const input = file('owners: { bundle: reroot, issuer: certManager }\n');
    expect(rotationInput({ ...given, input, bundleOwner: 'handOff' }).owners).toEqual({
      bundle: 'handOff',
      issuer: 'certManager',
    });
    expect(issuerInput({ ...given, issuerOwner: 'handOff' }).owners).toEqual({ issuer: 'handOff' });
  });
  it('says how gently, and leaves what is no number as it is', () => {
    const rollout = (flags: InputOptions) => rotationInput({ ...given, ...flags }).rollout;
    expect(rollout({ pods: '40', canary: 'shop, pay/Deployment/api', maxStragglers: '5' })).toEqual({
      ...{ pods: 40, canary: ['shop', 'pay/Deployment/api'], maxStragglers: 5 },
    });
    expect(rollout({ pods: 'many', canary: 'none', maxStragglers: '5%' })).toEqual({
      ...{ pods: 'many', canary: 'none', maxStragglers: '5%' },
    });
  });
  it('of an issuer alone has no root', () => {
    expect(issuerInput({ ...given, issuerValidity: '90d' })).not.toHaveProperty('root');
  });
  it('may be an empty file, and nothing but one object', () => {
    expect(rotationInput({ ...given, input: file('') })).toMatchObject({ cluster: 'default' });
    expect(() => rotationInput({ ...given, input: file('- a\n') })).toThrow('it must hold one object');
    expect(() => rotationInput({ ...given, input: path.join(folder, 'none') })).toThrow('cannot read the input');
  });
});

describe('a file that is no input', () => {
  it('is not quoted: it may be a key that somebody has named by mistake', () => {
    const key = toSec1Pem(generateKey());
    for (const text of [`a: |${key}`, `{ "k": "${key}`, `\t${key}: [`, key]) {
      let error: unknown;
      try {
        rotationInput({ ...given, input: file(text) });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(Error);
      expect(findKey(textOfError(error), key)).toBeUndefined();
    }
  });
});

describe('the input of a watch', () => {
  it('is that of its file; flags of a rotation are for the one that it starts', () => {
    const input = file('cluster: prod\nevery: 1h\nrotation: { strategy: patient, root: { key: keep } }\n');
    const own = { every: '5m', onRenewal: 'ask', before: '20d', issuerBefore: '10d' } as const;
    const flags = { ...own, strategy: 'standard', linkerdNamespace: 'mesh' } as const;
    expect(watchInput({ ...given, input, ...flags })).toEqual({
      cluster: 'prod',
      linkerdNamespace: 'mesh',
      every: '5m',
      onRenewal: 'ask',
      before: '20d',
      issuerBefore: '10d',
      rotation: { strategy: 'standard', rollout: {}, root: { key: 'keep' }, issuer: {} },
    });
  });
});
