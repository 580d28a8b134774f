import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import { createKubernetes } from '../../../src/kubernetes/client.js';
import { toPkcs8Pem } from '../../../src/pki/key.js';
import { clusterAccess, refuseUnverified } from '../../../worker/access.js';
import { readWorkerConfig } from '../../../worker/config.js';
import { startWorker } from '../../../worker/run.js';
import { authority, leafUnder } from '../support.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-access-'));
const { root, issuer } = authority('stranger');
const leaf = leafUnder(issuer, { name: 'localhost' });
const received: string[] = [];
/** Somebody who answers as API server, with a certificate of his own. */
const stranger = createServer(
  { cert: leaf.certificate.pem + issuer.certificate.pem, key: toPkcs8Pem(leaf.privateKey) },
  (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      received.push(body);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{}');
    });
  },
);

beforeAll(async () => await new Promise<void>((resolve) => stranger.listen(0, 'localhost', resolve)));
afterAll(() => {
  stranger.closeAllConnections();
  stranger.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  received.length = 0;
});

function kubeconfig(name: string, cluster: object): string {
  const file = path.join(folder, name);
  const server = `https://localhost:${(stranger.address() as AddressInfo).port}`;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const VERIFIED = () => kubeconfig('verified', {});
const SKIPPED = () => kubeconfig('skipped', { 'insecure-skip-tls-verify': true });

async function sendKey(file: string): Promise<unknown> {
  const body = { metadata: { name: 'x' }, data: { key: encode('the key') } };
  return await createKubernetes({ kubeconfig: file, timeoutMs: 3000 })
    .core.createNamespacedSecret({ namespace: 'linkerd', body })
    .catch((error: unknown) => error);
}

describe('somebody who answers as API server', () => {
  it('gets nothing where his certificate is verified, and what he is said to be is true', async () => {
    expect(await sendKey(VERIFIED())).toMatchObject({ kind: 'Network' });
    expect(received).toEqual([]);
    expect(createKubernetes({ kubeconfig: VERIFIED() }).unverified).toBeUndefined();
    const known = kubeconfig('known', { 'certificate-authority-data': encode(root.certificate.pem) });
    await sendKey(known);
    expect(received).toHaveLength(1);
  });
  it.each([
    ['insecure-skip-tls-verify', SKIPPED, undefined],
    ['NODE_TLS_REJECT_UNAUTHORIZED=0', VERIFIED, '0'],
  ])('would get a key with %s: no worker starts with that', async (cause, file, variable) => {
    if (variable !== undefined) vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', variable);
    await sendKey(file());
    expect(received).toHaveLength(1);
    const env = { KUBECONFIG: file(), TEMPORAL_ADDRESS: 'localhost:1' };
    const config = readWorkerConfig(env);
    await expect(startWorker(config, env, pino({ enabled: false }))).rejects.toThrow(cause);
    expect(received).toHaveLength(1);
  });
  it('is believed where a person has said so, and it is said in the log', async () => {
    const env = { KUBECONFIG: SKIPPED(), TEMPORAL_ADDRESS: 'localhost:1', REROOT_UNVERIFIED_API_SERVER: 'accept' };
    const config = readWorkerConfig(env);
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    await expect(startWorker(config, env, log)).rejects.not.toThrow('insecure-skip-tls-verify'); // no Temporal there
    expect(lines.join()).toContain('private keys go to whoever answers there');
    expect(refuseUnverified(clusterAccess(config, env).k8s, config)).toContain('insecure-skip-tls-verify');
  });
  it('needs https', () => {
    const file = kubeconfig('plain', { server: 'http://api.example:8080' });
    expect(() => createKubernetes({ kubeconfig: file })).toThrow('its server has no TLS (http://api.example:8080)');
  });
});
