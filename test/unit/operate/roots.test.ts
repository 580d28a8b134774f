import { describe, expect, it } from 'vitest';
import { certificatesSeen } from '../../../src/operate/certificates-seen.js';
import { lookRoots } from '../../../src/operate/look-roots.js';
import { certificateFacts } from '../../../src/rotation/certificate-facts.js';
import { authority, crossCertified } from '../support.js';

const [old, made, foreign] = [authority('old'), authority('new'), authority('foreign')];
const [oldRoot, newRoot, foreignRoot] = [old, made, foreign].map(({ root }) => root.certificate) as [
  typeof old.root.certificate,
  typeof old.root.certificate,
  typeof old.root.certificate,
];
const issuer = old.issuer.certificate;
const bridge = crossCertified(issuer, made.root);
const ROOTS = { root: certificateFacts(newRoot), retire: [certificateFacts(oldRoot)] };

describe('the roots that proxies are told apart by', () => {
  const known = new Map([oldRoot, newRoot].map((root) => [root.fingerprint, root]));
  const inUse = { old: [oldRoot.fingerprint] };
  const ofRotation = { old: [oldRoot.fingerprint], new: newRoot.fingerprint };

  it.each([
    ['no rotation: those that the issuer is under', undefined, inUse, inUse],
    ['one that has no roots yet: the same', { roots: undefined, isOver: false }, inUse, inUse],
    ['one that has: its own', { roots: ROOTS, isOver: false }, ofRotation, ofRotation],
    ['one that has ended: its timeline has its own', { roots: ROOTS, isOver: true }, inUse, ofRotation],
    [
      'one of the issuer alone: the root that stays',
      { roots: { root: certificateFacts(oldRoot), retire: [] }, isOver: false },
      inUse,
      inUse,
    ],
  ])('%s', (_, rotation, census, timeline) => {
    expect(lookRoots(rotation, [oldRoot], known)).toMatchObject({ census, timeline, missing: [] });
  });
  it('says which it has no certificate of', () => {
    const roots = lookRoots({ roots: ROOTS, isOver: false }, [oldRoot], new Map([[newRoot.fingerprint, newRoot]]));
    expect(roots.missing).toEqual([oldRoot.fingerprint]);
    expect(roots.certificates).toEqual([newRoot]);
  });
});

describe('certificates', () => {
  const shown = (...given: Parameters<typeof certificatesSeen>) =>
    certificatesSeen(...given).map(({ kind, role, fingerprint }) => [kind, role, fingerprint]);

  it('between rotations: what the issuer is under is in use, and what else is in the bundle is not', () => {
    expect(shown({ anchors: [oldRoot, foreignRoot], inUse: [oldRoot], issuer: [issuer] })).toEqual([
      ['anchor', 'inUse', oldRoot.fingerprint],
      ['anchor', 'other', foreignRoot.fingerprint],
      ['issuer', undefined, issuer.fingerprint],
    ]);
  });
  it.each([
    ['behind it', [issuer, bridge] as const],
    ['in front of it', [bridge, issuer] as const],
  ])('in a rotation: which is old, which new, and the bridge certificate %s', (_, chain) => {
    const stored = { anchors: [oldRoot, newRoot, foreignRoot], inUse: [oldRoot, newRoot], issuer: chain };
    expect(shown(stored, ROOTS)).toEqual([
      ['anchor', 'old', oldRoot.fingerprint],
      ['anchor', 'new', newRoot.fingerprint],
      ['anchor', 'other', foreignRoot.fingerprint],
      ['issuer', undefined, issuer.fingerprint],
      ['bridge', undefined, bridge.fingerprint],
    ]);
  });
  it('where nobody says which root is new, the younger certificate of a key is the bridge', () => {
    expect(shown({ anchors: [oldRoot], inUse: [oldRoot], issuer: [bridge, issuer] }).slice(1)).toEqual([
      ['issuer', undefined, issuer.fingerprint],
      ['bridge', undefined, bridge.fingerprint],
    ]);
  });
  it('a root between issuer and anchor is neither', () => {
    expect(shown({ anchors: [], inUse: [], issuer: [issuer, oldRoot] })).toEqual([
      ['issuer', undefined, issuer.fingerprint],
    ]);
    expect(shown({ anchors: [oldRoot], inUse: [oldRoot] })).toHaveLength(1);
  });
  it('nothing of them is PEM', () => {
    expect(JSON.stringify(certificatesSeen({ anchors: [oldRoot], inUse: [], issuer: [issuer] }))).not.toContain(
      'BEGIN',
    );
  });
});
