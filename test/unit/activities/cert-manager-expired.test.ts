import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { anchorsOfIssuer } from '../../../src/pki/issuer-anchors.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import type { CourseRef } from '../../../src/rotation/courses/index.js';
import type { StepInput } from '../../../src/rotation/payloads.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { BY_CERT_MANAGER, CertManagerCluster } from './cert-manager.js';
import { HOUR_MS } from '../rotation/support.js';
import { carryOut, leaseOfHolder, step } from './cluster.js';

/** What cert-manager makes has ended: it was down, or nobody has driven the renewal of the root. */

const ROOT = 'linkerd-trust-anchor';
const PREVIOUS = 'linkerd-previous-anchor';
const ISSUER = 'linkerd-identity-issuer';

// it waits for what others do
vi.setConfig({ testTimeout: 30_000 });

let cluster: CertManagerCluster;
beforeEach(() => {
  cluster = new CertManagerCluster();
  cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'mine', 'run-id': 'run-1' }));
});

afterEach(() => void vi.useRealTimers());

const { settings } = step();
const healthy = (course: Partial<CourseRef> = {}): StepInput =>
  step({ owners: BY_CERT_MANAGER, settings: { ...settings, approvals: 'none' } }, course);
const input = (course: Partial<CourseRef> = {}): StepInput => healthy({ recovery: 'root', ...course });
const generate = async (given = input()) => await carryOut(cluster, (activities) => activities.generate, given);
const addTarget = async (given = input()) => await carryOut(cluster, (activities) => activities.addTarget, given);
const writeIssuer = async (state: 'crossover' | 'new', given = input()) =>
  await carryOut(cluster, (activities) => activities.writeIssuer, { ...given, state });
const finish = async (outcome: RotationReport['outcome'], given = input()) =>
  await carryOut(cluster, (activities) => activities.finish, {
    ...given,
    report: { outcome, approvals: [], waivers: [], phases: [], finishedAt: new Date().toISOString() } as never,
  });
const fingerprints = (name: string) => cluster.chain(name).map(({ fingerprint }) => fingerprint);
const first = (name: string): Certificate => {
  const [found] = cluster.chain(name);
  if (!found) throw new Error(`${name} is empty`);
  return found;
};

/** What a retirement does, once all is proven. */
function forget(T: Certificate): void {
  const held = cluster.objects.get(`Secret/${PREVIOUS}`);
  cluster.put(`Secret/${PREVIOUS}`, { ...held, data: { ...held?.data, 'tls.crt': encode(T.pem) } });
}

describe('a root that has ended', () => {
  it.each([
    ['has not renewed it', () => undefined],
    ['has renewed it, and nobody has driven that', () => cluster.renew(ROOT)],
  ])('certifies nothing any more, and is rotated by bridge, where cert-manager %s', async (_what, happens) => {
    cluster.end(ROOT);
    const [O, A] = [first(ROOT), first(ISSUER)];
    happens();
    const { root, retire } = await generate();
    expect(retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 1 });
    expect(fingerprints(ROOT)).toEqual([root.fingerprint]);
    expect(fingerprints(PREVIOUS)).toEqual([O.fingerprint, root.fingerprint]);
    await addTarget();
    await writeIssuer('crossover');
    const [bridge, start] = cluster.chain(ISSUER);
    expect([bridge?.publicKeyDer.equals(A.publicKeyDer), start?.fingerprint]).toEqual([true, A.fingerprint]);
    await writeIssuer('new');
    const T = first(ROOT);
    expect(anchorsOfIssuer([first(ISSUER)], [O, T])).toEqual([T]);
    forget(T);
    await finish('completed');
    expect(fingerprints(ROOT)).toEqual([root.fingerprint]);
    expect(cluster.bundle).toEqual([root.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 2 });
  });

  it('is not waited for where it ends in the middle, and trust-manager leaves out what has expired', async () => {
    cluster.end(ROOT, new Date(Date.now() + HOUR_MS));
    const [O] = fingerprints(ROOT);
    const { root } = await generate(healthy());
    cluster.filters = true;
    vi.useFakeTimers({ now: Date.now() + 2 * HOUR_MS, toFake: ['Date'] });
    cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'mine', 'run-id': 'run-1' }));
    await addTarget(healthy({ direction: 'back' }));
    await addTarget();
    expect(cluster.bundle).not.toContain(O);
    expect(fingerprints(ROOT)).toEqual([root.fingerprint]);
    expect(cluster.bundle).toEqual([root.fingerprint]);
  });

  it('is refused where trust-manager has left it out already', async () => {
    cluster.filters = true;
    cluster.end(ROOT);
    cluster.renew(ROOT);
    await expect(generate()).rejects.toThrow('--filter-expired-certificates');
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 1 });
    expect(cluster.objects.has('Secret/reroot-rotation')).toBe(false);
  });
});

