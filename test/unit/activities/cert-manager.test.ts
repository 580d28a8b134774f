import { beforeEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import type { GenerateResult, StepInput } from '../../../src/rotation/payloads.js';
import type { CourseRef } from '../../../src/rotation/courses/index.js';
import { anchorsOfIssuer } from '../../../src/pki/issuer-anchors.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import type { HandOff } from '../../../src/rotation/hand-off.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { parseRotationSecret } from '../../../src/records/rotation-secret.js';
import { toPkcs8Pem } from '../../../src/pki/key.js';
import { authority } from '../support.js';
import { findKey } from '../../key-search.js';
import { BY_CERT_MANAGER, CertManagerCluster, keysOf } from './cert-manager.js';
import { carryOut, leaseOfHolder, step } from './cluster.js';

const ROOT = 'linkerd-trust-anchor';
const PREVIOUS = 'linkerd-previous-anchor';
const ISSUER = 'linkerd-identity-issuer';

// it waits for what others do
vi.setConfig({ testTimeout: 30_000 });

let cluster: CertManagerCluster;
let O: Certificate;
let A: Certificate;
beforeEach(() => {
  cluster = new CertManagerCluster();
  cluster.put('Lease/reroot', leaseOfHolder({ 'workflow-id': 'mine', 'run-id': 'run-1' }));
  [O, A] = [certificate(ROOT), certificate(ISSUER)];
});

function certificate(name: string): Certificate {
  const [first] = cluster.chain(name);
  if (!first) throw new Error(`${name} is empty`);
  return first;
}

const { settings } = step();
const input = (course: Partial<CourseRef> = {}): StepInput =>
  step({ owners: BY_CERT_MANAGER, settings: { ...settings, approvals: 'none' } }, course);
const back = (): StepInput => input({ direction: 'back' });
const generate = async (): Promise<GenerateResult> =>
  await carryOut(cluster, (activities) => activities.generate, input());
const addTarget = async (given = input()) => await carryOut(cluster, (activities) => activities.addTarget, given);
const writeIssuer = async (state: 'previous' | 'bridge' | 'crossover' | 'new', given = input()) =>
  await carryOut(cluster, (activities) => activities.writeIssuer, { ...given, state });
const dropRetired = async (given = input()) => await carryOut(cluster, (activities) => activities.dropRetired, given);
const finish = async (outcome: RotationReport['outcome'], given = input()) =>
  await carryOut(cluster, (activities) => activities.finish, {
    ...given,
    report: { outcome, approvals: [], waivers: [], phases: [], finishedAt: new Date().toISOString() } as never,
  });
const fingerprints = (name: string) => cluster.chain(name).map(({ fingerprint }) => fingerprint);
const rootsOf = (name: string, roots: Certificate[]) => {
  const [first, ...others] = cluster.chain(name);
  return first ? anchorsOfIssuer([first, ...others], roots).map(({ fingerprint }) => fingerprint) : [];
};

describe('the new root of cert-manager', () => {
  it('is made by renewing its Certificate, once, and signs for those that trust the old one alone as well', async () => {
    const made = await generate();
    expect(made.issuer).toBeUndefined();
    expect(made.retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 1 });
    expect(fingerprints(PREVIOUS)).toEqual([O.fingerprint, made.root.fingerprint]);
    const [cross] = cluster.chain(ROOT);
    expect(cross?.fingerprint).not.toBe(made.root.fingerprint);
    expect(cluster.bundle).toEqual([O.fingerprint, made.root.fingerprint, cross?.fingerprint]);
    expect(await generate()).toEqual(made);
    expect(cluster.issued[ROOT]).toBe(2);
    for (const key of keysOf(cluster)) expect(findKey(JSON.stringify(made), key)).toBeUndefined();
  });

  it('is what was renewed already, by a try that died before it was recorded', async () => {
    cluster.renew(ROOT);
    const T = certificate(ROOT);
    const made = await generate();
    expect(made.root.fingerprint).toBe(T.fingerprint);
    expect(cluster.issued[ROOT]).toBe(2);
    expect(rotation().previous.rootKeyPem).toBeDefined();
  });

  it('is refused before anything is renewed where the key would stay', async () => {
    cluster.certificates.get(ROOT)!.spec['privateKey'] = { rotationPolicy: 'Never' };
    await expect(generate()).rejects.toMatchObject({ type: 'RootKeyUnchanged' });
    expect(cluster.issued[ROOT]).toBe(1);
  });
});

