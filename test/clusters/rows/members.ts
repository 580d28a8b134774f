import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { RotationStatus } from '../../../src/rotation/status.js';
import { custom, type Definition } from '../../integration/custom-resources.js';
import { manualTemplates } from '../../integration/manual-workloads.js';
import {
  anchorsInUse,
  endRotations,
  eventually,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reportOf,
  reroot,
  startRotation,
  startWorker,
  statusWhere,
} from '../../integration/support.js';
import { preflightWith, withObjects } from '../objects.js';
import { found, preflight, type Row, said } from '../row.js';

const LINKS: Definition = {
  ...{ group: 'multicluster.linkerd.io', version: 'v1alpha3', plural: 'links', kind: 'Link', scope: 'Namespaced' },
};
const VMS: Definition = {
  ...{ group: 'workload.linkerd.io', version: 'v1beta1', plural: 'externalworkloads', kind: 'ExternalWorkload' },
  scope: 'Namespaced',
};
/** Objects of these definitions need no more than a namespace that is there. */
const NAMESPACE = 'shop';
const VM = `${NAMESPACE}/ExternalWorkload/billing`;
const LINK = `${NAMESPACE}/Link/west`;
const link = (name: string) => ({ metadata: { namespace: NAMESPACE, name }, spec: { targetClusterName: name } });
const vm = (name: string) => ({
  metadata: { namespace: NAMESPACE, name },
  spec: {
    meshTLS: { identity: `spiffe://root.linkerd.cluster.local/${name}`, serverName: `${name}.cluster.local` },
    workloadIPs: [{ ip: '192.0.2.10' }],
  },
});
const withLinksAndVms = async <T>(work: () => Promise<T>): Promise<T> =>
  await withObjects(
    [
      { definition: LINKS, objects: [link('west')] },
      { definition: VMS, objects: [vm('billing')] },
    ],
    work,
  );

/** A wait for a person's word: who is named. */
async function asked(handle: WorkflowHandle, wanted: string[]): Promise<{ on: string[]; phase: string }> {
  const named = ({ waiting }: RotationStatus) =>
    wanted.every((name) => waiting?.on.some((line) => line.includes(`${name}: `))) &&
    waiting?.on.length === wanted.length;
  const { waiting, phase } = await statusWhere(handle, `the wait for ${wanted.join()}`, named);
  expect(waiting).toMatchObject({ kind: 'attention', for: expect.stringContaining("a person's word") as string });
  return { on: waiting?.on ?? [], phase };
}

async function holdsUntilSaid(): Promise<string> {
  const worker = startWorker();
  try {
    const { result, refused } = await refusalsDuring(async () => {
      const handle = await startRotation({ ...FAST, approvals: 'beforeRetire' });
      const waive = async (subject: string, gate: string) =>
        await handle.executeUpdate('waive', { args: [{ subject, gate, reason: 'it has the new root' }] });
      const first = await asked(handle, [LINK, VM]);
      expect(first.phase).toBe('trust');
      expect(first.on.join()).toContain('trust the new root before leaves come from the new issuer alone');
      await waive(LINK, 'trust');
      await waive(VM, 'trust');
      const second = await asked(handle, [LINK, VM]);
      expect(second.on.join()).toContain('before the old root leaves the bundle');
      expect(await anchorsInUse()).toHaveLength(2); // both roots are held
      await custom.deleteNamespacedCustomObject({ ...VMS, namespace: NAMESPACE, name: 'billing' });
      await asked(handle, [LINK]); // it notices by itself
      await waive(LINK, 'approve');
      const { waiting } = await statusWhere(handle, 'the approval', (status) => status.waiting?.kind === 'approval');
      await handle.executeUpdate('approve', { args: [{ planHash: waiting?.planHash }] });
      return { report: await reportOf(handle), first, second };
    });
    expect(refused).toBe(0);
    expect(result.report).toMatchObject({ outcome: 'completed', approvals: [{ phase: 'retire' }] });
    expect(await anchorsInUse()).toHaveLength(1);
    return `trust: ${result.first.on[0]} … retire: ${result.second.on[0]} … after \`waive\`: ${result.report.outcome}, asked once for approval`;
  } finally {
    await endRotations();
    await worker.stop();
  }
}

/** A pod with a proxy whose identity is off, as injection made it until 2.11. */
async function identityOff(): Promise<string> {
  const namespace = NAMESPACE;
  await k8s.core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: 'no-identity', labels: { 'linkerd.io/control-plane-ns': 'linkerd' } },
      spec: {
        containers: [
          { name: 'app', image: 'example.invalid/app' },
          {
            name: 'linkerd-proxy',
            image: 'example.invalid/proxy',
            env: [{ name: 'LINKERD2_PROXY_IDENTITY_DISABLED', value: 'disabled' }],
          },
        ],
      },
    },
  });
  try {
    await eventually('the pod to have an address', async () => {
      const { status } = await k8s.core.readNamespacedPod({ namespace, name: 'no-identity' });
      return status?.podIP !== undefined && status.phase === 'Running';
    });
    const { code, findings } = await preflight();
    expect(code).toBe(0);
    expect(findings.filter(({ subject }) => subject.name.includes('no-identity'))).toEqual([]);
    const finding = found({ findings }, 'IdentityOff');
    expect(finding).toMatchObject({ severity: 'warn', message: expect.stringContaining('Pod/no-identity') as string });
    return said(finding);
  } finally {
    await k8s.core.deleteNamespacedPod({ namespace, name: 'no-identity', gracePeriodSeconds: 0 });
  }
}

