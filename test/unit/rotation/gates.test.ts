import { describe, expect, it } from 'vitest';
import {
  forgotOldRoot,
  identityTrustsNewRoot,
  presentsBothChains,
  presentsNewLeaf,
  proxyGate,
  trustsNewRoot,
} from '../../../src/rotation/gates.js';
import { leaf, proxy, target, without } from './support.js';

const unread = without(proxy(), 'anchors');
const unpresented = without(proxy(), 'leaf');

describe('the gate of trust', () => {
  it('is passed by a process that trusts the new root', () => {
    expect(trustsNewRoot(proxy({ anchors: ['old', 'new'] }), target())).toBeUndefined();
  });
  it('is not passed by one that does not', () => {
    expect(trustsNewRoot(proxy({ anchors: ['old'] }), target())?.reason).toBe('NewRootNotTrusted');
  });
  it('is unproven where the anchors cannot be read, and says why', () => {
    const shortfall = trustsNewRoot({ ...unread, problem: 'no answer' }, target());
    expect(shortfall).toMatchObject({ reason: 'AnchorsUnknown', unproven: true });
    expect(shortfall?.message).toContain('no answer');
  });
  it('is not passed by an identity replica that was not started for this rotation, whatever its proxy says', () => {
    const identity = proxy({ component: 'identity' });
    expect(trustsNewRoot(identity, target())?.reason).toBe('IdentityStartedEarlier');
    expect(trustsNewRoot({ ...identity, mark: 'abc-trust' }, target())).toBeUndefined();
  });
  it('is not passed by an identity process that shows other anchors than its proxy', () => {
    const identity = proxy({ component: 'identity', identityAnchors: ['old'] });
    expect(trustsNewRoot(identity, target())?.reason).toBe('NewRootNotTrusted');
    expect(identityTrustsNewRoot(identity, target())?.reason).toBe('NewRootNotTrusted');
    expect(identityTrustsNewRoot(proxy(), target())).toBeUndefined();
  });
});

describe('a process that cannot be asked for its anchors and was started before the bundle changed', () => {
  const earlier = { ...unread, startedBeforeBundle: true };
  it.each([
    ['trust', trustsNewRoot],
    ['retire', forgotOldRoot],
  ])('has to be restarted for the gate of %s, not waited for', (_gate, requirement) => {
    const shortfall = requirement(earlier, target());
    expect(shortfall?.reason).toBe('StartedBeforeBundle');
    expect(shortfall?.unproven).toBeUndefined();
  });
  it('passes the gate of renew, which is about its leaf', () => {
    expect(presentsNewLeaf(earlier, target())).toBeUndefined();
  });
});

describe('the gate of renew', () => {
  it('is passed by a chain that needs nothing but the new root', () => {
    expect(presentsNewLeaf(proxy(), target())).toBeUndefined();
  });
  it('is not passed by a chain under the old root', () => {
    const old = proxy({ leaf: leaf({ verifiesWith: ['old'] }) });
    expect(presentsNewLeaf(old, target())?.reason).toBe('LeafUnderOldRoot');
  });
  it.each([
    ['standard', presentsNewLeaf],
    ['bridge', presentsBothChains],
  ])('is unproven where no leaf could be read: %s', (_strategy, requirement) => {
    expect(requirement(unpresented, target())).toMatchObject({ reason: 'LeafUnknown', unproven: true });
  });
});

describe('the gate of retire', () => {
  it('is passed when the old root is gone and the leaf still verifies; foreign anchors may stay', () => {
    expect(forgotOldRoot(proxy({ anchors: ['new', 'foreign'] }), target())).toBeUndefined();
  });
  it('is not passed while the process trusts the old root, or the identity process next to it does', () => {
    expect(forgotOldRoot(proxy(), target())?.reason).toBe('OldRootStillTrusted');
    const identity = proxy({ anchors: ['new'], identityAnchors: ['old'] });
    expect(forgotOldRoot(identity, target())?.reason).toBe('OldRootStillTrusted');
  });
  it('is not passed by a leaf that no longer verifies', () => {
    const broken = proxy({ anchors: ['new'], leaf: leaf({ verifiesWith: [] }) });
    expect(forgotOldRoot(broken, target())?.reason).toBe('LeafUnderOldRoot');
  });
});

describe('proxyGate', () => {
  const bad = proxy({ anchors: ['old'] });
  const gate = (observed: Parameters<typeof proxyGate>[0], ...waived: string[]) =>
    proxyGate(
      observed,
      target(),
      trustsNewRoot,
      waived.map((subject) => ({ subject, reason: 'known' })),
    );
  it('names the pod that falls short, and its workload', () => {
    const [finding, ...others] = gate([proxy(), bad]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      reason: 'NewRootNotTrusted',
      severity: 'block',
      subject: { kind: 'pod', name: 'shop/Pod/web-1' },
    });
    expect(finding?.message).toContain('shop/Deployment/web');
  });
  it.each(['shop', 'shop/Deployment/web', 'shop/Pod/web-1'])(
    'is passed without a proxy that is waived: %s',
    (subject) => {
      expect(gate([bad], subject)).toEqual([]);
    },
  );
  it('is not passed while a pod that falls short is going: it may still talk', () => {
    expect(gate([{ ...bad, terminating: true }])).toHaveLength(1);
  });
  it('does not wait for a pod that is going and cannot be read', () => {
    expect(gate([{ ...unread, terminating: true }])).toEqual([]);
    expect(gate([unread])).toHaveLength(1);
  });
});
