import { expect, it } from 'vitest';
import { PRUNE, seedOrder, startSandbox } from '../../sandbox/kit/index.js';
import { createKubernetes } from '../../src/kubernetes/client.js';

/** The order of Linkerd's first manual procedure (linkerd2#4287): prune right after the issuer's event. */
it("shows refusals when the seed's order is followed: the probe mesh can fail", async () => {
  const sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 200, probeRate: 200 });
  try {
    const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 500 });
    const steps = seedOrder(k8s);
    const prune = steps.findIndex(({ name }) => name === PRUNE);
    for (const { run } of steps.slice(0, prune)) await run();
    const { proxies } = await sandbox.mesh.status();
    expect(proxies.map(({ anchors }) => anchors.length)).toEqual(Array.from({ length: 11 }, () => 2));
    expect((await sandbox.mesh.probe()).refused).toBe(0);
    for (const { run } of steps.slice(prune)) await run();
    expect((await sandbox.mesh.probe()).refused).toBeGreaterThan(0);
  } finally {
    await sandbox.stop();
  }
});
