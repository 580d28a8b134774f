import { describe, expect, it } from 'vitest';
import {
  forgotRetired,
  GATES,
  identityAbsent,
  identityTrustsTarget,
  leftRetiredIssuer,
  presentsBothChains,
  presentsTarget,
  proxyGate,
  trustsTarget,
} from '../../../src/rotation/gates.js';
import { leaf, proxy, target, without } from './support.js';

const unread = without(proxy(), 'anchors');
const unpresented = without(proxy(), 'leaf');

describe('the gate of trust', () => {
  it('is passed by a process that trusts the new root', () => {
    expect(trustsTarget(proxy({ anchors: ['old', 'new'] }), target())).toBeUndefined();
  });
  it('is not passed by one that does not', () => {
    expect(trustsTarget(proxy({ anchors: ['old'] }), target())?.reason).toBe('TargetNotTrusted');
  });
  it('is unproven where the anchors cannot be read, and says why', () => {
    const shortfall = trustsTarget({ ...unread, problem: 'no answer' }, target());
    expect(shortfall).toMatchObject({ reason: 'AnchorsUnknown', unproven: true });
    expect(shortfall?.message).toContain('no answer');
  });
  it('is not passed by an identity replica that was not started for this rotation, whatever its proxy says', () => {
    const identity = proxy({ component: 'identity' });
    expect(trustsTarget(identity, target())?.reason).toBe('IdentityStartedEarlier');
    expect(trustsTarget({ ...identity, mark: 'abc-trust' }, target())).toBeUndefined();
  });
  it('is not passed by an identity process that shows other anchors than its proxy', () => {
    const identity = proxy({ component: 'identity', identityAnchors: ['old'] });
    expect(trustsTarget(identity, target())?.reason).toBe('TargetNotTrusted');
    expect(identityTrustsTarget(identity, target())?.reason).toBe('TargetNotTrusted');
    expect(identityTrustsTarget(proxy(), target())).toBeUndefined();
  });
});

describe('a process that cannot be asked for its anchors and was started before the bundle changed', () => {
  const earlier = { ...unread, startedBeforeBundle: true };
  it.each([
    ['trust', trustsTarget],
    ['retire', forgotRetired],
  ])('has to be restarted for the gate of %s, not waited for', (_gate, requirement) => {
    const shortfall = requirement(earlier, target());
    expect(shortfall?.reason).toBe('StartedBeforeBundle');
    expect(shortfall?.unproven).toBeUndefined();
  });
  it('passes the gate of renew, which is about its leaf', () => {
    expect(presentsTarget(earlier, target())).toBeUndefined();
  });
});

describe('a pod that has not been started', () => {
  const unstarted = { ...without(unread, 'leaf'), unstarted: true };
  it('is judged by the anchors that are written in it', () => {
    expect(trustsTarget({ ...unstarted, anchors: ['old'] }, target())?.reason).toBe('TargetNotTrusted');
    expect(forgotRetired({ ...unstarted, anchors: ['old', 'new'] }, target())?.reason).toBe('RetiredRootStillTrusted');
    expect(forgotRetired({ ...unstarted, anchors: ['new'] }, target())).toBeUndefined();
  });
  it.each(Object.entries(GATES))(
    'that reads the bundle at its start passes %s: it presents nothing',
    (_gate, { requirement }) => {
      expect(requirement(unstarted, target())).toBeUndefined();
      expect(requirement({ ...unstarted, component: 'identity' }, target())).toBeUndefined();
    },
  );
});

describe('the gate of renew', () => {
  it('is passed by a chain that needs nothing but the new root', () => {
    expect(presentsTarget(proxy(), target())).toBeUndefined();
  });
  it('is not passed by a chain under the old root', () => {
    const old = proxy({ leaf: leaf({ verifiesWith: ['old'] }) });
    expect(presentsTarget(old, target())?.reason).toBe('LeafNotUnderTarget');
  });
  it.each([
    ['standard', presentsTarget],
    ['bridge', presentsBothChains],
  ])('is unproven where no leaf could be read: %s', (_strategy, requirement) => {
    expect(requirement(unpresented, target())).toMatchObject({ reason: 'LeafUnknown', unproven: true });
  });
});

