import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withHeartbeat } from '../../../activities/kit/heartbeat.js';
import { StateError } from '../../../src/ground/state-error.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { clusterAccess } from '../../../worker/access.js';
import { readWorkerConfig } from '../../../worker/config.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-given-up-'));
let asked = 0;
/** An API server that never answers. */
const silent = createServer(() => (asked += 1));
let k8s: Kubernetes;

beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const kubeconfig = path.join(folder, 'config');
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  ({ k8s } = clusterAccess(readWorkerConfig({ KUBECONFIG: kubeconfig }), {}));
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
  rmSync(folder, { recursive: true });
});

/** How a step ends that is cancelled once `when` holds. */
async function cancelled(step: () => Promise<unknown>, when: () => boolean): Promise<unknown> {
  const environment = new MockActivityEnvironment();
  const wrapped = withHeartbeat({ step });
  const ended = environment
    .run(async () => await wrapped.step())
    .then(
      (result) => ({ result }),
      (error: unknown) => error,
    );
  await vi.waitFor(() => expect(when()).toBe(true));
  environment.cancel();
  return await ended;
}

describe('a step that is cancelled', () => {
  it('ends, whatever the API server does', async () => {
    const looked = cancelled(
      async () => await k8s.core.listPodForAllNamespaces(),
      () => asked > 0,
    );
    expect(await looked).toBeInstanceOf(CancelledFailure);
  });
  it('has no result, which might be a part of one, and no other failure', async () => {
    let begun = false;
    const waits = async (end: () => unknown) => {
      begun = true;
      await k8s.core.listNamespace().catch(() => undefined);
      return end();
    };
    const fails = () => {
      throw new StateError('BundleMissing', 'nothing was read', 'none');
    };
    for (const end of [() => 'a part', fails]) {
      const ended = cancelled(
        async () => await waits(end),
        () => begun,
      );
      expect(await ended).toBeInstanceOf(CancelledFailure);
    }
  });
  it('leaves what nobody cancels alone: a look from a shell', async () => {
    const before = asked;
    const look = k8s.core.listNamespace();
    look.catch(() => undefined);
    await vi.waitFor(() => expect(asked).toBe(before + 1));
    expect(await Promise.race([look, Promise.resolve('waits')])).toBe('waits');
  });
});
