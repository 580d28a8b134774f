import { describe, expect, it } from 'vitest';
import {
  alertsOf,
  dueNow,
  missingFromPrevious,
  nextLookIn,
  previousRootMissing,
  type RenewalLook,
  seenIn,
  seenText,
} from '../../../src/rotation/watch.js';
import { waitingOf } from '../../../src/rotation/watch-waits.js';

const certificate = (name: string) => ({
  fingerprint: name.repeat(64).slice(0, 64),
  commonName: `root.${name}`,
  notBefore: '2026-11-01T00:00:00Z',
  notAfter: '2027-11-01T00:00:00Z',
});
const [O, T, X] = [certificate('a'), certificate('b'), certificate('c')];

const slot = (...holds: (typeof O)[]) => ({
  secret: 'cert-manager/linkerd-previous-anchor',
  holds: holds.map(({ fingerprint }) => fingerprint),
});

function look(change: Partial<RenewalLook> = {}): RenewalLook {
  return {
    at: '2026-11-29T12:00:00Z',
    linkerdNamespace: 'linkerd',
    clusterUid: 'uid',
    certificate: 'cert-manager/linkerd-trust-anchor',
    renewalTime: '2027-01-01T00:00:00Z',
    root: O,
    inUse: [O],
    previous: slot(O),
    ...change,
  };
}
const renewed = (change: Partial<RenewalLook> = {}) => look({ root: T, ...change });
const without = (field: keyof RenewalLook): RenewalLook => {
  const { [field]: _, ...rest } = look();
  return rest as RenewalLook;
};

describe('what a look has seen', () => {
  it.each([
    ['the root of the Certificate is in use', look(), 'inStep', 'the root in use is aaaaaaaaaaaa (root.a)'],
    ['another one is', renewed(), 'renewed', 'the mesh works under aaaaaaaaaaaa'],
    [
      'the issuer was renewed after it, and proxies do not trust it',
      renewed({ inUse: [T], untrusting: { proxies: 3, of: 9 } }),
      'renewed',
      'the issuer is under it already, while 3 of 9 proxies do not trust it',
    ],
    [
      'the issuer too, and everybody trusts it',
      renewed({ inUse: [T], untrusting: { proxies: 0, of: 9 } }),
      'inStep',
      '',
    ],
    ['it was renewed with the same key', renewed({ inUse: [O, T], sameKey: true }), 'sameKey', 'rotationPolicy: Never'],
    ['a rotation has the cluster', renewed({ rotating: 'workflow w' }), 'rotating', 'workflow w'],
    ['a rotation was interrupted', renewed({ leftBehind: true }), 'leftBehind', '`reroot rotate` goes on with it'],
    ['no Certificate writes the root', without('certificate'), 'noCertificate', 'nothing that renews itself'],
    ['its Secret is empty', without('root'), 'unreadable', 'holds no certificate'],
    ['the issuer is under no known root', look({ inUse: [] }), 'unreadable', '`reroot preflight` says more'],
  ] as const)('%s', (_what, seen, expected, text) => {
    expect(seenIn(seen)).toBe(expected);
    expect(seenText(seen)).toContain(text);
  });
});

describe('the slot of the previous root', () => {
  it.each([
    ['has the root in use', look(), []],
    ['has an older one', look({ previous: slot(X) }), [O.fingerprint]],
    ['has an older one, and the root has renewed itself', renewed({ previous: slot(X) }), [O.fingerprint]],
    ['is not there', without('previous'), []],
    ['is a rotation’s while that goes on', look({ previous: slot(X), rotating: 'w' }), []],
    ['is left to a rotation that was interrupted', look({ previous: slot(X), leftBehind: true }), []],
    [
      'is left alone where the issuer is under the new root, and proxies are not',
      renewed({ inUse: [T], previous: slot(O), untrusting: { proxies: 1, of: 2 } }),
      [],
    ],
  ] as const)('%s', (_what, seen, missing) => expect(missingFromPrevious(seen)).toEqual(missing));

  it('that cannot be put right is said with what comes of it', () => {
    expect(previousRootMissing(look({ previous: slot(X) }), 'It may not be written.')).toEqual({
      reason: 'PreviousRootMissing',
      message: expect.stringContaining('aaaaaaaaaaaa') as string,
    });
  });
});

