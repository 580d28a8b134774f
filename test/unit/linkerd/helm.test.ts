import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { encode } from '../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import type { Linkerd } from '../../../src/linkerd/detect.js';
import { changedAnchorsHash, helmNames, readHelmUpgrade } from '../../../src/linkerd/helm.js';
import { layoutA } from '../../../src/linkerd/layouts/layout-a.js';
import { layoutD } from '../../../src/linkerd/layouts/layout-d.js';
import { authority } from '../support.js';

const [old, next] = [authority('old'), authority('next')];
const [O, N] = [old.root.certificate.pem, next.root.certificate.pem];
const issuer = old.issuer.certificate.pem;

interface Stored {
  /** As linkerd-config has the values. */
  anchors: string;
  certificate?: string;
  /** What the control plane reads. */
  roots: string;
  /** As the issuer Secret has it. */
  secret: string;
}

function cluster({ anchors, certificate, roots, secret }: Stored): Kubernetes {
  const crt =
    certificate === undefined ? '' : `\nidentity:\n  issuer:\n    tls:\n      crtPEM: ${JSON.stringify(certificate)}`;
  const configMaps: Record<string, Record<string, string>> = {
    'linkerd-config': {
      values: `identityTrustAnchorsPEM: ${JSON.stringify(anchors)}${crt}\n`,
      global: JSON.stringify({ identityContext: { trustAnchorsPem: roots } }),
    },
    'linkerd-identity-trust-roots': { 'ca-bundle.crt': roots },
  };
  const absent = new KubernetesError({ kind: 'NotFound', request: 'read', message: 'not found' });
  return {
    core: {
      readNamespacedConfigMap: async ({ name }: { name: string }) => {
        const data = configMaps[name];
        return data ? await Promise.resolve({ data }) : await Promise.reject(absent);
      },
      readNamespacedSecret: async ({ name }: { name: string }) =>
        name === 'linkerd-identity-issuer'
          ? await Promise.resolve({ data: { 'crt.pem': encode(secret), 'key.pem': encode('KEY') } })
          : await Promise.reject(absent),
    },
  } as unknown as Kubernetes;
}

function linkerd(change: Partial<Linkerd> = {}): Linkerd {
  return {
    namespace: 'linkerd',
    version: 'edge-26.6.3',
    layout: layoutD,
    anchors: (change.layout ?? layoutD).anchors,
    scheme: 'linkerd.io/tls',
    installedBy: 'helm',
    ...change,
  } as Linkerd;
}

const STORED: Stored = { anchors: O, certificate: issuer, roots: O.trimEnd(), secret: issuer.trimEnd() };
const values = async (stored: Stored, of: Linkerd = linkerd()) =>
  parse((await readHelmUpgrade(cluster(stored), of))?.values ?? 'null') as unknown;

describe('the values that keep a release in step', () => {
  it.each([
    ['with a newline at their end', O, issuer],
    ['without', O.trimEnd(), issuer.trimEnd()],
    ['with a comment', `# of the team\n${O}`, issuer],
  ])('are those that linkerd-config has, to the byte: %s', async (_how, anchors, certificate) => {
    expect(await values({ ...STORED, anchors, certificate })).toEqual({
      identityTrustAnchorsPEM: anchors,
      identity: { issuer: { tls: { crtPEM: certificate } } },
    });
  });

  it('are what the control plane reads, where linkerd-config has something else', async () => {
    expect(await values({ ...STORED, roots: O + N })).toMatchObject({ identityTrustAnchorsPEM: O + N });
    expect(await values({ ...STORED, secret: next.issuer.certificate.pem })).toMatchObject({
      identity: { issuer: { tls: { crtPEM: next.issuer.certificate.pem } } },
    });
  });

  it('are none of the bundle with `identity.externalCA`, and none of the issuer with kubernetes.io/tls', async () => {
    expect(await values({ ...STORED, anchors: '' })).toEqual({ identity: { issuer: { tls: { crtPEM: issuer } } } });
    const tls = linkerd({ scheme: 'kubernetes.io/tls' });
    expect(await values(STORED, tls)).toEqual({ identityTrustAnchorsPEM: O });
    expect(await readHelmUpgrade(cluster({ ...STORED, anchors: '' }), tls)).toBeUndefined();
  });

  it('are none where Helm is not at work', async () => {
    expect(await readHelmUpgrade(cluster(STORED), linkerd({ installedBy: 'cli' }))).toBeUndefined();
  });

  it('are named as they were in Linkerd 2.7 and 2.8', async () => {
    const of = (version: string) => linkerd({ layout: layoutA, version });
    const stored = { ...STORED, roots: O };
    expect(await values(stored, of('stable-2.7.1'))).toEqual({
      Identity: { TrustAnchorsPEM: O, Issuer: { TLS: { CrtPEM: issuer } } },
    });
    expect(await values(stored, of('stable-2.8.1'))).toMatchObject({ global: { identityTrustAnchorsPEM: O } });
  });

  it('come without the key, and with the place where it is', async () => {
    const upgrade = await readHelmUpgrade(cluster(STORED), linkerd());
    expect(JSON.stringify(upgrade)).not.toContain('KEY');
    expect(upgrade?.keyFlag).toContain('get secret linkerd-identity-issuer');
  });
});

it('the values that would bring old certificates back are named', async () => {
  expect(await helmNames(cluster(STORED), linkerd())).toEqual([
    'identityTrustAnchorsPEM',
    'identity.issuer.tls.crtPEM',
    'identity.issuer.tls.keyPEM',
  ]);
  const tls = linkerd({ scheme: 'kubernetes.io/tls' });
  expect(await helmNames(cluster({ ...STORED, anchors: '' }), tls)).toEqual([]);
});

describe('the hash of the anchors in the templates of the control plane', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hash = async (stored: Stored, of = linkerd()) =>
    await changedAnchorsHash(cluster(stored), of, { add: [next.root.certificate] });

  it('is of the value as it will be, with or without its newline', async () => {
    expect(await hash(STORED)).toBe(sha256(O + N));
    expect(await hash({ ...STORED, anchors: O.trimEnd() })).toBe(sha256((O + N).trimEnd()));
    expect(await hash({ ...STORED, anchors: O + N })).toBe(sha256(O + N));
  });

  it('is left alone with `identity.externalCA`, and where Helm is not at work', async () => {
    expect(await hash({ ...STORED, anchors: '' })).toBeUndefined();
    expect(await hash(STORED, linkerd({ installedBy: 'cli' }))).toBeUndefined();
  });
});
