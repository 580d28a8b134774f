import { describe, expect, it } from 'vitest';
import type { CertificateFacts } from '../../../src/rotation/payloads.js';
import { type RenewalLook, seenIn, seenText } from '../../../src/rotation/watch.js';
import {
  type Ahead,
  decide,
  dueAt,
  type Expiry,
  expiryAlertsOf,
  lastingRoot,
} from '../../../src/rotation/watch-expiry.js';
import { endLines } from '../../../src/rotation/watch-status.js';
import { waitingOf } from '../../../src/rotation/watch-waits.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2027-06-01T00:00:00Z');
const day = (days: number) => new Date(NOW + days * DAY_MS).toISOString();
/** Made so many days ago, and good for so many more. */
const facts = (name: string, left: number, age = 300): CertificateFacts => ({
  ...{ fingerprint: name.repeat(64), commonName: `root.${name}`, notBefore: day(-age), notAfter: day(left) },
});
const AHEAD: Ahead = { before: 30 * DAY_MS, issuerBefore: 30 * DAY_MS };
const HOUR_MS = 3_600_000;
const EXPIRY: Expiry = {
  issuer: facts('i', 200),
  owners: { bundle: 'reroot', issuer: 'reroot' },
  hasRootKey: true,
  lastsMs: 17 * HOUR_MS,
  stale: [],
};

interface Change extends Partial<Omit<RenewalLook, 'expiry'>> {
  expiry?: Partial<Expiry>;
}
function look({ expiry, ...change }: Change = {}): RenewalLook {
  return {
    ...{ at: day(0), linkerdNamespace: 'linkerd', clusterUid: 'uid', inUse: [facts('a', 200)] },
    ...change,
    expiry: { ...EXPIRY, ...expiry },
  };
}
const O = facts('a', 20);
const rootDue = (change: Change = {}) => look({ inUse: [O], ...change });
const I = facts('i', 20);
const issuerDue = (expiry: Partial<Expiry> = {}, change: Change = {}) =>
  look({ expiry: { issuer: I, ...expiry }, ...change });
const BY_CERT_MANAGER = { certificate: 'cert-manager/root', renewalTime: day(5), root: O } as const;

describe('the day on which a certificate is due', () => {
  it.each([
    ['so long before its end', facts('a', 100), 30, 70],
    ['at half of its life, and not before: each new one would be due at once', facts('a', 20, 20), 30, 0],
    ['in the past where it has expired', facts('a', -1), 30, -31],
  ])('is %s', (_what, certificate, before, due) =>
    expect(new Date(dueAt(certificate, before * DAY_MS)).toISOString()).toBe(day(due)),
  );
  it('is that of the root that lasts longest, of several that the issuer is under', () => {
    expect(lastingRoot(look({ inUse: [O, facts('b', 900)] }))?.commonName).toBe('root.b');
  });
});

