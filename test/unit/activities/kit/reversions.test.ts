import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { occasionalReversions, reversions } from '../../../../activities/kit/reversions.js';
import type { PhaseContext } from '../../../../activities/kit/stored-rotation.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import { courseOf } from '../../../../src/rotation/courses/index.js';
import { rowOf } from '../../../../src/rotation/courses/course.js';
import { authority, crossCertified } from '../../support.js';
import { target } from '../../rotation/support.js';
import { phaseInput } from '../waits.js';

const start = authority();
const next = authority('next');
const twin = crossCertified(start.issuer.certificate, next.root);
const cluster = { issuer: '', writer: 'helm', leafLifeMs: 86_400_000 };

const k8s = {
  core: {
    readNamespacedConfigMap: async () =>
      await Promise.resolve({
        metadata: {},
        data: { 'ca-bundle.crt': start.root.certificate.pem + next.root.certificate.pem },
      }),
    readNamespacedSecret: async () =>
      await Promise.resolve({
        metadata: { managedFields: [{ manager: cluster.writer, time: new Date(0) }] },
        data: { 'crt.pem': encode(cluster.issuer), 'key.pem': encode('key') },
      }),
  },
} as unknown as Kubernetes;

const store = { kind: 'ConfigMap', name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt', optional: false };
const context = () =>
  ({
    linkerd: {
      namespace: 'linkerd',
      scheme: 'linkerd.io/tls',
      anchors: [store],
      leafLifeMs: cluster.leafLifeMs,
    },
    managed: {},
    target: { ...target(), root: { ...target().root, fingerprint: next.root.certificate.fingerprint } },
    secret: {
      root: next.root.certificate,
      issuer: next.issuer.certificate,
      bridge: twin,
      retire: [start.root.certificate.fingerprint],
      previous: { roots: [start.root.certificate], issuer: start.issuer.certificate },
    },
    row: rowOf(courseOf({ strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' }), 'renew'),
  }) as unknown as PhaseContext;

vi.mock('../../../../activities/kit/stored-rotation.js', () => ({
  readPhase: async () => await Promise.resolve(context()),
}));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') });
  Object.assign(cluster, { issuer: start.issuer.certificate.pem + twin.pem, leafLifeMs: 86_400_000 });
});
afterEach(() => void vi.useRealTimers());

describe('what somebody has put back', () => {
  it('is nothing while the bundle has the target and the issuer Secret what the row says', async () => {
    expect(await reversions({ k8s }, context())).toEqual([]);
  });
  it('is named with its writer', async () => {
    cluster.issuer = start.issuer.certificate.pem;
    const [finding] = await reversions({ k8s }, context());
    expect(finding).toMatchObject({ reason: 'Reverted', subject: { name: expect.stringContaining('issuer') } });
    expect(finding?.message).toContain('helm at 1970');
  });
});

describe('a wait', () => {
  it('looks at once, then every five minutes', async () => {
    const look = occasionalReversions({ k8s }, phaseInput('renew'));
    expect(await look()).toEqual([]);
    cluster.issuer = start.issuer.certificate.pem;
    vi.advanceTimersByTime(299_000);
    expect(await look()).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(await look()).toHaveLength(1);
  });
  it('looks more often where leaves live shortly', async () => {
    cluster.leafLifeMs = 60_000;
    const look = occasionalReversions({ k8s }, phaseInput('renew'));
    expect(await look()).toEqual([]);
    cluster.issuer = start.issuer.certificate.pem;
    vi.advanceTimersByTime(3000);
    expect(await look()).toHaveLength(1);
  });
});