describe('an issuer that has ended', () => {
  const standard = input({ strategy: 'standard', recovery: 'issuer' });

  it.each([
    ['alone', () => undefined],
    ['with its root', () => cluster.end(ROOT)],
  ])('%s, is made anew under the new root', async (_what, happens) => {
    cluster.end(ISSUER);
    happens();
    const O = first(ROOT);
    const { root } = await generate(standard);
    await addTarget(standard);
    await writeIssuer('new', standard);
    const T = first(ROOT);
    expect(T.fingerprint).toBe(root.fingerprint);
    expect(anchorsOfIssuer([first(ISSUER)], [O, T])).toEqual([T]);
    forget(T);
    await finish('completed', standard);
    expect(cluster.bundle).toEqual([root.fingerprint]);
  });
});

describe('a root that was renewed, and the issuer after it, while nobody drove that', () => {
  const forward = healthy();
  /** A proxy trusts O alone, and cert-manager signs with T. */
  const renewed = (): { O: Certificate; T: Certificate } => {
    const O = first(ROOT);
    cluster.addPod('web', [O]);
    cluster.renew(ROOT);
    const T = first(ROOT);
    cluster.renew(ISSUER);
    return { O, T };
  };

  it('is taken, and its issuer gets what those need who trust the root before it alone', async () => {
    const { O, T } = renewed();
    const N = first(ISSUER);
    const { root, retire } = await generate(forward);
    expect(root.fingerprint).toBe(T.fingerprint);
    expect(retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 2 });
    const [held, ...others] = cluster.chain(ISSUER);
    expect(held?.fingerprint).toBe(N.fingerprint);
    expect(anchorsOfIssuer([N, ...others], [O])).toEqual([O]);
    expect(await generate(forward)).toMatchObject({ root: { fingerprint: T.fingerprint } });
    cluster.pods.length = 0; // what proxies have to show is not the matter here
    await addTarget(forward);
    await writeIssuer('crossover', forward);
    await writeIssuer('new', forward);
    expect(anchorsOfIssuer([first(ISSUER)], [O, T])).toEqual([T]);
    forget(T);
    await finish('completed', forward);
    expect(fingerprints(ROOT)).toEqual([T.fingerprint]);
    expect(cluster.bundle).toEqual([T.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 3 });
  });

  it('is refused where the root before it has ended, with what to do', async () => {
    const O = first(ROOT);
    cluster.end(ROOT);
    cluster.addPod('web', [O]);
    cluster.renew(ROOT);
    cluster.renew(ISSUER);
    const held = fingerprints(ISSUER);
    await expect(generate(forward)).rejects.toMatchObject({ type: 'RootUndriven' });
    expect(fingerprints(ISSUER)).toEqual(held);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 2 });
  });

  it('is refused where the key of the root before it is not at hand, until identity works under the new one', async () => {
    const { O, T } = renewed();
    const held = cluster.objects.get(`Secret/${PREVIOUS}`);
    cluster.put(`Secret/${PREVIOUS}`, { ...held, data: { 'tls.crt': held?.data?.['tls.crt'] ?? '' } });
    const refused = generate(forward);
    await expect(refused).rejects.toMatchObject({ type: 'RootUndriven' });
    await expect(refused).rejects.toThrow('has no key in the Secret of the previous root');
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 2 });
    cluster.addIdentity([O, T]);
    expect((await generate(forward)).retire.map(({ fingerprint }) => fingerprint)).toEqual([T.fingerprint]);
  });

  it('is one like any other where every proxy trusts it', async () => {
    const O = first(ROOT);
    cluster.renew(ROOT);
    const T = first(ROOT);
    cluster.addPod('web', [O, T]);
    cluster.renew(ISSUER);
    const { retire } = await generate(forward);
    expect(retire.map(({ fingerprint }) => fingerprint)).toEqual([T.fingerprint]);
    expect(cluster.issued[ROOT]).toBe(3);
  });
});
