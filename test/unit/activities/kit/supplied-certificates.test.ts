import { describe, expect, it } from 'vitest';
import { suppliedFacts } from '../../../../activities/kit/supplied-certificates.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { rulesOf } from '../../../../src/linkerd/versions.js';
import { toSec1Pem } from '../../../../src/pki/key.js';
import { authority, crossCertified } from '../../support.js';

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

async function facts(secret: Record<string, string>, version = 'edge-26.6.3', oldAnchors = [other.root.certificate]) {
  const linkerd = { namespace: 'linkerd', trustDomain: 'x', version, rules: rulesOf(version) } as Linkerd;
  const certificates = { secret: 'mine' };
  const found = await suppliedFacts(cluster(secret), linkerd, { certificates }, oldAnchors);
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
    expect((await facts(whole, 'edge-26.6.3', [twin])).reasons).toEqual(['SameKeyAsOldRoot']);
  });
  it('are named when the Secret does not hold them, and the key of the root is then not known to be missing', async () => {
    const { reasons, messages, hasRootKey } = await facts({ 'ca.crt': whole['ca.crt'] });
    expect(reasons).toEqual(['SuppliedSecretUnfit']);
    expect(messages.join()).toContain('Secret linkerd/mine');
    expect(hasRootKey).toBeUndefined();
  });
});
