import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import {
  bundleAnchors,
  dataPlaneGenerations,
  rolloutsBetween,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  startWorkerProcess,
  VERSIONS,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { readBundle } from '../../src/pki/bundle.js';
import { forcedRollouts } from '../../src/rotation/courses/course.js';
import { COURSES, type StrategyName } from '../../src/rotation/courses/index.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { createManualWorkloads, literalsOf } from './manual-workloads.js';
import { SHORT_LEAVES } from './own-mesh.js';

export type Mesh = Pick<SandboxOptions, 'linkerd' | 'issuer' | 'install' | 'certificates'> & { strategy: StrategyName };

export function nameOf({ linkerd, issuer, install, certificates, strategy }: Mesh): string {
  return `${strategy}, Linkerd ${linkerd}, issuer scheme ${issuer}, installed by ${install}, ${certificates} certificates`;
}

/** A whole rotation of a mesh of its own, looked at from outside. */
export async function rotateWhole({ strategy, ...mesh }: Mesh): Promise<void> {
  const life = strategy === 'standard' ? {} : SHORT_LEAVES;
  const sandbox = await startSandbox({ ...mesh, ...life, apps: 'small', kubeletLagMs: 500, probeRate: 100 });
  const worker = startWorkerProcess(sandbox);
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 500 });
  try {
    const old = await bundleAnchors(k8s);
    await createManualWorkloads(k8s, sandbox);
    const before = await dataPlaneGenerations(sandbox);
    await sandbox.mesh.setProbe({ reset: true });
    const report = (await new Client({ connection }).workflow.execute('rotateTrustRoot', {
      taskQueue: 'reroot',
      workflowId: 'whole',
      args: [{ strategy, approvals: 'none', timing: { poll: '250ms', issuerEvent: '20s' } }],
    })) as RotationReport;
    expect(report.layout).toBe(VERSIONS[mesh.linkerd].layout);
    expect(report.oldRoots.map(({ fingerprint }) => fingerprint)).toEqual(old);
    expect(rolloutsBetween(before, await dataPlaneGenerations(sandbox))).toBe(forcedRollouts(COURSES[strategy].course));
    await expectRotated(sandbox, k8s, mesh, report);
  } finally {
    await connection.close();
    await worker.stop();
    await sandbox.stop();
  }
}

async function expectRotated(
  sandbox: Sandbox,
  k8s: Kubernetes,
  mesh: Omit<Mesh, 'strategy'>,
  report: RotationReport,
): Promise<void> {
  const only = [report.newRoot.fingerprint];
  expect(await bundleAnchors(k8s)).toEqual(only);
  const { proxies, identity } = await sandbox.mesh.status();
  expect(proxies.length).toBeGreaterThan(11);
  for (const { pod, anchors, chain } of proxies) {
    expect(anchors, pod).toEqual(only);
    expect(chain[1], pod).toBe(report.newIssuer?.fingerprint);
  }
  for (const replica of identity)
    expect(replica).toMatchObject({ anchors: only, issuer: [report.newIssuer?.fingerprint] });
  for (const pem of await literalsOf(k8s)) expect(fingerprints(pem)).toEqual(only);
  const { data = {} } = await k8s.core.readNamespacedSecret({ name: 'linkerd-identity-issuer', namespace: 'linkerd' });
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  expect(fingerprints(text(mesh.issuer === 'linkerd' ? 'crt.pem' : 'tls.crt'))).toEqual([
    report.newIssuer?.fingerprint,
  ]);
  if (mesh.issuer === 'kubernetes') expect(fingerprints(text('ca.crt'))).toEqual(only);
  const { refused, handshakes, lastRefusals } = await sandbox.mesh.probe();
  expect(lastRefusals).toEqual([]);
  expect(refused).toBe(0);
  expect(handshakes).toBeGreaterThan(300);
}

function fingerprints(pem: string): string[] {
  return readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);
}