describe('what is due of what expires', () => {
  const rotate = { onRenewal: 'rotate' } as const;
  const root = { what: 'root', fingerprint: O.fingerprint };
  const issuer = { what: 'issuer', fingerprint: I.fingerprint };
  it.each([
    ['nothing before its day', look(), rotate, 'nothing', undefined],
    ['the root', rootDue(), rotate, 'start', root],
    ['an expired root', look({ inUse: [facts('a', -1)] }), rotate, 'start', { what: 'root' }],
    ['the issuer alone', issuerDue(), rotate, 'start', issuer],
    ['the root, whose rotation replaces the issuer too', rootDue({ expiry: { issuer: I } }), rotate, 'start', root],
    ['nothing while another root lasts', look({ inUse: [O, facts('b', 900)] }), rotate, 'nothing', undefined],
    ['nothing while a rotation has the cluster', rootDue({ rotating: 'w' }), rotate, 'nothing', undefined],
    ['nothing after one that was interrupted', rootDue({ leftBehind: true }), rotate, 'nothing', undefined],
    ['nothing where the issuer is under no known root', look({ inUse: [] }), rotate, 'nothing', undefined],
    ['not a root that cert-manager renews', rootDue(BY_CERT_MANAGER), rotate, 'nothing', undefined],
    [
      'not an issuer of cert-manager',
      issuerDue({ owners: { bundle: 'reroot', issuer: 'certManager' } }),
      rotate,
      'nothing',
      undefined,
    ],
    [
      'not an issuer that somebody else writes',
      issuerDue({ owners: { bundle: 'reroot', issuer: 'handOff' } }),
      rotate,
      'nothing',
      undefined,
    ],
    ['not an issuer without the key of its root', issuerDue({ hasRootKey: false }), rotate, 'nothing', undefined],
    [
      'the root, though its bundle is handed off',
      rootDue({ expiry: { owners: { bundle: 'handOff', issuer: 'handOff' } } }),
      rotate,
      'start',
      root,
    ],
    ['no second rotation for a root', rootDue(), { ...rotate, ended: O.fingerprint }, 'tell', root],
    ['no second one that is remembered from before', rootDue(), { ...rotate, told: O.fingerprint }, 'tell', root],
    [
      'no second one that another look has started',
      rootDue({ last: { root: O.fingerprint, ended: true } }),
      rotate,
      'tell',
      root,
    ],
    [
      'no second one for an issuer',
      issuerDue({}, { last: { root: I.fingerprint, ended: true } }),
      rotate,
      'tell',
      issuer,
    ],
    ['one for the next root', rootDue({ last: { root: 'x', ended: true } }), rotate, 'start', root],
    [
      'none where somebody has aborted one when it was due',
      rootDue({ expiry: { aborted: { root: O.fingerprint, at: day(-9) } } }),
      rotate,
      'tell',
      root,
    ],
    [
      'one where that was before it was due',
      rootDue({ expiry: { aborted: { root: O.fingerprint, at: day(-11) } } }),
      rotate,
      'start',
      root,
    ],
    [
      'one where another root was kept by that',
      rootDue({ expiry: { aborted: { root: 'x', at: day(-9) } } }),
      rotate,
      'start',
      root,
    ],
    [
      'a second one when somebody says so',
      rootDue(),
      { ...rotate, told: O.fingerprint, approved: O.fingerprint },
      'start',
      root,
    ],
  ] as const)('%s', (_what, seen, remembered, due, job) => {
    const decision = decide(seen, AHEAD, remembered);
    expect(decision.due).toBe(due);
    expect(decision).toMatchObject(job ? { job } : { due });
  });
  it('is nothing to a watch that is to leave it alone', () => {
    const { expiry: _, ...seen } = rootDue();
    expect(decide(rootDue(), undefined, rotate).due).toBe('nothing');
    expect(decide(seen, AHEAD, rotate).due).toBe('nothing');
    expect(seenIn(seen)).toBe('noCertificate');
  });
  it('is a root that has renewed itself first of all', () => {
    const renewed = rootDue({ ...BY_CERT_MANAGER, root: facts('b', 300) });
    expect(decide(renewed, AHEAD, { onRenewal: 'ask' })).toMatchObject({
      due: 'ask',
      job: { what: 'renewed', fingerprint: 'b'.repeat(64) },
    });
  });
  it('is asked for with the certificate that is meant, and why the last try has failed', () => {
    const decision = decide(rootDue(), AHEAD, { ...rotate, told: O.fingerprint });
    const rotation = { workflowId: 'w', runId: 'r', root: O.fingerprint, startedAt: '', message: 'not ready' };
    expect(waitingOf(decision, rotation)).toMatchObject({
      kind: 'attention',
      on: ['the root in use, aaaaaaaaaaaa (root.a), expires at 2027-06-21T00:00:00.000Z, in 20d', 'not ready'],
      todo: expect.stringContaining('`reroot watch --approve aaaaaaaaaaaa`') as string,
    });
    expect(waitingOf(decide(rootDue(), AHEAD, rotate), undefined)).toBeUndefined();
  });
});

describe('what a look at what expires has seen', () => {
  it.each([
    [
      'who is in use, and until when',
      look(),
      'lasting',
      `aaaaaaaaaaaa (root.a) is in use until ${day(200)}, and the issuer until ${day(200)}`,
    ],
    ['that a rotation goes on', rootDue({ rotating: 'workflow w' }), 'rotating', 'workflow w'],
    ['nothing that it can read', look({ inUse: [] }), 'unreadable', '`reroot preflight` says more'],
  ] as const)('is %s', (_what, seen, expected, text) => {
    expect(seenIn(seen)).toBe(expected);
    expect(seenText(seen)).toContain(text);
  });
  it('is shown with the day on which each is due, or when cert-manager renews it', () => {
    expect(endLines(look({ expiry: { bridge: facts('c', 7) } }), AHEAD)).toEqual([
      `Root aaaaaaaaaaaa (root.a), expires at ${day(200)}, in 200d; due at ${day(170)}.`,
      `Issuer iiiiiiiiiiii (root.i), expires at ${day(200)}, in 200d; due at ${day(170)}.`,
      `Bridge certificate cccccccccccc (root.c), expires at ${day(7)}, in 7d.`,
    ]);
    const [root, issuer] = endLines(
      rootDue({ ...BY_CERT_MANAGER, expiry: { owners: { bundle: 'certManager', issuer: 'certManager' } } }),
      AHEAD,
    );
    expect(root).toContain(`cert-manager renews it at ${day(5)}`);
    expect(issuer).toMatch(/cert-manager renews it\.$/);
  });
});