/** A Job whose own container has ended, beside a proxy that is an ordinary container and runs on. */
async function jobDone(): Promise<string> {
  const namespace = NAMESPACE;
  const template = (await manualTemplates(k8s, 'job'))('import');
  const metadata = { ...template.metadata, annotations: { 'sandbox.reroot.dev/endless': 'yes' } };
  const spec = { containers: [], ...template.spec, restartPolicy: 'Never' };
  await k8s.batch.createNamespacedJob({
    namespace,
    body: { metadata: { name: 'import' }, spec: { template: { metadata, spec } } },
  });
  try {
    const name = await eventually('the pod to be ready', async () => {
      const { proxies } = await mesh.status();
      return proxies.find(({ pod, ready }) => pod.startsWith('import-') && ready)?.pod;
    });
    await sleep(500); // kwok writes the status once more when the pod is said to be ready
    const { status } = await k8s.core.readNamespacedPod({ namespace, name });
    const index = status?.containerStatuses?.findIndex((container) => container.name === 'app');
    const state = { terminated: { exitCode: 0, reason: 'Completed' } };
    await k8s.core.patchNamespacedPodStatus({
      ...{ namespace, name },
      body: [{ op: 'replace', path: `/status/containerStatuses/${index}/state`, value: state }],
    });
    const finding = found(await preflight(), 'JobRunning');
    expect(finding).toMatchObject({ severity: 'warn', subject: { name: `${NAMESPACE}/Job/import` } });
    expect(finding.message).toContain('only the proxy runs on');
    expect(finding.hint).toContain(`kubectl delete pod -n ${NAMESPACE} ${name}`);
    return said(finding);
  } finally {
    await k8s.batch.deleteNamespacedJob({ name: 'import', namespace, propagationPolicy: 'Foreground' });
    await eventually('its pod to go', async () => {
      return (await mesh.status()).proxies.every(({ pod }) => !pod.startsWith('import-'));
    });
  }
}

/** The gateway of the multicluster extension. */
async function gateway(): Promise<string> {
  const namespace = 'linkerd-multicluster';
  await k8s.core.createNamespace({
    body: { metadata: { name: namespace, labels: { 'linkerd.io/extension': 'multicluster' } } },
  });
  try {
    const labels = { app: 'linkerd-gateway', component: 'gateway', 'linkerd.io/extension': 'multicluster' };
    await k8s.apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'linkerd-gateway', labels },
        spec: {
          selector: { matchLabels: { app: 'linkerd-gateway' } },
          template: { metadata: { labels }, spec: { containers: [{ name: 'pause', image: 'example.invalid/pause' }] } },
        },
      },
    });
    const subject = `${namespace}/Service/linkerd-gateway`;
    const finding = found(await preflight(), 'LinkedClusterUnconfirmed');
    expect(finding).toMatchObject({ severity: 'warn', subject: { name: subject } });
    const { findings } = await preflightWith({ waive: [{ subject, reason: 'all others have it' }] });
    expect(findings.filter(({ reason }) => reason === 'LinkedClusterUnconfirmed')).toEqual([]);
    return said(finding);
  } finally {
    await k8s.apps.deleteNamespacedDeployment({ namespace, name: 'linkerd-gateway' });
    await k8s.core.deleteNamespace({ name: namespace });
  }
}

/** Without the right to list Links. */
async function mayNotList(): Promise<string> {
  const name = 'reroot';
  const before = await k8s.rbac.readClusterRole({ name });
  const rules = before.rules?.filter(({ resources }) => !resources?.includes('links')) ?? [];
  const replace = async (given: typeof before.rules) =>
    await k8s.rbac.replaceClusterRole({ name, body: { metadata: { name }, rules: given ?? [] } });
  await replace(rules);
  try {
    const finding = await eventually('the right to be missing', async () => {
      const { findings } = await preflight();
      return findings.find(({ reason }) => reason === 'PermissionMissing');
    });
    expect(finding.message).toContain('list links.multicluster.linkerd.io');
    expect(finding.hint).toContain('deploy/rbac/core.yaml');
    return said(finding);
  } finally {
    await replace(before.rules);
    await eventually('the right to be back', async () => {
      const { findings } = await preflight();
      return findings.every(({ reason }) => reason !== 'PermissionMissing');
    });
  }
}

