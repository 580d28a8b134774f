import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encode } from '../../../src/kubernetes/base64.js';
import {
  type AnsweredRequest,
  type ClientOptions,
  createKubernetes,
  type Kubernetes,
} from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { isLostRace } from '../../../src/kubernetes/patch.js';
import { generateKey, toSec1Pem } from '../../../src/pki/key.js';
import { findKey, textOfError } from '../../key-search.js';

const KEY = toSec1Pem(generateKey());

let folder: string;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'reroot-client-'));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function client(
  user: object = { token: 'token' },
  cluster: object = { 'insecure-skip-tls-verify': true },
  options: ClientOptions = {},
): Kubernetes {
  const kubeconfig = path.join(folder, 'config');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: address, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return createKubernetes({ kubeconfig, timeoutMs: 3000, ...options });
}

const patch = async (k8s: Kubernetes): Promise<unknown> =>
  await k8s.core
    .patchNamespacedSecret({
      name: 'linkerd-identity-issuer',
      namespace: 'linkerd',
      body: [{ op: 'replace', path: '/data/key.pem', value: encode(KEY) }],
    })
    .catch((error: unknown) => error);
const read = async (k8s: Kubernetes): Promise<unknown> =>
  await k8s.core
    .readNamespacedSecret({ name: 'linkerd-identity-issuer', namespace: 'linkerd' })
    .catch((error: unknown) => error);

const status = (code: number, message: string, reason = 'Invalid') =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
const json = (code: number, text: string) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(text);
};

describe('what fails about a Secret', () => {
  const bytes = [...Buffer.from(KEY)];
  const quoting: [string, number, string][] = [
    ['the value that was sent', 422, status(422, `Secret "x" is invalid: data: Invalid value: "${encode(KEY)}"`)],
    ['a webhook that quotes the object', 403, status(403, `admission webhook "a.b" denied the request: ${KEY}`)],
    ['bytes as Go prints them', 500, status(500, `panic: &Secret{Data: map[key.pem:[${bytes.join(' ')}]]}`)],
    ['bytes in hexadecimal', 400, status(400, `cannot decode ${Buffer.from(KEY).toString('hex')}`)],
    ['the request in plain text', 400, `bad request: ${encode(KEY)}`],
    ['a page of a proxy with the request', 502, `<html>${KEY}</html>`],
    ['a conflict that quotes', 409, status(409, `conflict with "${KEY}"`, 'Conflict')],
    ['a policy that quotes', 422, status(422, `ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${KEY}`)],
    ['a redirect with a body', 307, status(307, KEY)],
    ['a code that nobody expects', 299, KEY],
  ];
  it.each(quoting)('does not repeat %s', async (_what, code, text) => {
    answer = json(code, text);
    for (const error of [await patch(client()), await read(client())]) {
      expect(error).toBeInstanceOf(KubernetesError);
      expect(findKey(textOfError(error), KEY)).toBeUndefined();
      expect(String(error)).toMatch(/NamespacedSecret linkerd\/linkerd-identity-issuer: \S/);
    }
  });
  it.each([
    ['is cut off', `{"data":{"key.pem":"${encode(KEY)}`],
    ['is not JSON', `data: ${KEY}`],
    ['is short and not JSON', encode(KEY).slice(120, 140)],
  ])('does not repeat an answer that %s', async (_what, text) => {
    answer = json(200, text);
    const error = await read(client());
    expect(error).toBeInstanceOf(KubernetesError);
    expect(findKey(textOfError(error), KEY)).toBeUndefined();
  });
  it('does not repeat an answer of a kind that it does not read', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(KEY);
    };
    expect(findKey(textOfError(await read(client())), KEY)).toBeUndefined();
  });
  it('does not repeat credentials that cannot be sent, or that a program gives', async () => {
    answer = json(200, '{}');
    const printing = (text: string, code: number) => ({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: process.execPath,
        args: [
          '-e',
          `process.stdout.write(${JSON.stringify(text)});console.error(${JSON.stringify(text)});process.exitCode=${code}`,
        ],
      },
    });
    for (const user of [{ token: `a\n${KEY}` }, printing(KEY, 0), printing(KEY, 1), printing(`{"status": ${KEY}`, 0)]) {
      const error = await read(client(user));
      expect(error).toBeInstanceOf(KubernetesError);
      expect(findKey(textOfError(error), KEY)).toBeUndefined();
      expect(String(error)).toContain('try `kubectl` with the same kubeconfig');
    }
  });

  it.each([
    [422, 'Invalid', 'the server rejected our request due to an error in our request'],
    [422, 'Invalid', 'testing value /metadata/resourceVersion failed: test failed'],
    [409, 'Conflict', 'Operation cannot be fulfilled on secrets "x": the object has been modified; please apply'],
  ])('is a lost race as before: %i %s %s', async (code, reason, message) => {
    answer = json(code, status(code, message, reason));
    expect(isLostRace(await patch(client()))).toBe(true);
  });
  it.each([
    [
      403,
      'secrets "x" is forbidden: User "system:serviceaccount:reroot:reroot" cannot patch resource "secrets" in API group "" in the namespace "linkerd"',
    ],
    [404, 'secrets "linkerd-identity-issuer" not found'],
    [403, 'admission webhook "validate.kyverno.svc" denied the request'],
    [422, "ValidatingAdmissionPolicy 'reroot' with binding 'reroot' denied request"],
  ])('says who refuses what: %i %s', async (code, message) => {
    answer = json(code, status(code, `${message}: and more ${KEY}`));
    const text = textOfError(await patch(client()));
    expect(text).toContain(message);
    expect(findKey(text, KEY)).toBeUndefined();
  });
});

