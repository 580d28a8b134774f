import { describe, expect, it } from 'vitest';
import { suppliedFacts } from '../../../../activities/kit/supplied-certificates.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { rulesOf } from '../../../../src/linkerd/versions.js';
import { basicConstraints, createIssuer, createRoot, keyUsage } from '../../../../src/pki/issue.js';
import { toSec1Pem } from '../../../../src/pki/key.js';
import { make } from '../../../hostile/certificates.js';
import { authority, crossCertified, DAY_MS } from '../../support.js';

const { root, issuer } = authority();
const other = authority();
const whole = {
  'ca.crt': root.certificate.pem,
  'ca.key': toSec1Pem(root.privateKey),
  'tls.crt': issuer.certificate.pem,
  'tls.key': toSec1Pem(issuer.privateKey),
};

/** A cluster that holds one Secret. */
function cluster(secret: Record<string, string>): Kubernetes {
  const data = Object.fromEntries(Object.entries(secret).map(([key, text]) => [key, encode(text)]));
  return { core: { readNamespacedSecret: async () => await Promise.resolve({ data }) } } as unknown as Kubernetes;
}

async function facts(
  secret: Record<string, string>,
  version = 'edge-26.6.3',
  { oldAnchors = [other.root.certificate], isRootEnough = false } = {},
) {
  const linkerd = { namespace: 'linkerd', trustDomain: 'x', version, rules: rulesOf(version) } as Linkerd;
  const certificates = { secret: 'mine' };
  const found = await suppliedFacts(cluster(secret), linkerd, { certificates, isRootEnough }, oldAnchors);
  const { problems, hasRootKey } = found ?? { problems: [] };
  return {
    reasons: problems.map(({ reason }) => reason),
    messages: problems.map(({ message }) => message),
    hasRootKey,
  };
}

const { 'ca.key': _, ...keyless } = whole;

describe("the user's own certificates", () => {
  it('are not looked for when the input names none', async () => {
    expect(await suppliedFacts(cluster({}), {} as Linkerd, {}, [])).toBeUndefined();
  });
  it('are a root with its key and an issuer with its key', async () => {
    expect(await facts(whole)).toMatchObject({ reasons: [], hasRootKey: true });
  });
  it('are the root alone where cert-manager makes the issuer', async () => {
    const rootAlone = { 'ca.crt': root.certificate.pem };
    expect((await facts(rootAlone)).reasons).toEqual(['SuppliedSecretUnfit']);
    expect(await facts(rootAlone, undefined, { isRootEnough: true })).toMatchObject({ reasons: [], hasRootKey: false });
  });
  it('may come without the key of the root', async () => {
    expect(await facts(keyless)).toMatchObject({ reasons: [], hasRootKey: false });
  });
  it('obey the rules of every authority', async () => {
    const wrongKeys = { ...whole, 'ca.key': toSec1Pem(other.root.privateKey), 'tls.key': toSec1Pem(root.privateKey) };
    expect((await facts(wrongKeys)).reasons).toEqual(['RootKeyMismatch', 'IssuerKeyMismatch']);
  });
  it('obey the rules of the version of Linkerd', async () => {
    expect((await facts(whole, 'stable-2.7.1')).reasons).toEqual(['IssuerName']);
  });
  it('may not bring the key of an anchor in use as a new root', async () => {
    const twin = crossCertified(root.certificate, other.root);
    expect((await facts(whole, 'edge-26.6.3', { oldAnchors: [twin] })).reasons).toEqual(['SameKeyAsOldRoot']);
  });
  it('may be an issuer under an intermediate, which stands behind it', async () => {
    const corporate = createRoot({ commonName: 'corporate', validForMs: 400 * DAY_MS, pathLength: 2 });
    const signer = { issuer: corporate.certificate.subjectDer, signer: corporate.privateKey };
    const extensions = [basicConstraints(1), keyUsage()];
    const notAfter = new Date(Date.now() + 300 * DAY_MS);
    const sub = make({ subject: 'issuing CA', ...signer, extensions, notAfter });
    const under = createIssuer({
      root: sub.certificate,
      rootKey: sub.privateKey,
      commonName: 'identity.linkerd.x',
      validForMs: 200 * DAY_MS,
    });
    const own = {
      'ca.crt': corporate.certificate.pem,
      'tls.crt': under.certificate.pem + sub.certificate.pem,
      'tls.key': toSec1Pem(under.privateKey),
    };
    expect((await facts(own)).reasons).toEqual([]);
    expect((await facts({ ...own, 'tls.crt': under.certificate.pem })).reasons).toEqual(['IssuerNotUnderRoot']);
  });
  it.each(['tls.key', 'ca.key'])(
    'are told of a key that nobody can read, once, and of what else is wrong: %s',
    async (name) => {
      const wrong = { ...whole, 'ca.crt': whole['ca.crt'], [name]: 'SECRET' };
      const { reasons, messages } = await facts(wrong, 'stable-2.7.1');
      expect(reasons).toEqual(['KeyUnreadable', 'IssuerName']);
      expect(messages[0]).toContain(`the private key in ${name} is no PEM`);
      expect(messages.join()).not.toContain('SECRET');
    },
  );
  it('are named when the Secret does not hold them, and the key of the root is then not known to be missing', async () => {
    const { reasons, messages, hasRootKey } = await facts({ 'ca.crt': whole['ca.crt'] });
    expect(reasons).toEqual(['SuppliedSecretUnfit']);
    expect(messages.join()).toContain('Secret linkerd/mine');
    expect(hasRootKey).toBeUndefined();
  });
});
