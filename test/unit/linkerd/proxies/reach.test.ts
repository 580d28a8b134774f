import { EventEmitter } from 'node:events';
import net from 'node:net';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { present } from '../../../../src/ground/present.js';
import { openAdminStream } from '../../../../src/linkerd/proxies/reach.js';
import { eventually } from '../../support.js';

const pod = { namespace: 'shop', name: 'web-1' } as MeshedPod;

/** A port-forward that opens when it is told to. */
function forwards() {
  const socket = Object.assign(new EventEmitter(), { terminate: vi.fn<() => void>(), close: vi.fn<() => void>() });
  const opening = {} as { resolve(opened: typeof socket): void; reject(error: Error): void };
  const opened = new Promise<typeof socket>((resolve, reject) => {
    Object.assign(opening, { resolve, reject });
  });
  let fromProxy: Writable | undefined;
  const ports: number[] = [];
  const portForward = async (_namespace: string, _pod: string, wanted: number[], output: Writable) => {
    ports.push(...wanted);
    fromProxy = output;
    return await opened;
  };
  const k8s = { portForward: { portForward } } as unknown as Kubernetes;
  return { k8s, socket, opening, ports, says: (words: string) => fromProxy?.write(words) };
}

describe('at the address of the pod', () => {
  const listen = async (host: string): Promise<[net.Server, number]> => {
    const server = net.createServer((socket) => socket.end(host));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return [server, (server.address() as net.AddressInfo).port];
  };
  const answerOf = async (host: string, addresses: string[]): Promise<string> => {
    const [server, adminPort] = await listen(host);
    try {
      const [address, ...otherAddresses] = addresses;
      const at = { ...pod, adminPort, ...present({ address }), otherAddresses };
      return await text(await openAdminStream({} as Kubernetes, 'address', at, { timeoutMs: 2000 }));
    } finally {
      server.close();
    }
  };

  it.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['127.0.0.1', ['::1', '127.0.0.1']],
    ['::1', ['127.0.0.1', '::1']],
  ])('a proxy is reached that listens at %s alone, of a pod with %j', async (host, addresses) => {
    expect(await answerOf(host, addresses)).toBe(host);
  });
  it('says which addresses do not answer', async () => {
    const [server, adminPort] = await listen('127.0.0.1');
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    const at = { ...pod, adminPort, address: '::1', otherAddresses: ['127.0.0.1'] };
    await expect(openAdminStream({} as Kubernetes, 'address', at, { timeoutMs: 1000 })).rejects.toMatchObject({
      reason: 'Unreachable',
      message: expect.stringMatching(/127\.0\.0\.1|ECONNREFUSED/) as string,
    });
  });
});

describe('a port-forward', () => {
  it('goes to the port that the proxy of the pod has', async () => {
    const { k8s, ports, opening, socket } = forwards();
    opening.resolve(socket);
    (await openAdminStream(k8s, 'port-forward', { ...pod, adminPort: 4999 }, { timeoutMs: 1000 })).destroy();
    (await openAdminStream(k8s, 'port-forward', pod, { timeoutMs: 1000 })).destroy();
    expect(ports).toEqual([4999, 4191]);
  });

  it('that opens too late is closed', async () => {
    const { k8s, socket, opening } = forwards();
    await expect(openAdminStream(k8s, 'port-forward', pod, { timeoutMs: 10 })).rejects.toMatchObject({
      reason: 'Unreachable',
    });
    expect(socket.terminate).not.toHaveBeenCalled();
    opening.resolve(socket);
    await eventually(() => socket.terminate.mock.calls.length === 1);
  });

  it('that fails too late is nobody’s business', async () => {
    const { k8s, opening } = forwards();
    await expect(openAdminStream(k8s, 'port-forward', pod, { timeoutMs: 10 })).rejects.toMatchObject({
      reason: 'Unreachable',
    });
    opening.reject(new Error('no such pod'));
    await new Promise((resolve) => void setImmediate(resolve)); // an unhandled rejection would end the test
  });

  it('is cut off, without goodbyes, when its stream is destroyed; what still comes is dropped', async () => {
    const { k8s, socket, opening, says } = forwards();
    opening.resolve(socket);
    const stream = await openAdminStream(k8s, 'port-forward', pod, { timeoutMs: 1000 });
    stream.destroy(new Error('enough'));
    await eventually(() => socket.terminate.mock.calls.length === 1);
    says('more');
    socket.emit('close');
    says('and more');
    expect(stream.destroyed).toBe(true);
  });
});