describe('what is due', () => {
  const rotate = { onRenewal: 'rotate' } as const;
  const ask = { onRenewal: 'ask' } as const;
  it.each([
    ['nothing while all is in step', look(), rotate, 'nothing'],
    ['the rotation', renewed(), rotate, 'start'],
    ['a question, where the input says so', renewed(), ask, 'ask'],
    ['the rotation, once that is answered', renewed(), { ...ask, approved: T.fingerprint }, 'start'],
    ['a question still, where another root was approved', renewed(), { ...ask, approved: X.fingerprint }, 'ask'],
    ['no second rotation for a root', renewed(), { ...rotate, ended: T.fingerprint }, 'tell'],
    [
      'no second one that another look has started',
      renewed({ last: { root: T.fingerprint, ended: true } }),
      rotate,
      'tell',
    ],
    ['one for the next root', renewed({ last: { root: O.fingerprint, ended: true } }), rotate, 'start'],
    [
      'a second one when somebody says so',
      renewed(),
      { ...rotate, ended: T.fingerprint, approved: T.fingerprint },
      'start',
    ],
    ['nothing while a rotation has the cluster', renewed({ rotating: 'w' }), rotate, 'nothing'],
    [
      'no rotation while the issuer is ahead of the proxies',
      renewed({ inUse: [T], untrusting: { proxies: 3, of: 9 } }),
      { ...rotate, approved: T.fingerprint },
      'trustFirst',
    ],
    [
      'one where the root before it certifies it, so that everybody verifies that issuer',
      renewed({ inUse: [T], untrusting: { proxies: 3, of: 9 }, certifiable: true }),
      rotate,
      'start',
    ],
    ['nothing with the same key', renewed({ sameKey: true }), rotate, 'nothing'],
  ] as const)('%s', (_what, seen, remembered, due) => expect(dueNow(seen, remembered)).toBe(due));

  it('is asked for with the root that is meant, and why the last try has failed', () => {
    expect(waitingOf({ due: 'nothing' }, undefined)).toBeUndefined();
    const job = { what: 'renewed', fingerprint: T.fingerprint, why: seenText(renewed()) } as const;
    expect(waitingOf({ due: 'ask', job }, undefined)).toMatchObject({
      kind: 'approval',
      on: [expect.stringContaining('by itself: root bbbbbbbbbbbb')],
      todo: expect.stringContaining('`reroot watch --approve bbbbbbbbbbbb`') as string,
    });
    const rotation = { workflowId: 'w', runId: 'r', root: T.fingerprint, startedAt: '', message: 'not ready' };
    expect(waitingOf({ due: 'tell', job }, rotation)).toMatchObject({
      kind: 'attention',
      on: [expect.any(String), 'not ready'],
    });
  });
});

describe('an alert', () => {
  it.each([
    ['RootKeyUnchanged', renewed({ sameKey: true })],
    ['RotationLeftBehind', renewed({ leftBehind: true })],
    ['NothingToWatch', without('certificate')],
    ['WatchFailing', without('root')],
  ])('%s', (reason, seen) => expect(alertsOf(seen).map((alert) => alert.reason)).toEqual([reason]));
  it.each([[look()], [renewed()], [renewed({ rotating: 'w' })]])('is none', (seen) =>
    expect(alertsOf(seen)).toEqual([]),
  );
});

describe('the next look', () => {
  it.each([
    ['as often as the input says', { renewalTime: '2027-01-01T00:00:00Z' }, 600_000, 600_000],
    ['right after a renewal that is near', { renewalTime: '2026-11-29T12:01:00Z' }, 600_000, 65_000],
    ['soon again when a renewal is late', { renewalTime: '2026-11-29T11:59:00Z' }, 600_000, 60_000],
    ['never later than the input says', { renewalTime: '2026-11-29T11:59:00Z' }, 1000, 1000],
    ['as often where nothing says when it renews', {}, 600_000, 600_000],
    ['as often where that cannot be read', { renewalTime: 'soon' }, 600_000, 600_000],
  ])('%s', (_what, when, every, pause) =>
    expect(nextLookIn({ at: '2026-11-29T12:00:00Z', ...when }, every)).toBe(pause),
  );
});
