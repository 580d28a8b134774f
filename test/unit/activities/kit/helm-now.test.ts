import { describe, expect, it } from 'vitest';
import { helmUpgrade } from '../../../../activities/kit/helm-now.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { layoutD } from '../../../../src/linkerd/layouts/layout-d.js';
import { toSec1Pem } from '../../../../src/pki/key.js';
import { carryOut, clusterWith, newRotation, next, old, step } from '../cluster.js';

const LINKERD = {
  namespace: 'linkerd',
  version: 'edge-26.6.3',
  layout: layoutD,
  anchors: layoutD.anchors,
  scheme: 'linkerd.io/tls',
  installedBy: 'helm',
} as unknown as Linkerd;

const issuerOf = (of: typeof old) => ({
  certificatePem: of.issuer.certificate.pem,
  keyPem: toSec1Pem(of.issuer.privateKey),
});

describe('where Helm gets the key of the issuer that is shown', () => {
  it.each([
    ['from the issuer Secret', old, undefined, 'linkerd-identity-issuer', String.raw`key\.pem`],
    ['in a rotation, of the start', old, newRotation(), 'reroot-rotation', String.raw`previous\.tls\.key`],
    ['in a rotation, the new one', next, newRotation(), 'reroot-rotation', String.raw`tls\.key`],
    [
      'in a rotation, from the issuer Secret where that is of somebody else',
      next,
      newRotation({ issuerPem: old.issuer.certificate.pem, issuerKeyPem: issuerOf(old).keyPem }),
      'linkerd-identity-issuer',
      String.raw`key\.pem`,
    ],
  ])('%s', async (_where, issuer, rotation, secret, key) => {
    const { k8s } = clusterWith({ issuer: issuerOf(issuer), ...(rotation ? { rotation } : {}) });
    const { keyFlag } = (await helmUpgrade(k8s, LINKERD)) ?? {};
    expect(keyFlag).toContain(`get secret ${secret} -o jsonpath='{.data.${key}}'`);
  });
});

it('the files of the issuer Secret keep their ending, so that Helm finds them as it would write them', async () => {
  for (const ending of ['', '\n']) {
    const cluster = clusterWith({ bundle: [old.root.certificate, next.root.certificate], rotation: newRotation() });
    const { certificatePem, keyPem } = issuerOf(old);
    const data = {
      'crt.pem': encode(certificatePem.trimEnd() + ending),
      'key.pem': encode(keyPem.trimEnd() + ending),
    };
    cluster.put('Secret/linkerd-identity-issuer', { data });
    await carryOut(cluster, ({ writeIssuer }) => writeIssuer, { ...step(), state: 'new' as const });
    expect(cluster.text('Secret/linkerd-identity-issuer', 'crt.pem')).toBe(
      issuerOf(next).certificatePem.trimEnd() + ending,
    );
    expect(cluster.text('Secret/linkerd-identity-issuer', 'key.pem')).toBe(issuerOf(next).keyPem.trimEnd() + ending);
  }
});
