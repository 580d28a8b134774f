import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../src/kubernetes/base64.js';
import { LAST_APPLIED } from '../../../src/kubernetes/last-applied.js';
import { toSec1Pem } from '../../../src/pki/key.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const KEY = toSec1Pem(old.issuer.privateKey);
const OVERRIDES = `identity:
  issuer:
    tls:
      crtPEM: |
        ${old.issuer.certificate.pem.trimEnd().replaceAll('\n', '\n        ')}
      keyPEM: |
        ${KEY.trimEnd().replaceAll('\n', '\n        ')}
`;

/** As `linkerd install | kubectl apply` leaves a Secret. */
function apply(cluster: FakeCluster, name: string, data: Record<string, string>): void {
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { annotations: {}, name }, data };
  cluster.put(`Secret/${name}`, {
    metadata: { annotations: { [LAST_APPLIED]: `${JSON.stringify(manifest)}\n`, kept: 'yes' } },
    data,
  });
}

/** Every text in the cluster, decoded once and twice. */
function everything(cluster: FakeCluster): string {
  const decoded = (text: string) =>
    text.replaceAll(/[A-Za-z0-9+/]{40,}={0,2}/g, (encoded) => `${encoded} ${decode(encoded)}`);
  return decoded(decoded(JSON.stringify([...cluster.objects])));
}

describe('an issuer that replaces another', () => {
  it('leaves the old key in no Secret of Linkerd: what `kubectl apply` keeps of it goes with the same write', async () => {
    const cluster = clusterWith({ bundle: [O, T], rotation: newRotation() });
    apply(cluster, 'linkerd-identity-issuer', {
      'crt.pem': encode(old.issuer.certificate.pem),
      'key.pem': encode(KEY),
    });
    apply(cluster, 'linkerd-config-overrides', { 'linkerd-config-overrides': encode(OVERRIDES) });
    await carryOut(cluster, ({ writeIssuer }) => writeIssuer, { ...step(), state: 'new' as const });
    expect(cluster.writes.slice(1)).toEqual([
      'patch Secret/linkerd-identity-issuer',
      'patch Secret/linkerd-config-overrides',
    ]);
    cluster.objects.delete('Secret/reroot-rotation'); // the way back
    const body = KEY.split('\n')[1] ?? '';
    expect(everything(cluster)).not.toContain(body.slice(0, 60));
    const { annotations = {} } = cluster.objects.get('Secret/linkerd-identity-issuer')?.metadata ?? {};
    expect(JSON.parse(annotations[LAST_APPLIED] ?? '')).toMatchObject({
      data: { 'crt.pem': encode(old.issuer.certificate.pem) },
    });
    expect(annotations['kept']).toBe('yes');
  });
});
