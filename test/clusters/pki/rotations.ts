import { expect } from 'vitest';
import { toPkcs8Pem } from '../../../src/pki/key.js';
import { readBundle } from '../../../src/pki/bundle.js';
import { expectNoRefusal, type OwnMesh, ownMesh, seenThrough, supply } from '../../integration/own-mesh.js';
import type { Row } from '../row.js';
import { caOf, path, pems } from './hierarchy.js';

/** Whole rotations, each of a mesh of its own. */

type Install = Parameters<typeof ownMesh>[0];

async function inOwnMesh(options: Install, see: (own: OwnMesh) => Promise<string>): Promise<string> {
  const own = await ownMesh(options);
  try {
    await own.sandbox.mesh.setProbe({ reset: true });
    const line = await see(own);
    await expectNoRefusal(own);
    return line;
  } finally {
    await own.stop();
  }
}

const namesIn = (text = '') => readBundle(text).certificates.map(({ commonName }) => commonName);

export const rotations: readonly Row[] = [
  {
    report: 3,
    have: 'An issuer under an intermediate in use, to be rotated by `bridge`',
    does: 'rotates: the bridge certificate stands beside the whole chain, and nobody is refused',
    made: 'API server, Temporal server, stand-in: a mesh with issuer and intermediate in its Secret; a whole rotation',
    see: async () =>
      await inOwnMesh({ certificates: 'intermediate' }, async (own) => {
        const start = namesIn((await own.secret('linkerd-identity-issuer'))['crt.pem']);
        expect(start).toEqual(['identity.linkerd.cluster.local', 'intermediate.linkerd.cluster.local']);
        const { outcome, oldRoots } = await seenThrough(await own.start({ strategy: 'bridge' }));
        expect(outcome).toBe('completed');
        const { bundle } = await own.certificates();
        expect(bundle).toHaveLength(1);
        return `${outcome} by bridge: ${start.length} certificates in the Secret at the start, ${oldRoots.length} root retired, no handshake refused`;
      }),
  },
  {
    report: 3,
    have: 'The same by `standard`, and the new issuer is under an intermediate too',
    does: 'rotates: every proxy presents the new chain',
    made: 'API server, Temporal server, stand-in: the same mesh, and a Secret with root, issuing CA and issuer',
    see: async () =>
      await inOwnMesh({ certificates: 'intermediate', issuer: 'kubernetes' }, async (own) => {
        const root = caOf('new corporate root');
        const issuing = caOf('new issuing CA', { under: root });
        const issuer = caOf('identity.linkerd.cluster.local', { under: issuing, ...path(0) });
        await supply(own, 'my-certificates', {
          'ca.crt': pems(root),
          'tls.crt': `# ours\n${pems(issuer, issuing)}\n`,
          'tls.key': toPkcs8Pem(issuer.key),
        });
        const input = { strategy: 'standard', approvals: 'none', certificates: { secret: 'my-certificates' } } as const;
        const { outcome } = await seenThrough(await own.start(input));
        expect(outcome).toBe('completed');
        const { proxies } = await own.sandbox.mesh.status();
        const [one, two] = [issuer.certificate.fingerprint, issuing.certificate.fingerprint];
        expect(proxies.every(({ chain }) => chain[1] === one && chain[2] === two)).toBe(true);
        expect((await own.certificates()).bundle).toEqual([root.certificate.fingerprint]);
        return `${outcome} by standard: ${proxies.length} proxies present leaf, issuer and issuing CA; no handshake refused`;
      }),
  },
  {
    report: 11,
    have: 'A root of P-384 in use, which is why they rotate',
    does: 'rotates, with a warning',
    made: 'API server, Temporal server, stand-in: a mesh with such a root; a whole rotation',
    see: async () =>
      await inOwnMesh({ certificates: 'p384' }, async (own) => {
        const { outcome, oldRoots } = await seenThrough(await own.start({ strategy: 'standard', approvals: 'none' }));
        expect(outcome).toBe('completed');
        return `${outcome} by standard: ${oldRoots.length} root of P-384 retired, no handshake refused`;
      }),
  },
];