function rotation() {
  return parseRotationSecret(cluster.objects.get('Secret/reroot-rotation') as never);
}

describe('a bridge by the means of cert-manager', () => {
  it('goes to its end with no certificate issued but root and issuer', async () => {
    const { root } = await generate();
    const T = rotation().root;
    await addTarget();
    await writeIssuer('bridge');
    expect(cluster.chain(ISSUER)[0]?.fingerprint).toBe(A.fingerprint);
    expect(cluster.chain(ISSUER)).toHaveLength(2);
    await writeIssuer('crossover');
    expect(cluster.chain(ISSUER)[1]?.fingerprint).toBe(A.fingerprint);
    cluster.put(`Secret/${PREVIOUS}`, {
      data: { ...cluster.objects.get(`Secret/${PREVIOUS}`)?.data, 'tls.crt': encode(T.pem) },
    });
    await writeIssuer('new');
    expect(cluster.chain(ISSUER)).toHaveLength(1);
    expect(rootsOf(ISSUER, [O, T])).toEqual([root.fingerprint]);
    expect(fingerprints(ROOT)).toEqual([root.fingerprint]);
    const { made } = await finish('completed');
    expect(made?.newIssuer?.fingerprint).toBe(certificate(ISSUER).fingerprint);
    expect(fingerprints(PREVIOUS)).toEqual([root.fingerprint]);
    expect(cluster.bundle).toEqual([root.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 2, [ISSUER]: 2 });
    expect(cluster.objects.get('Secret/reroot-rotation')?.data).toEqual({});
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O, T])).toEqual([root.fingerprint]);
  });

  it.each(['addTarget', 'bridge', 'crossover'] as const)('survives a renewal of the issuer after %s', async (after) => {
    await generate();
    const T = rotation().root;
    await addTarget();
    if (after !== 'addTarget') await writeIssuer(after);
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O, T])).toEqual([O.fingerprint, T.fingerprint]);
    const early = fingerprints(ISSUER);
    await addTarget();
    await writeIssuer('bridge');
    await writeIssuer('crossover');
    expect(fingerprints(ISSUER)).toEqual(early);
    await writeIssuer('new');
    expect(fingerprints(ISSUER)).toEqual(early.slice(0, 1));
  });

  it('takes an issuer up that was renewed under the old root', async () => {
    await generate();
    const { previous } = rotation();
    cluster.put(`Secret/${ROOT}`, cluster.objects.get(`Secret/${ROOT}`) ?? {});
    // signed a moment before the root changed
    const renewed = underStart(previous);
    await addTarget();
    expect(rotation().previous.issuer.fingerprint).toBe(renewed);
    await writeIssuer('bridge');
    expect(cluster.chain(ISSUER)[0]?.fingerprint).toBe(renewed);
    expect(cluster.chain(ISSUER)).toHaveLength(2);
  });

  it('puts its root back where that is renewed again in the middle', async () => {
    const { root } = await generate();
    await addTarget();
    cluster.renew(ROOT);
    expect(cluster.bundle).toEqual(expect.arrayContaining([O.fingerprint, root.fingerprint]));
    const X = certificate(ROOT).fingerprint;
    await addTarget();
    expect(cluster.bundle).not.toContain(X);
    expect(certificate(ROOT).publicKeyDer.equals(rotation().root.publicKeyDer)).toBe(true);
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O, rotation().root])).toHaveLength(2);
  });
});

