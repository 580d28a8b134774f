import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import { issue, dnsName, encodeName, spki, createRoot } from '../../../src/pki/issue.js';
import { generateKey, toSec1Pem } from '../../../src/pki/key.js';
import type { TemporalConfig } from '../../../src/temporal/config.js';
import { connectionTrouble, metText, refusalText } from '../../../src/temporal/trouble.js';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

const ca = createRoot({ commonName: 'ca', validForMs: 3_600_000 });
function signed(name: string): { cert: string; key: string } {
  const key = generateKey();
  const { pem } = issue({
    subjectDer: encodeName(name),
    issuerDer: ca.certificate.subjectDer,
    publicKeyDer: spki(key),
    signingKey: ca.privateKey,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [dnsName('localhost')],
  });
  return { cert: pem, key: toSec1Pem(key) };
}

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return `localhost:${(server.address() as AddressInfo).port}`;
}

const config = (address: string, connectionOptions: TemporalConfig['connectionOptions'] = {}): TemporalConfig => ({
  address,
  namespace: 'prod',
  connectionOptions: { address, ...connectionOptions },
});
const NO_WORDS = new Error('Failed to connect before the deadline');
const trouble = async (address: string, options?: TemporalConfig['connectionOptions']) =>
  await connectionTrouble(NO_WORDS, config(address, options));
const trusted = { serverRootCACertificate: Buffer.from(ca.certificate.pem) };

describe('where a client says only that it could not connect', () => {
  const plainServer = () => createServer((socket) => socket.on('error', () => undefined).end('no TLS here\r\n'));
  const tlsServer = (options: object = {}) =>
    createTlsServer({ ...signed('server'), ALPNProtocols: ['h2'], ...options }, (socket) =>
      socket.on('error', () => undefined),
    ).on('tlsClientError', () => undefined);

  it('says that nobody is there', async () => {
    expect(await trouble('localhost:1')).toMatch(/^no Temporal server answers at localhost:1 \(ECONNREFUSED\)/);
    expect(await trouble('no-such-host.invalid:7233')).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
  it('says that the server wants TLS', async () => {
    expect(await trouble(await listening(tlsServer()))).toContain('wants TLS, and none is configured');
  });
  it('says that the server has none', async () => {
    expect(await trouble(await listening(plainServer()), { tls: true })).toContain('speaks no TLS');
  });
  it('says that its certificate is not trusted, and goes past one that is', async () => {
    const address = await listening(tlsServer());
    expect(await trouble(address, { tls: true })).toMatch(/is not trusted \(\w+\): name its CA/);
    expect(await trouble(address, { tls: trusted })).toContain('Failed to connect before the deadline');
  });
  it('says that it wants a client certificate, or another one', async () => {
    const address = await listening(tlsServer({ requestCert: true, rejectUnauthorized: true, ca: ca.certificate.pem }));
    expect(await trouble(address, { tls: trusted })).toContain('wants a client certificate');
    const mine = signed('me');
    const clientCertPair = { crt: Buffer.from(mine.cert), key: Buffer.from(mine.key) };
    expect(await trouble(address, { tls: { ...trusted, clientCertPair } })).toContain('before the deadline');
  });
});

describe('where the server has refused', () => {
  const grpc = (code: number, message: string) =>
    Object.assign(new Error(message), { code, details: '', metadata: {} });
  it('names the namespace that it does not have, and how to make it', () => {
    const text = refusalText(new NamespaceNotFoundError('prod'), config('t:7233'));
    expect(text).toContain('Temporal server t:7233 has no namespace prod');
    expect(text).toContain('`temporal operator namespace create --namespace prod');
    expect(refusalText(grpc(5, 'Namespace prod is not found.'), config('prod.a1b2c.tmprl.cloud:7233'))).toContain(
      'the account behind it',
    );
  });
  it.each([
    [{}, 'it wants credentials'],
    [{ apiKey: 'k' }, 'the API key (TEMPORAL_API_KEY, or the profile)'],
    [{ tls: { clientCertPair: { crt: Buffer.of(), key: Buffer.of() } } }, 'the client certificate may be'],
  ])('says which of the credentials %o it was', (options, words) => {
    const denied = new ServiceError('Failed to describe workflow', { cause: grpc(7, 'Request unauthorized.') });
    const text = refusalText(denied, config('t:7233', options));
    expect(text).toContain('does not let us into namespace prod: Request unauthorized.');
    expect(text).toContain(words);
  });
  it('reads the code of the worker’s own connection, which is in the error itself', () => {
    const said = Object.assign(new ServiceError('Namespace prod is not found.'), {
      code: 5,
      details: '',
      metadata: {},
    });
    expect(refusalText(said, config('t:7233'))).toContain('has no namespace prod');
  });
  it('knows the words of the Rust core, which gives no code', () => {
    const said =
      "Failed to call GetSystemInfo: code: 'The caller does not have permission to execute the specified operation'";
    expect(refusalText(new Error(said), config('t:7233'))).toContain('does not let us into namespace prod');
    expect(refusalText(grpc(14, 'unavailable'), config('t:7233'))).toBeUndefined();
  });
});

it('says that a client certificate is not taken', () => {
  const given = config('t:7233', { tls: { clientCertPair: { crt: Buffer.of(), key: Buffer.of() } } });
  expect(metText({ kind: 'wantsCertificate', why: 'ALERT' }, given, '')).toContain(
    'does not take the client certificate',
  );
});
