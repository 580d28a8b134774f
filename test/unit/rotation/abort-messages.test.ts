import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProxyObservation } from '../../../src/ground/mesh.js';
import { targetOf } from '../../../src/records/target.js';
import type { RotationSecret } from '../../../src/records/rotation-secret.js';
import { rowOf } from '../../../src/rotation/courses/course.js';
import { courseOf } from '../../../src/rotation/courses/index.js';
import { GATES } from '../../../src/rotation/gates.js';
import { injectedWrongly } from '../../../src/rotation/injection.js';
import { bundleReverted } from '../../../src/rotation/reverted.js';
import { authority } from '../support.js';

const ofStart = authority('start');
const made = authority('made');
const secret = {
  id: 'abc',
  root: made.root.certificate,
  retire: [ofStart.root.certificate.fingerprint],
  issuer: made.issuer.certificate,
  previous: { roots: [ofStart.root.certificate], issuer: ofStart.issuer.certificate },
} as RotationSecret;
const [NEW, START] = [made.root.certificate.fingerprint, ofStart.root.certificate.fingerprint];
const newRoot = `the new root ${NEW.slice(0, 12)} (root.made)`;
const rootOfStart = `the root of the start ${START.slice(0, 12)} (root.start)`;

/** A proxy that is all on one side: it trusts that root, and presents a leaf that only it verifies. */
function under(root: string, issuer: string): ProxyObservation {
  return {
    namespace: 'shop',
    pod: 'web-1',
    uid: 'u',
    workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
    ready: true,
    terminating: false,
    anchors: [root],
    leaf: { chain: ['leaf', issuer], verifiesWith: [root], notBefore: '', notAfter: '' },
  };
}

const SIDES = {
  // who falls short: what it is under, and how the roots are to be called in what is said of it
  forward: { proxy: under(START, ofStart.issuer.certificate.fingerprint), target: newRoot, retired: rootOfStart },
  back: { proxy: under(NEW, made.issuer.certificate.fingerprint), target: rootOfStart, retired: newRoot },
} as const;

describe.each(Object.entries(SIDES))('what is said on the way %s', (way, { proxy, target: targetName, retired }) => {
  const target = targetOf(secret, way as 'forward' | 'back');
  const said = (gate: keyof typeof GATES, of: ProxyObservation = proxy) => GATES[gate].requirement(of, target)?.message;

  it('names the root that a proxy does not trust, or should trust no longer', () => {
    expect(said('trustsTarget')).toBe(`its process was started without ${targetName}`);
    const identity = { ...proxy, identityAnchors: proxy.anchors ?? [] };
    expect(said('identityTrustsTarget', identity)).toBe(`its identity process was started without ${targetName}`);
    expect(said('trustsTarget', { ...proxy, component: 'identity' })).toContain(`before the bundle had ${targetName}`);
    expect(said('forgotRetired')).toBe(`its process still trusts ${retired}`);
  });
  it('names the root that a presented certificate does not verify with', () => {
    expect(said('presentsTarget')).toBe(`it presents a certificate that does not verify with ${targetName} alone`);
    expect(said('presentsBothChains')).toBe(`the chain it presents does not verify with ${targetName}`);
  });
  it('names the issuer that is to be left', () => {
    const issuer = way === 'back' ? 'the new issuer' : 'the issuer of the start';
    expect(said('leftRetiredIssuer')).toBe(`it presents a certificate that ${issuer} signed`);
  });
  it('names the root that somebody has put back, or taken out, and what new pods would get', () => {
    const row = { retired: true } as const;
    const [wanted, unwanted] = [target.root.fingerprint, target.retired[0]?.fingerprint ?? ''];
    expect(bundleReverted([unwanted], target, row)).toBe(`${targetName} is gone from it`);
    expect(bundleReverted([wanted, unwanted], target, row)).toBe(`${retired} is in it again`);
    expect(bundleReverted([wanted, unwanted], target, {})).toBeUndefined();
    expect(injectedWrongly([unwanted], target, row)).toBe(`new pods would still be injected without ${targetName}`);
    expect(injectedWrongly([wanted, unwanted], target, row)).toBe(`new pods would still be injected with ${retired}`);
    expect(injectedWrongly([wanted], target, row)).toBeUndefined();
  });
});

describe('the way back', () => {
  const course = courseOf({ strategy: 'bridge', leafRenewal: 'wait', direction: 'back' });
  it('says of each row which root it means', () => {
    expect(rowOf(course, 'issue').what).toBe('the issuer of the start goes back into its Secret');
    expect(rowOf(course, 'renew').what).toBe('every proxy gets a leaf under the root of the start');
    expect(rowOf(course, 'retire').what).toBe('the new root leaves the bundle');
  });

  const ROOT = path.resolve(import.meta.dirname, '../../..');
  /** Whatever runs in both directions: its words must not depend on one. */
  const BOTH_WAYS = [
    ...readdirSync(path.join(ROOT, 'workflows'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `workflows/${file}`),
    ...['gates', 'injection', 'reverted', 'rollout', 'renewal', 'status'].map((name) => `src/rotation/${name}.ts`),
    ...['add-target', 'drop-retired', 'await-injection', 'await-issuer', 'await-proxies', 'check-gate', 'reinject'].map(
      (name) => `activities/${name}.ts`,
    ),
    ...['assess', 'issuer-secret', 'bundle'].map((name) => `activities/kit/${name}.ts`),
  ];
  it.each(BOTH_WAYS)('%s speaks of no "old" or "new" root by itself', (file) => {
    const code = readFileSync(path.join(ROOT, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(code.match(/['"`][^'"`\n]*\b(old|new) (root|anchor|issuer)\b[^'"`\n]*['"`]/gi) ?? []).toEqual([]);
  });
});
