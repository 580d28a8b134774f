import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKubernetes, type Kubernetes } from '../../../src/kubernetes/client.js';
import { type Mirror, mirror, type Source } from '../../../src/kubernetes/mirror.js';

/** What is kept of an object here. */
interface Thing {
  uid: string;
  size: number;
}

let folder: string;
let server: Server;
let k8s: Kubernetes;
let watches: { version: string; response: ServerResponse }[];
let refuse: { status: number; body: string } | undefined;
let listed: { items: Thing[]; resourceVersion: string };
let lists: number;
let over: AbortController;

beforeEach(async () => {
  [watches, refuse, lists] = [[], undefined, 0];
  listed = { items: [{ uid: 'a', size: 1 }], resourceVersion: '10' };
  over = new AbortController();
  folder = mkdtempSync(path.join(tmpdir(), 'reroot-mirror-'));
  server = createServer(({ url = '' }, response) => {
    if (refuse) {
      response.writeHead(refuse.status).end(refuse.body);
      return;
    }
    const { searchParams } = new URL(url, 'http://server');
    response.writeHead(200).flushHeaders();
    watches.push({ version: searchParams.get('resourceVersion') ?? '', response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  k8s = client();
});
afterEach(() => {
  over.abort();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function client(): Kubernetes {
  const kubeconfig = path.join(folder, 'config');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'token' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return createKubernetes({ kubeconfig, timeoutMs: 3000 });
}

function things(): Mirror<Thing> {
  const source: Source<Thing> = {
    path: '/api/v1/things',
    list: async () => {
      lists += 1;
      return await Promise.resolve(listed);
    },
    read: (object) => {
      const { metadata: { uid = '' } = {}, size } = object as { metadata?: { uid?: string }; size: number };
      return size > 0 ? { uid, size } : undefined;
    },
  };
  return mirror(k8s, source, over.signal);
}

const event = (type: string, uid: string, size: number, resourceVersion: string): string =>
  `${JSON.stringify({ type, object: { metadata: { uid, resourceVersion }, size } })}\n`;
const opened = async (count: number): Promise<ServerResponse> => {
  await vi.waitFor(() => expect(watches).toHaveLength(count), 10_000);
  return watches[count - 1]!.response;
};
const sizes = async (of: Mirror<Thing>): Promise<Record<string, number>> =>
  Object.fromEntries((await of.look()).map(({ uid, size }) => [uid, size]));
const until = async (of: Mirror<Thing>, expected: Record<string, number>): Promise<void> =>
  await vi.waitFor(async () => expect(await sizes(of)).toEqual(expected), 10_000);

describe('a mirror', { timeout: 30_000 }, () => {
  it('has what was listed, and then what has changed since', async () => {
    const mirrored = things();
    expect(await sizes(mirrored)).toEqual({ a: 1 });
    const watch = await opened(1);
    expect(watches[0]?.version).toBe('10');
    const added = event('ADDED', 'b', 2, '11');
    watch.write(added.slice(0, 20)); // an event may come in pieces
    watch.write(added.slice(20) + event('MODIFIED', 'a', 5, '12'));
    await until(mirrored, { a: 5, b: 2 });
    watch.write(event('DELETED', 'b', 2, '13') + event('MODIFIED', 'a', 0, '14'));
    await until(mirrored, {});
    expect(lists).toBe(1);
  });
  it('goes on from where it was when the server ends the watch', async () => {
    const mirrored = things();
    (await opened(1)).end(event('ADDED', 'b', 2, '11') + event('BOOKMARK', '', 0, '20'));
    const second = await opened(2);
    expect(watches[1]?.version).toBe('20');
    second.write(event('ADDED', 'c', 3, '21'));
    await until(mirrored, { a: 1, b: 2, c: 3 });
    expect(lists).toBe(1);
  });
  it('lists anew when the server has forgotten where it was', async () => {
    const mirrored = things();
    const watch = await opened(1);
    listed = { items: [{ uid: 'z', size: 9 }], resourceVersion: '90' };
    watch.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`);
    await opened(2);
    expect(watches[1]?.version).toBe('90');
    expect(await sizes(mirrored)).toEqual({ z: 9 });
  });
  it('is a list where it may not be watched', async () => {
    refuse = { status: 403, body: JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'no' }) };
    const mirrored = things();
    await mirrored.look();
    await vi.waitFor(async () => {
      const before = lists;
      await mirrored.look();
      expect(lists).toBe(before + 1);
    }, 10_000);
    listed = { items: [], resourceVersion: '11' };
    expect(await sizes(mirrored)).toEqual({});
  });
  it('says so when it cannot be had any more', async () => {
    refuse = { status: 500, body: 'etcd is away' };
    const mirrored = things();
    await vi.waitFor(async () => await expect(mirrored.look()).rejects.toThrow('etcd is away'), 30_000);
  });
  it('is counted as one request for each watch, and ends with its signal', async () => {
    const mirrored = things();
    const watch = await opened(1);
    expect(k8s.requests.get('WATCH things')).toBe(1);
    const closed = new Promise((resolve) => watch.on('close', resolve));
    over.abort();
    await closed;
    expect(await sizes(mirrored)).toEqual({ a: 1 });
  });
});