describe('an alert about what expires', () => {
  const reasons = (seen: RenewalLook) => expiryAlertsOf(seen, AHEAD).map(({ reason }) => reason);
  const certManager = { bundle: 'reroot', issuer: 'certManager' } as const;
  it.each([
    ['none while there is time', look(), []],
    ['a root that is due', rootDue(), ['TrustAnchorExpiring']],
    ['the same while a rotation is at it', rootDue({ rotating: 'w' }), ['TrustAnchorExpiring']],
    ['a root that has expired', look({ inUse: [facts('a', -1)] }), ['RootExpired']],
    [
      'a root for which no rotation is in time',
      look({ inUse: [facts('a', 1)] }),
      ['TrustAnchorExpiring', 'RotationTooLate'],
    ],
    ['not that while a rotation is at it', look({ inUse: [facts('a', 1)], rotating: 'w' }), ['TrustAnchorExpiring']],
    ['a watch that would begin too late', look({ expiry: { lastsMs: 16 * DAY_MS } }), ['WatchTooLate']],
    ['none of a root that cert-manager is going to renew', rootDue(BY_CERT_MANAGER), []],
    [
      'a root that it should have renewed',
      rootDue({ ...BY_CERT_MANAGER, renewalTime: day(-1) }),
      ['TrustAnchorExpiring'],
    ],
    ['an issuer that is due', issuerDue(), ['IssuerEnding']],
    ['an issuer that has expired', issuerDue({ issuer: facts('i', -1) }), ['IssuerExpired']],
    [
      'none of an issuer that cert-manager is going to renew',
      issuerDue({ owners: certManager, issuerRenewalTime: day(1) }),
      [],
    ],
    [
      'an issuer that it should have renewed',
      issuerDue({ owners: certManager, issuerRenewalTime: day(-1) }),
      ['IssuerEnding'],
    ],
    [
      'none where it does not say when, and there is time',
      issuerDue({ owners: certManager, issuer: facts('i', 60) }),
      [],
    ],
    ['an issuer in the last tenth of its life', issuerDue({ owners: certManager }), ['IssuerEnding']],
    [
      'a bridge certificate that was left behind',
      look({ leftBehind: true, expiry: { bridge: facts('c', 5, 9) } }),
      ['BridgeEnding'],
    ],
    ['none while that has long to live', look({ leftBehind: true, expiry: { bridge: facts('c', 9, 5) } }), []],
    ['none while a rotation has it', look({ rotating: 'w', expiry: { bridge: facts('c', 5, 9) } }), []],
    ['proxies with other anchors', look({ expiry: { stale: [{ namespace: 'shop', proxies: 3 }] } }), ['StaleProxies']],
  ] as const)('%s', (_what, seen, expected) => expect(reasons(seen)).toEqual(expected));

  it('is none to a watch that is to leave it alone', () => expect(expiryAlertsOf(rootDue(), undefined)).toEqual([]));
  it('says who sees to it', () => {
    const said = (seen: RenewalLook) => expiryAlertsOf(seen, AHEAD)[0]?.message;
    expect(said(rootDue())).toContain('starts a rotation');
    expect(said(rootDue({ rotating: 'workflow w' }))).toContain('workflow w');
    expect(said(rootDue({ leftBehind: true }))).toContain('`reroot rotate` goes on with it');
    expect(said(rootDue({ ...BY_CERT_MANAGER, renewalTime: day(-1) }))).toContain('Certificate cert-manager/root');
    expect(said(issuerDue({ hasRootKey: false }))).toContain("root's key is not at hand");
    expect(said(issuerDue({ owners: { bundle: 'reroot', issuer: 'handOff' } }))).toContain('Somebody else writes it');
    expect(said(look({ expiry: { lastsMs: 16 * DAY_MS } }))).toContain('say `before: 48d`');
  });
  it('names ten namespaces, and counts the rest', () => {
    const stale = Array.from({ length: 12 }, (_, at) => ({ namespace: `n${at}`, proxies: 2 }));
    expect(expiryAlertsOf(look({ expiry: { stale } }), AHEAD)[0]?.message).toMatch(
      /^24 proxies .*n9 \(2\) and 2 namespaces more/,
    );
  });
});
