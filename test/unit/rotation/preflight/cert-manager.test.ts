import { describe, expect, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import type { CertManagerFacts, RenewedFacts } from '../../../../src/rotation/preflight/observation.js';
import { ownersToGoBy } from '../../../../src/rotation/preflight/cert-manager.js';
import { HOUR_MS, proxy } from '../support.js';
import { after, type Case, DRIVEN, GUIDE, HEALTHY, holds, TRUST_MANAGERS } from './support.js';

type Change = Partial<RenewedFacts>;
const withRoot = (change: Change): CertManagerFacts => ({
  ...GUIDE,
  ...(GUIDE.root ? { root: { ...GUIDE.root, ...change } } : {}),
});
const withIssuer = (change: Change): CertManagerFacts => ({
  ...GUIDE,
  ...(GUIDE.issuer ? { issuer: { ...GUIDE.issuer, ...change } } : {}),
});
const ROOT = 'Certificate cert-manager/linkerd-trust-anchor';
const ISSUER = 'Certificate linkerd/linkerd-identity-issuer';
const issuerAlone = COURSES.issuer.course;

describe("on the install of Linkerd's guide", () => {
  it.each<Case>([
    { name: 'nothing is found while all is well', observed: DRIVEN, finds: [] },
    {
      name: 'nothing is asked of Certificates where reroot writes itself',
      observed: { certManager: withRoot({ notReady: 'no', keepsKey: true }) },
      finds: [],
    },
  ])('$name', holds);
});

describe('certificateNotReady', () => {
  const notReady = { ...DRIVEN, certManager: withIssuer({ notReady: 'Issuer not found' }) };
  const finding = {
    reason: 'CertificateNotReady',
    subject: ISSUER,
    says: ['Issuer not found'],
    hint: 'kubectl describe',
  };
  it.each<Case>([
    { name: 'blocks', observed: notReady, finds: [{ ...finding, severity: 'block' }] },
    {
      name: 'is about the root, too',
      observed: { ...DRIVEN, certManager: withRoot({ notReady: 'denied' }) },
      finds: [{ ...finding, severity: 'block', subject: ROOT, says: ['denied'] }],
    },
    {
      name: 'leaves the root out where it stays',
      observed: { ...DRIVEN, certManager: withRoot({ notReady: 'denied' }), course: issuerAlone },
      finds: [],
    },
    {
      name: 'tells a cert-manager that does not run by what has ended and was not even tried',
      observed: { ...DRIVEN, certManager: withIssuer({ abandoned: after(-1) }) },
      finds: [
        {
          ...finding,
          severity: 'block',
          says: [after(-1), 'it seems not to run'],
          hint: 'start cert-manager again',
        },
      ],
    },
  ])('$name', holds);
});

describe('renewalKeepsKey', () => {
  it.each<Case>([
    {
      name: 'blocks on `rotationPolicy: Never`, and says how it is changed',
      observed: { ...DRIVEN, certManager: withRoot({ keepsKey: true }) },
      finds: [
        {
          reason: 'RootKeyUnchanged',
          severity: 'block',
          subject: ROOT,
          says: ['rotationPolicy: Never', 'another date'],
          hint: 'kubectl patch certificate -n cert-manager linkerd-trust-anchor',
        },
      ],
    },
    {
      name: 'warns where nothing is said, because it is a question of the version',
      observed: { ...DRIVEN, certManager: withIssuer({ keepsKey: 'unsaid' }), course: issuerAlone },
      finds: [
        {
          reason: 'IssuerKeyUnchanged',
          severity: 'warn',
          subject: ISSUER,
          says: ['before 1.18'],
          hint: '"rotationPolicy":"Always"',
        },
      ],
    },
  ])('$name', holds);
});

describe('renewalDue', () => {
  const due = withIssuer({ renewalTime: after(HOUR_MS) });
  it.each<Case>([
    {
      name: 'says that the issuer is renewed first where its time would come in the middle',
      observed: { ...DRIVEN, certManager: due },
      finds: [
        {
          reason: 'IssuerRenewalDue',
          severity: 'warn',
          subject: ISSUER,
          says: [after(HOUR_MS), 'reroot renews it first'],
          hint: 'nothing has to be done',
        },
      ],
    },
    {
      name: 'blocks where the root is renewed more often than a rotation lasts',
      observed: { ...DRIVEN, certManager: withRoot({ renewedAfterMs: 17 * HOUR_MS }) },
      finds: [
        {
          reason: 'RootRenewsTooSoon',
          severity: 'block',
          subject: ROOT,
          says: ['17h after each issue', 'in the middle'],
          hint: 'spec.renewBefore',
        },
      ],
    },
    {
      name: 'does not mind where the issuer alone is replaced',
      observed: { ...DRIVEN, certManager: due, course: issuerAlone, deadline: { ...HEALTHY.deadline, lastsMs: 0 } },
      finds: [],
    },
  ])('$name', holds);
  it('tells the steps', () => {
    expect(ownersToGoBy({ ...HEALTHY, ...DRIVEN, certManager: due }).issuer.renewFirst).toBe(true);
    expect(ownersToGoBy({ ...HEALTHY, ...DRIVEN })).toEqual(DRIVEN.owners);
  });
});

describe('rootUndriven', () => {
  const finding = {
    reason: 'RootUndriven',
    severity: 'warn' as const,
    subject: ROOT,
    hint: 'takes that root',
  };
  it.each<Case>([
    {
      name: 'finds a root that nobody trusts',
      observed: { ...DRIVEN, certManager: withRoot({ fingerprint: 'next' }) },
      finds: [{ ...finding, says: ['next', 'no proxy trusts yet'] }],
    },
    {
      name: 'finds one that the issuer in use is not under',
      observed: {
        ...DRIVEN,
        certManager: withRoot({ fingerprint: 'next' }),
        proxies: [proxy({ ...HEALTHY.proxies[0], anchors: ['old', 'next'] })],
      },
      finds: [{ ...finding, says: ['issuer in use is not under'] }],
    },
    {
      name: 'finds one that has the issuer, and no proxy',
      observed: { ...DRIVEN, certManager: withRoot({ fingerprint: 'next' }), issuerRoots: ['next'] },
      finds: [
        {
          reason: 'RootAhead',
          severity: 'warn',
          subject: ROOT,
          says: ['no proxy trusts yet', 'the issuer is under it already'],
          hint: 'do not restart identity by hand',
        },
      ],
    },
    {
      name: 'finds one whose issuer those verify that trust the root of the start alone',
      observed: {
        ...DRIVEN,
        certManager: withRoot({ fingerprint: 'next' }),
        issuerRoots: ['next', ...(HEALTHY.proxies[0]?.anchors ?? [])],
      },
      finds: [{ ...finding, says: ['no proxy trusts yet'] }],
    },
    {
      name: 'leaves that to the rotation that is gone on with',
      observed: {
        ...DRIVEN,
        certManager: withRoot({ fingerprint: 'next' }),
        leftBehind: { of: 'root', id: 'next', use: 'inUse' },
      },
      finds: [
        {
          reason: 'RotationLeftBehind',
          severity: 'warn',
          subject: 'Secret linkerd/reroot-rotation',
          says: ['earlier rotation'],
          hint: 'continues it',
        },
      ],
    },
  ])('$name', holds);
});

describe('bundleWithoutSlot', () => {
  const made = (change: Partial<typeof TRUST_MANAGERS>) => ({
    ...DRIVEN,
    certManager: { ...GUIDE, bundle: { ...TRUST_MANAGERS, ...change } },
  });
  const { previous: _, ...bundle } = TRUST_MANAGERS;
  const one = { ...bundle, sources: ['cert-manager/linkerd-trust-anchor'] };
  const finding = { severity: 'block' as const, subject: 'Bundle linkerd-identity-trust-roots' };
  it.each<Case>([
    {
      name: 'blocks while a source does not exist, and says how it is made',
      observed: made({ missing: ['cert-manager/linkerd-previous-anchor'] }),
      finds: [
        {
          ...finding,
          reason: 'BundleSourceMissing',
          says: ['cert-manager/linkerd-previous-anchor', 'writes nothing'],
          hint: 'kubectl get secret -n cert-manager linkerd-trust-anchor -o json | jq',
        },
      ],
    },
    {
      name: "sends people to the Certificate where the root's own is missing",
      observed: made({ missing: ['cert-manager/linkerd-trust-anchor'] }),
      finds: [
        {
          ...finding,
          reason: 'BundleSourceMissing',
          says: ['cert-manager/linkerd-trust-anchor'],
          hint: `repair ${ROOT}`,
        },
      ],
    },
    {
      name: 'blocks where there is no source for the previous root, and says how it gets one',
      observed: { ...DRIVEN, certManager: { ...GUIDE, bundle: one } },
      finds: [
        {
          ...finding,
          reason: 'BundleWithoutSlot',
          says: ['its only source', 'at once'],
          hint: `kubectl patch bundle linkerd-identity-trust-roots --type json -p '[{"op":"add","path":"/spec/sources/-","value":{"secret":{"name":"linkerd-previous-anchor","key":"tls.crt"}}}]'`,
        },
      ],
    },
    {
      name: 'says where sources go by labels that there may be one it may not see, and which right that takes',
      observed: { ...DRIVEN, certManager: { ...GUIDE, bundle: { ...one, byLabels: true as const } } },
      finds: [
        {
          ...finding,
          reason: 'BundleWithoutSlot',
          says: ['its only source that can be seen'],
          hint: 'deploy/rbac/cert-manager-renew.yaml and deploy/policy.yaml',
        },
      ],
    },
    {
      name: 'knows how a ClusterBundle has its sources',
      observed: {
        ...DRIVEN,
        certManager: { ...GUIDE, bundle: { ...one, by: 'ClusterBundle linkerd-identity-trust-roots' } },
      },
      finds: [
        {
          reason: 'BundleWithoutSlot',
          severity: 'block',
          subject: 'ClusterBundle linkerd-identity-trust-roots',
          says: [],
          hint: `'[{"op":"add","path":"/spec/sourceRefs/-","value":{"kind":"Secret","name":"linkerd-previous-anchor","key":"tls.crt"}}]'`,
        },
      ],
    },
  ])('$name', holds);
});