describe('the way back by the means of cert-manager', () => {
  it.each([
    ['nothing else', async () => undefined],
    ['a renewal of the issuer under the new root', async () => cluster.renew(ISSUER)],
  ])('ends in the certificates of the start, after %s', async (_what, happens) => {
    const issuer = certificate(ISSUER);
    await generate();
    await addTarget();
    await writeIssuer('bridge');
    await happens();
    await addTarget(back());
    await writeIssuer('previous', back());
    await dropRetired(back());
    await finish('aborted', back());
    expect(fingerprints(ROOT)).toEqual([O.fingerprint]);
    expect(fingerprints(PREVIOUS)).toEqual([O.fingerprint]);
    expect(cluster.bundle).toEqual([O.fingerprint]);
    expect(fingerprints(ISSUER)).toEqual([issuer.fingerprint]);
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O])).toEqual([O.fingerprint]);
  });

  it('undoes a renewal that came to nothing before it was recorded', async () => {
    cluster.renew(ROOT);
    await carryOut(cluster, (activities) => activities.discard, input());
    expect(fingerprints(ROOT)).toEqual([O.fingerprint]);
    expect(cluster.bundle).toEqual([O.fingerprint]);
  });
});

describe('what ends before its time', () => {
  it('has the issuer of the start put back, and its Certificate renews as ever, for all to verify', async () => {
    const { fingerprint } = certificate(ISSUER);
    await generate();
    const T = rotation().root;
    await addTarget();
    await writeIssuer('bridge');
    expect(await carryOut(cluster, (activities) => activities.putBack, input())).toEqual({
      putBack: true,
      changed: true,
    });
    expect(fingerprints(ISSUER)).toEqual([fingerprint]);
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O, T])).toEqual([O.fingerprint, T.fingerprint]);
  });
});

describe('the issuer alone', () => {
  const alone = (course: Partial<CourseRef> = {}) => input({ strategy: 'issuer', ...course });

  it('is renewed under the root in use, and nothing else is', async () => {
    const before = certificate(ISSUER);
    const made = await carryOut(cluster, (activities) => activities.generate, alone());
    expect(made).toMatchObject({ retire: [], root: { fingerprint: O.fingerprint } });
    await writeIssuer('new', alone());
    await writeIssuer('new', alone());
    expect(cluster.issued).toEqual({ [ROOT]: 1, [ISSUER]: 2 });
    expect(certificate(ISSUER).publicKeyDer.equals(before.publicKeyDer)).toBe(false);
    const { made: said } = await finish('completed', alone());
    expect(said?.newIssuer?.fingerprint).toBe(certificate(ISSUER).fingerprint);
  });

  it('goes back to the one of the start', async () => {
    const before = fingerprints(ISSUER);
    await carryOut(cluster, (activities) => activities.generate, alone());
    await writeIssuer('new', alone());
    await writeIssuer('previous', alone({ direction: 'back' }));
    await finish('aborted', alone({ direction: 'back' }));
    expect(fingerprints(ISSUER)).toEqual(before);
    expect(cluster.issued[ISSUER]).toBe(2);
  });

  it('is not renewed under a root that nobody has been told of', async () => {
    await carryOut(cluster, (activities) => activities.generate, alone());
    cluster.renew(ROOT);
    await expect(writeIssuer('new', alone())).rejects.toMatchObject({ type: 'RootRenewed' });
    expect(cluster.issued[ISSUER]).toBe(1);
  });
});

describe('a root that is outside the cluster', () => {
  it('signs the issuer once somebody has pointed the Issuer at it, and that is waited for', async () => {
    cluster.outside = true;
    const T = authority('vault');
    const { certificate: root, privateKey } = T.root;
    cluster.put('Secret/mine', { data: { 'ca.crt': encode(root.pem) } });
    const owners = { ...BY_CERT_MANAGER, bundle: { kind: 'reroot' as const } };
    const given = step(
      { owners, settings: { ...settings, approvals: 'none', certificates: { secret: 'mine' } } },
      { strategy: 'standard' },
    );
    const made = await carryOut(cluster, (activities) => activities.generate, given);
    expect(made).toMatchObject({ root: { fingerprint: root.fingerprint } });
    expect(made.issuer).toBeUndefined();
    const held = [cluster.objects.get(`Secret/${ROOT}`), A.fingerprint];
    const { handOff } = await writeIssuer('new', given);
    expect(handOff?.todo).toContain('cmctl renew -n linkerd linkerd-identity-issuer');
    expect(handOff?.for).toContain('linkerd/linkerd-identity-issuer');
    expect([cluster.objects.get(`Secret/${ROOT}`), certificate(ISSUER).fingerprint]).toEqual(held);
    cluster.objects.set(`Secret/${ROOT}`, {
      data: { 'tls.crt': encode(root.pem), 'tls.key': encode(toPkcs8Pem(privateKey)), 'ca.crt': encode(root.pem) },
    });
    cluster.issue(ISSUER);
    expect((await writeIssuer('new', given)).handOff).toBeUndefined();
    expect(rotation().issuer?.fingerprint).toBe(certificate(ISSUER).fingerprint);
  });
});