describe('what fails about anything else', () => {
  it('is told in the words of the server', async () => {
    answer = json(422, status(422, 'Deployment.apps "web" is invalid: spec.x: Forbidden: may not be so'));
    const error: unknown = await client()
      .apps.patchNamespacedDeployment({ name: 'web', namespace: 'shop', body: [] })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('patchNamespacedDeployment shop/web: Deployment.apps "web" is invalid: spec.x');
  });
  it('is told by its code where nobody answers', async () => {
    const k8s = client();
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    const error = await read(k8s);
    expect(error).toMatchObject({ kind: 'Network', transient: true });
    expect(String(error)).toContain('ECONNREFUSED');
  });
});

describe('a kubeconfig', () => {
  it.each([
    ['quotes', `users: [{name: u, user: {client-key-data: "${encode(KEY)}}}]`],
    ['indentation', `users:\n - client-key-data: |\n${KEY}`],
    ['a tab', `a:\n\t${encode(KEY)}`],
    ['a mapping in a scalar', `key: ${encode(KEY)}: x: y`],
  ])('that is not YAML is not quoted: %s', (_what, text) => {
    const kubeconfig = path.join(folder, 'broken');
    writeFileSync(kubeconfig, text);
    let error: unknown;
    try {
      createKubernetes({ kubeconfig });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    expect(findKey(textOfError(error), KEY)).toBeUndefined();
    expect(String(error)).toContain(kubeconfig);
  });
});

describe('who wants to count requests', () => {
  it('hears of each how it was answered, without a name in it; and what was sent is counted as before', async () => {
    const heard: AnsweredRequest[] = [];
    const onAnswer = (answered: AnsweredRequest) => void heard.push(answered);
    const k8s = client(undefined, undefined, { onAnswer });
    answer = ({ method }, response) => {
      if (method === 'PATCH') response.destroy();
      else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    };
    await read(k8s);
    await patch(k8s);
    expect(heard).toEqual([
      { verb: 'GET', resource: 'secrets', code: '404' },
      { verb: 'PATCH', resource: 'secrets', code: 'error' },
    ]);
    expect(Object.fromEntries(k8s.requests)).toEqual({ 'GET secrets': 1, 'PATCH secrets': 1 });
  });
});
