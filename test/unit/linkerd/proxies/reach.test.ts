import { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';
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
  const portForward = async (_namespace: string, _pod: string, _ports: number[], output: Writable) => {
    fromProxy = output;
    return await opened;
  };
  const k8s = { portForward: { portForward } } as unknown as Kubernetes;
  return { k8s, socket, opening, says: (text: string) => fromProxy?.write(text) };
}

describe('a port-forward', () => {
  it('that opens too late is closed', async () => {
    const { k8s, socket, opening } = forwards();
    await expect(openAdminStream(k8s, 'port-forward', pod, 10)).rejects.toMatchObject({ reason: 'Unreachable' });
    expect(socket.terminate).not.toHaveBeenCalled();
    opening.resolve(socket);
    await eventually(() => socket.terminate.mock.calls.length === 1);
  });

  it('that fails too late is nobody’s business', async () => {
    const { k8s, opening } = forwards();
    await expect(openAdminStream(k8s, 'port-forward', pod, 10)).rejects.toMatchObject({ reason: 'Unreachable' });
    opening.reject(new Error('no such pod'));
    await new Promise((resolve) => void setImmediate(resolve)); // an unhandled rejection would end the test
  });

  it('is cut off, without goodbyes, when its stream is destroyed; what still comes is dropped', async () => {
    const { k8s, socket, opening, says } = forwards();
    opening.resolve(socket);
    const stream = await openAdminStream(k8s, 'port-forward', pod, 1000);
    stream.destroy(new Error('enough'));
    await eventually(() => socket.terminate.mock.calls.length === 1);
    says('more');
    socket.emit('close');
    says('and more');
    expect(stream.destroyed).toBe(true);
  });
});