describe('a root that a person has made, in the CA Secret of the Issuer', () => {
  const owners = { ...BY_CERT_MANAGER, bundle: { kind: 'reroot' as const } };
  const given = (course: Partial<CourseRef> = {}) =>
    step({ owners, settings: { ...settings, approvals: 'none' } }, course);
  beforeEach(() => {
    cluster.byHand = true;
    cluster.hasBundle = false;
    cluster.requests.delete(ROOT);
    const { data = {} } = cluster.objects.get(`Secret/${ROOT}`) ?? {};
    cluster.objects.set(`Secret/${ROOT}`, { data });
  });

  /** What `reroot hand-off -o patch | sh` does. */
  function written(handOff: HandOff | undefined): void {
    const { data = {} } = cluster.objects.get(`Secret/${ROOT}`) ?? {};
    const next = { ...data };
    for (const { key, value, privateKey } of handOff?.places ?? []) {
      next[key] = encode(value);
      const from = cluster.objects.get(`Secret/${privateKey?.secret}`)?.data ?? {};
      if (privateKey) next[privateKey.into] = from[privateKey.key] ?? '';
    }
    cluster.objects.set(`Secret/${ROOT}`, { data: next });
  }

  const bundleIs = (...roots: Certificate[]) => {
    const pem = roots.map(({ pem: text }) => text).join('');
    cluster.objects.set('ConfigMap/linkerd-identity-trust-roots', {
      metadata: { resourceVersion: 'x' },
      data: { 'ca-bundle.crt': pem },
    });
  };

  async function toCrossover(): Promise<Certificate> {
    const made = await carryOut(cluster, (activities) => activities.generate, given());
    expect(made.issuer).toBeUndefined();
    expect(made.retire.map(({ fingerprint }) => fingerprint)).toEqual([O.fingerprint]);
    for (const key of keysOf(cluster)) expect(findKey(JSON.stringify(made), key)).toBeUndefined();
    await addTarget(given());
    await writeIssuer('bridge', given());
    await writeIssuer('crossover', given());
    const { root } = rotation();
    bundleIs(root);
    return root;
  }

  it('is made here, asked to be put there with its key, and the issuer is renewed then', async () => {
    const T = await toCrossover();
    expect(fingerprints(ROOT)).toEqual([O.fingerprint]);
    const { handOff } = await writeIssuer('new', given());
    expect(handOff?.for).toContain('Secret cert-manager/linkerd-trust-anchor');
    expect(handOff?.difference).toEqual([expect.stringContaining('tls.crt holds root.linkerd.cluster.local')]);
    expect(handOff?.places?.[0]?.privateKey).toMatchObject({ secret: 'reroot-rotation', key: 'ca.key' });
    for (const key of keysOf(cluster)) expect(findKey(JSON.stringify(handOff), key)).toBeUndefined();
    expect(cluster.issued[ISSUER]).toBe(1);
    written(handOff);
    expect((await writeIssuer('new', given())).handOff).toBeUndefined();
    expect(rootsOf(ISSUER, [O, T])).toEqual([T.fingerprint]);
    expect(cluster.issued).toEqual({ [ROOT]: 1, [ISSUER]: 2 });
    await finish('completed', given());
    expect(cluster.objects.get('Secret/reroot-rotation')?.data).toEqual({});
    expect(Object.keys(cluster.objects.get('Secret/reroot-trust-root')?.data ?? {})).toEqual(['ca.crt']);
    cluster.renew(ISSUER);
    expect(rootsOf(ISSUER, [O, T])).toEqual([T.fingerprint]);
  });

  it('is seen by the issuer where its Secret may not be read', async () => {
    cluster.forbidden = `Secret/${ROOT}`;
    const T = await toCrossover();
    const { handOff } = await writeIssuer('new', given());
    expect(handOff?.difference).toEqual([expect.stringContaining('has not signed')]);
    expect(handOff?.todo).toContain('cmctl renew -n linkerd linkerd-identity-issuer');
    written(handOff);
    expect((await writeIssuer('new', given())).handOff).toBeDefined();
    cluster.issue(ISSUER);
    expect((await writeIssuer('new', given())).handOff).toBeUndefined();
    expect(rootsOf(ISSUER, [O, T])).toEqual([T.fingerprint]);
  });

  it.each(['crossover', 'new'] as const)(
    'has an issuer that was renewed under the root of the start certified by the new one, in %s',
    async (state) => {
      const T = await toCrossover();
      cluster.issue(ISSUER);
      const renewed = certificate(ISSUER);
      expect(rootsOf(ISSUER, [T])).toEqual([]);
      const { handOff } = await writeIssuer(state, given());
      expect(handOff === undefined).toBe(state === 'crossover');
      expect(rootsOf(ISSUER, [T])).toEqual([T.fingerprint]);
      expect(certificate(ISSUER).publicKeyDer.equals(renewed.publicKeyDer)).toBe(true);
      expect(cluster.chain(ISSUER)[1]?.fingerprint).toBe(renewed.fingerprint);
    },
  );

  it('goes back to its Secret first on the way back, with the key that was in it', async () => {
    const before = cluster.text(`Secret/${ROOT}`, 'tls.key');
    const ca = cluster.text(`Secret/${ISSUER}`, 'ca.crt');
    await carryOut(cluster, (activities) => activities.generate, given({ strategy: 'standard' }));
    await addTarget(given({ strategy: 'standard' }));
    written((await writeIssuer('new', given({ strategy: 'standard' }))).handOff);
    await writeIssuer('new', given({ strategy: 'standard' }));
    const wayBack = given({ strategy: 'standard', direction: 'back' });
    const { handOff } = await writeIssuer('previous', wayBack);
    expect(handOff?.for).toContain('the root of the start and its key again');
    expect(handOff?.places?.[0]?.privateKey).toMatchObject({ secret: 'reroot-rotation', key: 'previous.ca.key' });
    expect(certificate(ISSUER).fingerprint).not.toBe(A.fingerprint);
    written(handOff);
    expect(cluster.text(`Secret/${ROOT}`, 'tls.key')).toBe(before);
    expect(cluster.text(`Secret/${ISSUER}`, 'ca.crt')).not.toBe(ca);
    expect((await writeIssuer('previous', wayBack)).handOff).toBeUndefined();
    expect(certificate(ISSUER).fingerprint).toBe(A.fingerprint);
    expect(cluster.text(`Secret/${ISSUER}`, 'ca.crt')).toBe(ca);
  });

  it('does not keep the issuer of the start from going back when the rotation is over', async () => {
    await carryOut(cluster, (activities) => activities.generate, given({ strategy: 'standard' }));
    await addTarget(given({ strategy: 'standard' }));
    written((await writeIssuer('new', given({ strategy: 'standard' }))).handOff);
    await writeIssuer('new', given({ strategy: 'standard' }));
    const { putBack } = await carryOut(cluster, (activities) => activities.putBack, given({ strategy: 'standard' }));
    expect(putBack).toBe(true);
    expect(certificate(ISSUER).fingerprint).toBe(A.fingerprint);
  });
});

/** The issuer's Certificate, renewed while its CA was the root of the start still. */
function underStart({ rootKeyPem = '' }: { rootKeyPem?: string }): string {
  const held = cluster.objects.get(`Secret/${ROOT}`) ?? {};
  const previous = { data: { 'tls.crt': encode(O.pem), 'tls.key': encode(rootKeyPem), 'ca.crt': encode(O.pem) } };
  cluster.objects.set(`Secret/${ROOT}`, previous);
  cluster.issue(ISSUER);
  cluster.objects.set(`Secret/${ROOT}`, held);
  return certificate(ISSUER).fingerprint;
}
