import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubernetes, type Kubernetes } from '../../../../src/kubernetes/client.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-connection-'));
const seen: IncomingMessage[] = [];
const connections = new Set<Socket>();
let taken: (token: string) => boolean;
/** An API server that takes some tokens. */
const server = createServer((request, response) => {
  seen.push(request);
  const status = taken(request.headers.authorization ?? '') ? 200 : 401;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify(status === 200 ? { metadata: { name: 'x' } } : { kind: 'Status', message: 'Unauthorized' }),
  );
});
server.on('connection', (socket) => void connections.add(socket));
server.on('upgrade', (request, socket) => {
  seen.push(request);
  const status = taken(request.headers.authorization ?? '') ? '403 Forbidden' : '401 Unauthorized';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
});

beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  seen.length = 0;
  connections.clear();
  taken = () => true;
});

function client(user: object): Kubernetes {
  const kubeconfig = path.join(folder, 'config');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return createKubernetes({ kubeconfig, timeoutMs: 3000 });
}

/** A plugin whose token is `token-<how often it has been asked>`. */
function plugin(): { user: object; asked: () => number } {
  const calls = path.join(folder, `calls-${Math.random()}`);
  const command = path.join(folder, 'plugin.sh');
  const apiVersion = 'client.authentication.k8s.io/v1';
  writeFileSync(
    command,
    `#!/bin/sh\necho >> ${calls}\nprintf '{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":{"token":"token-%d"}}' $(wc -l < ${calls})\n`,
  );
  chmodSync(command, 0o755);
  return {
    user: { exec: { apiVersion, command } },
    asked: () => (existsSync(calls) ? readFileSync(calls, 'utf8').length : 0),
  };
}

const read = async (k8s: Kubernetes): Promise<unknown> => await k8s.core.readNamespace({ name: 'x' });
const forward = async (k8s: Kubernetes): Promise<unknown> =>
  await k8s.portForward.portForward('x', 'y', [4191], new PassThrough(), null, new PassThrough());
const authorizations = (): unknown[] => seen.map(({ headers }) => headers.authorization);
const valuesOf = (name: string): string[] =>
  seen.flatMap(({ rawHeaders }) =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name),
  );

describe('a request that is refused as not signed in', () => {
  it('is sent once more, with what the plugin gives then', async () => {
    const { user, asked } = plugin();
    const k8s = client(user);
    await read(k8s);
    taken = (token) => token !== 'Bearer token-1';
    await Promise.all([read(k8s), read(k8s), read(k8s)]);
    expect(asked()).toBe(2);
    expect(authorizations().at(-1)).toBe('Bearer token-2');
  });
  it('and refused again says to sign in, and may succeed later', async () => {
    const { user, asked } = plugin();
    taken = () => false;
    const k8s = client(user);
    const failure = { kind: 'SignIn', transient: true, message: expect.stringContaining('sign in again') as string };
    await expect(read(k8s)).rejects.toMatchObject(failure);
    await expect(read(k8s)).rejects.toMatchObject(failure);
    expect(asked(), 'not again at once').toBe(2);
  });
  it('with what nobody renews is refused as before', async () => {
    taken = () => false;
    await expect(read(client({ token: 'fixed' }))).rejects.toMatchObject({ kind: 'Unauthorized', transient: false });
    expect(seen).toHaveLength(1);
  });
  it('is a port-forward like others', async () => {
    const { user, asked } = plugin();
    taken = (token) => token !== 'Bearer token-1';
    await expect(forward(client(user))).rejects.toThrow('Unexpected server response: 403');
    expect(asked()).toBe(2);
    expect(authorizations()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });
});

describe('a connection', () => {
  it('is kept for all requests, until a certificate has changed', async () => {
    const file = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
    file('client.crt', 'one');
    file('client.key', 'one');
    const k8s = client({ 'client-certificate': 'client.crt', 'client-key': 'client.key' });
    for (let time = 0; time < 10; time += 1) await read(k8s);
    const kept = connections.size;
    expect(kept, 'of ten requests').toBeLessThan(5);
    file('client.crt', 'two');
    await read(k8s);
    expect(connections.size).toBe(kept + 1);
  });
  it('acts as whom the kubeconfig says, each value by itself', async () => {
    const k8s = client({ token: 't', as: 'jane', 'as-groups': ['a', 'b, c'], 'as-user-extra': { s: ['1', '2'] } });
    for (const send of [read, forward]) {
      seen.length = 0;
      await send(k8s).catch(() => undefined);
      expect(valuesOf('impersonate-user')).toEqual(['jane']);
      expect(valuesOf('impersonate-group')).toEqual(['a', 'b, c']);
      expect(valuesOf('impersonate-extra-s')).toEqual(['1', '2']);
      expect(valuesOf('authorization')).toEqual(['Bearer t']);
    }
  });
  it('has a name and a password, as before', async () => {
    await read(client({ username: 'me', password: 'secret' }));
    expect(authorizations()).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`]);
  });
});

describe('a kubeconfig that cannot be honoured', () => {
  it.each([
    [{ 'auth-provider': { name: 'gcp' } }, 'has auth-provider gcp, which kubectl knows no longer either'],
    [{ 'auth-provider': { name: 'oidc', config: {} }, as: 'jane' }, 'cannot act as another with that'],
    [{ token: 't', 'as-groups': ['a'] }, 'without `as`'],
  ])('is refused: %j', (user, message) => {
    expect(() => client(user)).toThrow(message);
  });
});
