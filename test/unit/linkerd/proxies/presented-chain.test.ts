import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { readPresentedChain } from '../../../../src/linkerd/proxies/presented-chain.js';
import { dnsName, encodeName, issue } from '../../../../src/pki/issue.js';
import { toPkcs8Pem } from '../../../../src/pki/key.js';
import { authority, crossCertified, LEAF_NAME, leafUnder } from '../../support.js';

const servers: net.Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

const a = authority();
const t = authority();
const leaf = leafUnder(a.issuer);
const presented = [leaf.certificate, a.issuer.certificate, crossCertified(a.issuer.certificate, t.root)];

const withNames = (names: string[]) =>
  issue({
    ...{ subjectDer: encodeName('long'), issuerDer: encodeName('long'), publicKeyDer: leaf.certificate.publicKeyDer },
    ...{ signingKey: leaf.privateKey, notBefore: new Date(0), notAfter: new Date(), extensions: [dnsName(...names)] },
  });

async function serve(server: net.Server): Promise<net.Socket> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
}

function tlsServer(options: tls.TlsOptions, chain = presented): net.Server {
  const server = tls.createServer({
    key: toPkcs8Pem(leaf.privateKey),
    cert: chain.map(({ pem }) => pem).join(''),
    ...options,
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  return server;
}

const options = { servername: LEAF_NAME, timeoutMs: 2000 };

describe('readPresentedChain', () => {
  it.each([
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
    ['TLS 1.3 with AES-128', { ciphers: 'TLS_AES_128_GCM_SHA256' }],
    ['TLS 1.3 with AES-256', { ciphers: 'TLS_AES_256_GCM_SHA384' }],
    ['TLS 1.3 with ChaCha20', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
    ['TLS 1.3 with X25519 alone', { ecdhCurve: 'X25519' }],
    ['TLS 1.3 with P-256 alone', { ecdhCurve: 'P-256' }],
    ['TLS 1.2 with P-256 alone', { ecdhCurve: 'P-256', maxVersion: 'TLSv1.2' }],
    ['TLS 1.2 with ChaCha20', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }],
    ['TLS 1.2 with a client certificate asked for', { maxVersion: 'TLSv1.2', requestCert: true }],
    ['a server that asks for a client certificate', { requestCert: true, rejectUnauthorized: false }],
  ] as const)('reads every certificate in order, also two of one key: %s', async (_what, serverOptions) => {
    const stream = await serve(tlsServer(serverOptions));
    const { chain } = await readPresentedChain(stream, options);
    expect(chain.map(({ der }) => der)).toEqual(presented.map(({ der }) => der));
    expect(stream.destroyed).toBe(true);
  });

  it('asks by name, and hears when the name is refused', async () => {
    const names: string[] = [];
    const certificate = { key: toPkcs8Pem(leaf.privateKey), cert: leaf.certificate.pem };
    const known = tls.createSecureContext(certificate);
    const SNICallback: tls.TlsOptions['SNICallback'] = (name, done) => {
      names.push(name);
      done(null, name === LEAF_NAME ? known : undefined);
    };
    const { protocol } = await readPresentedChain(await serve(tlsServer({ SNICallback })), options);
    expect([protocol, names]).toEqual(['TLSv1.3', [LEAF_NAME]]);
    const refusing = net.createServer((socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112])));
    await expect(readPresentedChain(await serve(refusing), options)).rejects.toMatchObject({
      ...{ reason: 'NoTls', message: 'it ended the handshake: unrecognized name' },
    });
  });

  it.each([
    ['a cipher', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA' }],
    ['a group', { ecdhCurve: 'P-521' }],
  ] as const)('says when there is no %s in common', async (_what, serverOptions) => {
    await expect(readPresentedChain(await serve(tlsServer(serverOptions)), options)).rejects.toMatchObject({
      ...{ reason: 'NoTls', message: expect.stringMatching(/handshake/) },
    });
  });

  it('opens another handshake for each proxy', async () => {
    const hellos: Buffer[] = [];
    for (let count = 0; count < 2; count += 1) {
      const server = net.createServer((socket) =>
        socket.once('data', (bytes) => void (hellos.push(bytes), socket.end())),
      );
      await expect(readPresentedChain(await serve(server), options)).rejects.toMatchObject({ reason: 'NoTls' });
    }
    expect(hellos[0]?.equals(hellos[1] ?? Buffer.alloc(0))).toBe(false);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('reads chains longer than one record: %s', async (maxVersion) => {
    const names = Array.from({ length: 150 }, (_, index) => `a-name-to-make-it-long-${index}.example.org`);
    const long = [leaf.certificate, ...Array.from({ length: 4 }, () => withNames(names))];
    const { chain } = await readPresentedChain(await serve(tlsServer({ maxVersion }, long)), options);
    expect(chain.map(({ der }) => der.length).reduce((sum, length) => sum + length)).toBeGreaterThan(20_000);
    expect(chain).toHaveLength(5);
  });

  it('says when there is no TLS, no answer, or an early end', async () => {
    const http = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(readPresentedChain(await serve(http), options)).rejects.toMatchObject({ reason: 'NoTls' });
    const closing = net.createServer((socket) => socket.once('data', () => socket.end()));
    await expect(readPresentedChain(await serve(closing), options)).rejects.toMatchObject({ name: 'ProbeError' });
    const silent = net.createServer(() => undefined);
    await expect(readPresentedChain(await serve(silent), { ...options, timeoutMs: 100 })).rejects.toMatchObject({
      reason: 'Timeout',
    });
  });
});
