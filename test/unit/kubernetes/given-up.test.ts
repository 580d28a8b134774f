import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKubernetes, type Kubernetes } from '../../../src/kubernetes/client.js';
import { isServed } from '../../../src/kubernetes/custom.js';
import { isKubernetesError } from '../../../src/kubernetes/errors.js';
import { listAll } from '../../../src/kubernetes/list.js';

/** Whose request it is: as an activity's context is for a worker. */
const whose = new AsyncLocalStorage<AbortController>();
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-given-up-'));
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: ReturnType<typeof createServer>;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function client(requestsPerSecond = 50, user: object = { token: 'token' }): Kubernetes {
  const kubeconfig = path.join(folder, 'config');
  const cluster = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'insecure-skip-tls-verify': true,
  };
  const config = {
    ...{
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    },
    ...{ clusters: [{ name: 'c', cluster }], users: [{ name: 'u', user }] },
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return createKubernetes({
    kubeconfig,
    requestsPerSecond,
    timeoutMs: 60_000,
    givenUp: () => whose.getStore()?.signal,
  });
}

const json = (body: object) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const never = () => undefined;
const REASON = new Error('nobody waits for it');

/** Work of somebody who gives it up as soon as `when` holds. */
async function givenUp<T>(work: () => Promise<T>, when: () => boolean): Promise<unknown> {
  const controller = new AbortController();
  const failed = whose.run(controller, work).then(
    (result) => ({ result }),
    (error: unknown) => error,
  );
  await vi.waitFor(() => expect(when()).toBe(true));
  controller.abort(REASON);
  return await failed;
}

const readSecret = async (k8s: Kubernetes) => await k8s.core.readNamespacedSecret({ name: 's', namespace: 'linkerd' });
const patchSecret = async (k8s: Kubernetes) =>
  await k8s.core.patchNamespacedSecret({ name: 's', namespace: 'linkerd', body: [] });

describe('a request that nobody waits for any longer', { timeout: 10_000 }, () => {
  it('is not sent', async () => {
    const k8s = client();
    const controller = new AbortController();
    controller.abort(REASON);
    await expect(whose.run(controller, async () => await readSecret(k8s))).rejects.toBe(REASON);
    expect(asked).toEqual([]);
  });
  it('ends at once while the server does not answer, and its connection with it', async () => {
    let closed = false;
    answer = (request) => void request.socket.once('close', () => (closed = true));
    expect(
      await givenUp(
        async () => await readSecret(client()),
        () => asked.length === 1,
      ),
    ).toBe(REASON);
    await vi.waitFor(() => expect(closed).toBe(true));
  });
  it('ends at once in the middle of an answer', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"kind":');
    };
    expect(
      await givenUp(
        async () => await readSecret(client()),
        () => asked.length === 1,
      ),
    ).toBe(REASON);
  });
  it('ends at once while it waits for its turn, and is not sent later', async () => {
    answer = json({});
    const k8s = client(1);
    await readSecret(k8s);
    expect(
      await givenUp(
        async () => await patchSecret(k8s),
        () => true,
      ),
    ).toBe(REASON);
    await readSecret(k8s); // the turn after that
    expect(asked.map((one) => one.split(' ')[0])).toEqual(['GET', 'GET']);
  });
  it('ends at once while a plugin signs in', async () => {
    const exec = {
      ...{ apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command: process.execPath },
      args: ['-e', 'setTimeout(() => undefined, 8000)'],
    };
    const begun = Date.now();
    const k8s = client(50, { exec });
    expect(
      await givenUp(
        async () => await readSecret(k8s),
        () => Date.now() > begun + 50,
      ),
    ).toBe(REASON);
    expect(asked).toEqual([]);
  });
  it('gives no other page of a list', async () => {
    answer = json({ items: [], metadata: { continue: 'more' } });
    const k8s = client(1000);
    const list = async () =>
      await listAll(
        async (page) => await k8s.core.listPodForAllNamespaces(page),
        () => undefined,
      );
    expect(await givenUp(list, () => asked.length > 3)).toBe(REASON);
    const { length } = asked;
    await readSecret(k8s);
    expect(asked.length).toBeLessThanOrEqual(length + 2);
  });
  it('is answered where it writes', async () => {
    let written = false;
    answer = (_, response) =>
      void setTimeout(() => {
        written = true;
        json({ metadata: { name: 's' } })(_, response);
      }, 300);
    expect(
      await givenUp(
        async () => await patchSecret(client()),
        () => asked.length === 1,
      ),
    ).toMatchObject({
      result: { metadata: { name: 's' } },
    });
    expect(written).toBe(true);
  });
  it('ends within seconds where it writes and has no answer', async () => {
    answer = never;
    expect(
      await givenUp(
        async () => await patchSecret(client()),
        () => asked.length === 1,
      ),
    ).toBe(REASON);
  });
  it('fails nobody else who has waited for the same answer', async () => {
    const k8s = client();
    const resource = { group: 'g', version: 'v1', plural: 'things' };
    answer = never;
    const first = givenUp(
      async () => await isServed(k8s, resource),
      () => asked.length === 1,
    );
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    const second = isServed(k8s, resource);
    answer = json({ resources: [{ name: 'things' }] });
    expect(await first).toBe(REASON);
    expect(await second).toBe(true);
  });
  it('of nobody who may give it up fails as ever', async () => {
    answer = (request) => void request.socket.destroy();
    const error = await readSecret(client()).catch((thrown: unknown) => thrown);
    expect(isKubernetesError(error, 'Network')).toBe(true);
  });
});