describe('the gate of retire', () => {
  it('is passed when the old root is gone and the leaf still verifies; foreign anchors may stay', () => {
    expect(forgotRetired(proxy({ anchors: ['new', 'foreign'] }), target())).toBeUndefined();
  });
  it('is not passed while the process trusts the old root, or the identity process next to it does', () => {
    expect(forgotRetired(proxy(), target())?.reason).toBe('RetiredRootStillTrusted');
    const identity = proxy({ anchors: ['new'], identityAnchors: ['old'] });
    expect(forgotRetired(identity, target())?.reason).toBe('RetiredRootStillTrusted');
  });
  it('is not passed by a leaf that no longer verifies', () => {
    const broken = proxy({ anchors: ['new'], leaf: leaf({ verifiesWith: [] }) });
    expect(forgotRetired(broken, target())?.reason).toBe('LeafNotUnderTarget');
  });
});

describe('the gate of a bridge', () => {
  const bridged = leaf({ chain: ['leaf', 'A', 'A2'], verifiesWith: ['new', 'old'] });
  it('is passed by a leaf that either root alone verifies', () => {
    expect(presentsBothChains(proxy({ leaf: bridged }), target())).toBeUndefined();
  });
  it.each([[['new']], [['old']], [[]]])('is not passed by one that only %j verify', (verifiesWith) => {
    expect(presentsBothChains(proxy({ leaf: leaf({ verifiesWith }) }), target())?.reason).toBe('OneChainOnly');
  });
  it('wants every process to trust the target where leaves are renewed by a rollout, before and after the swap', () => {
    const { requirement, evidence } = GATES.presentsAndTrustsTarget;
    expect(evidence).toEqual({ anchors: true, leaf: true });
    expect(requirement(proxy({ anchors: ['old'], leaf: bridged }), target())?.reason).toBe('TargetNotTrusted');
    expect(requirement(proxy({ leaf: bridged }), target())).toBeUndefined();
    expect(requirement(proxy({ leaf: leaf({ verifiesWith: ['new'] }) }), target())).toBeUndefined();
  });
});

describe('the gate of refresh', () => {
  it('is not passed while a certificate of the retired issuer key is presented', () => {
    for (const chain of [
      ['leaf', 'A'],
      ['leaf', 'N', 'A2'],
    ]) {
      expect(leftRetiredIssuer(proxy({ leaf: leaf({ chain }) }), target())?.reason).toBe('LeafUnderRetiredIssuer');
    }
  });
  it('is passed by a leaf of the new issuer under the target', () => {
    expect(leftRetiredIssuer(proxy(), target())).toBeUndefined();
  });
  it('is not passed by a leaf of another issuer that the target does not verify', () => {
    expect(leftRetiredIssuer(proxy({ leaf: leaf({ verifiesWith: [] }) }), target())?.reason).toBe('LeafNotUnderTarget');
  });
});

describe('proxyGate', () => {
  const bad = proxy({ anchors: ['old'] });
  const gate = (observed: Parameters<typeof proxyGate>[0], ...waived: string[]) =>
    proxyGate(
      observed,
      target(),
      trustsTarget,
      waived.map((subject) => ({ subject, reason: 'known' })),
    );
  it('names the pod that falls short, and its workload', () => {
    const [finding, ...others] = gate([proxy(), bad]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      reason: 'TargetNotTrusted',
      severity: 'block',
      subject: { kind: 'pod', name: 'shop/Pod/web-1', workload: 'shop/Deployment/web' },
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

describe('the gate of retire', () => {
  it('is not passed by a process that holds neither the retired root nor the target', () => {
    // started under an earlier certificate of the retired root's key: all works, and the new issuer's leaves would be refused
    expect(forgotRetired(proxy({ anchors: ['an earlier certificate of the same key'] }), target())?.reason).toBe(
      'TargetNotTrusted',
    );
    expect(forgotRetired(proxy({ anchors: ['new'] }), target())).toBeUndefined();
  });
});

it('a gate of identity alone is not passed where there is no identity', () => {
  expect(identityAbsent()).toMatchObject({ reason: 'IdentityAbsent', severity: 'block' });
});