export const members: readonly Row[] = [
  {
    report: 18,
    have: 'VMs in the mesh (ExternalWorkload)',
    does: 'preflight warns with their number and names (`ExternalWorkloadUnseen`); it gives them no root and cannot see their proxies',
    made: 'API server: the resource `workload.linkerd.io/v1beta1` with 12 objects',
    sample: true,
    see: async () =>
      await withObjects(
        [{ definition: VMS, objects: Array.from({ length: 12 }, (_, index) => vm(`vm-${index}`)) }],
        async () => {
          const { code, findings } = await preflight();
          const finding = found({ findings }, 'ExternalWorkloadUnseen');
          expect(code).toBe(0);
          expect(finding.message).toContain('12 workloads outside the cluster');
          expect(finding.message).toContain('and 2 more');
          return said(finding);
        },
      ),
  },
  {
    report: 8,
    have: 'links to other clusters, which may share the root',
    does: 'preflight names each Link and its cluster (`LinkedClusterUnconfirmed`), and says at which gates it will wait',
    made: 'API server: the resource `multicluster.linkerd.io/v1alpha3` with two objects',
    see: async () =>
      await withObjects([{ definition: LINKS, objects: [link('west'), link('east')] }], async () => {
        const { code, findings } = await preflight();
        const links = findings.filter(({ reason }) => reason === 'LinkedClusterUnconfirmed');
        expect(code).toBe(0);
        expect(links.map(({ subject }) => subject.name).toSorted()).toEqual([`${NAMESPACE}/Link/east`, LINK]);
        expect(links[0]?.hint).toContain('at the gate of approve');
        return links.map(said).join('; ');
      }),
  },
  {
    report: 8,
    have: 'a Link of an old version of the extension',
    does: 'is found by the version that the cluster serves',
    made: 'API server: the resource `multicluster.linkerd.io/v1alpha1` with an object',
    see: async () =>
      await withObjects([{ definition: { ...LINKS, version: 'v1alpha1' }, objects: [link('west')] }], async () =>
        said(found(await preflight(), 'LinkedClusterUnconfirmed')),
      ),
  },
  {
    report: 8,
    have: 'other clusters come by the gateway of the multicluster extension, and this cluster has no Link',
    does: 'names the gateway (`LinkedClusterUnconfirmed`), and holds for it in the same way; it is waived as `linkerd-multicluster/Service/linkerd-gateway`',
    made: "API server: a namespace and a gateway Deployment as the extension's chart labels them",
    see: gateway,
  },
  {
    report: 8,
    have: 'a Link to a cluster with a root of its own',
    does: 'says nothing more of it once the input waives it; VMs are waived by name, or with their namespace',
    made: 'API server: a Link and a VM, and an input that waives both',
    see: async () =>
      await withLinksAndVms(async () => {
        const waive = [LINK, NAMESPACE].map((subject) => ({ subject, reason: 'has its own root' }));
        const { findings } = await preflightWith({ waive });
        const left = findings.filter(({ reason }) => /Unseen|Unconfirmed/.test(reason));
        expect(left).toEqual([]);
        return 'nothing said of Link or VM';
      }),
  },
  {
    report: 8,
    have: 'VMs and links, and only the issuer is to be rotated',
    does: 'says nothing of them: the root stays',
    made: 'API server: a Link and a VM; `reroot rotate-issuer --dry-run`',
    see: async () =>
      await withLinksAndVms(async () => {
        const { stdout, stderr } = await reroot(['rotate-issuer', '--dry-run', '-o', 'json']);
        expect(stdout, stderr).toContain('"findings"');
        expect(stdout).not.toMatch(/ExternalWorkloadUnseen|LinkedClusterUnconfirmed/);
        return 'nothing said of Link or VM';
      }),
  },
  {
    report: 18,
    have: 'VMs and linked clusters, in a whole rotation',
    does: 'holds before the issuer is swapped, and again before the old root leaves the bundle, until a person has said of each that it has the new root (`waive … --gate`); one that is gone is noticed; then it asks for approval, once',
    made: 'API server and Temporal server: a rotation by `standard` with a Link and a VM, and real handshakes all the while',
    see: async () => await withLinksAndVms(holdsUntilSaid),
  },
  {
    report: 18,
    have: "the cluster has Links, and reroot's user may not list them",
    does: 'preflight names the right and the file that grants it (`PermissionMissing`): it does not go on blind',
    made: 'API server: the resource, and a ClusterRole without it',
    see: async () => await withObjects([{ definition: LINKS, objects: [] }], mayNotList),
  },
  {
    report: 'issue 12',
    have: 'pods with identity switched off (`config.linkerd.io/disable-identity`, until 2.11)',
    does: 'warns (`IdentityOff`) and leaves them alone: no gate waits for them',
    made: 'API server: a pod whose proxy has `LINKERD2_PROXY_IDENTITY_DISABLED`',
    see: identityOff,
  },
  {
    report: 'issue 12',
    have: 'a Job that is done, but whose proxy runs on',
    does: 'says so (`JobRunning`), and how to end its pods; reroot does not, because an older Kubernetes would run the Job again',
    made: 'API server: a Job whose pod has an ended container beside a running proxy',
    sample: true,
    see: jobDone,
  },
];
