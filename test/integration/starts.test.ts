import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startOverHttp, type WorkerProcess } from '../../sandbox/kit/index.js';
import type { RotationReport } from '../../src/rotation/report.js';
import {
  anchorsInUse,
  client,
  endRotations,
  failureOf,
  FAST,
  k8s,
  mesh,
  refusalsDuring,
  reroot,
  sandbox,
  startRotation,
  startWorker,
  statusWhere,
} from './support.js';

describe('starting a rotation', () => {
  let worker: WorkerProcess;
  beforeAll(() => void (worker = startWorker()));
  afterEach(endRotations);
  afterAll(async () => await worker.stop());

  it.each([
    ['an unknown field', { stratgy: 'standard' }, ['stratgy: no such field']],
    ['a bad duration', { root: { validity: 'banana' } }, ['root.validity: "banana" is not a duration']],
    ['an unknown strategy', { strategy: 'yolo' }, ['strategy: ']],
    [
      'several things at once',
      { rollout: { namespaces: 0 }, issuer: { validity: '1h' }, waive: [{}] },
      ['rollout.namespaces: ', 'waive.0.subject: ', 'waive.0.reason: '],
    ],
    [
      'values that do not fit together',
      { root: { validity: '30d' }, issuer: { validity: '60d' } },
      ['issuer.validity: 60d is longer'],
    ],
    ['something that is no object', ['a list'], ['input: ']],
  ])('refuses %s at once, lists it, and touches nothing', async (_what, input, problems) => {
    const before = await versions();
    const { type, message } = await failureOf(await startRotation(input as never));
    expect(type).toBe('InvalidInput');
    for (const problem of problems) expect(message).toContain(problem);
    expect(await versions()).toEqual(before);
  });

  it('runs from an HTTP request without input; after a termination the CLI goes on with the same root', async () => {
    const before = await anchorsInUse();
    const { result, refused } = await refusalsDuring(async () => {
      await startOverHttp(sandbox.temporal, 'over-http');
      const handle = (await client()).workflow.getHandle('over-http');
      const { roots } = await statusWhere(handle, 'renew', ({ phase }) => phase === 'renew');
      await handle.terminate('a test');
      const { stdout } = await reroot(['preflight']);
      expect(stdout).toMatch(/RotationLeftBehind.*every leaf ends with that at 20/);
      // the object of the second start is given over HTTP as well, to the same workflow id
      await startOverHttp(sandbox.temporal, 'over-http', {
        strategy: 'patient',
        approvals: 'none',
        timing: { poll: '250ms' },
      });
      await statusWhere(handle, 'its own strategy', ({ strategy }) => strategy === 'patient');
      await handle.terminate('a test');
      const run = await reroot([
        'rotate',
        '--workflow-id',
        'by-cli',
        '--strategy',
        'standard',
        '--approvals',
        'none',
        '-o',
        'json',
      ]);
      return { run, first: roots };
    });
    expect(result.run.stderr).toContain('by-cli');
    expect(result.run.code).toBe(0);
    const report = JSON.parse(result.run.stdout) as RotationReport;
    expect(report.adopted).toBe(true);
    expect(report.newRoot.fingerprint).toBe(result.first?.root.fingerprint);
    expect(await anchorsInUse()).toEqual([report.newRoot.fingerprint]);
    expect(before).not.toContain(report.newRoot.fingerprint);
    expect(refused).toBe(0);
  });

  it('is refused by preflight when a control-plane Deployment is not ready, and says which', async () => {
    const scale = async (replicas: number) =>
      await k8s.apps.patchNamespacedDeployment({
        name: 'linkerd-destination',
        namespace: 'linkerd',
        body: [{ op: 'add', path: '/spec/replicas', value: replicas }],
      });
    await scale(0);
    try {
      const { type, message } = await failureOf(await startRotation({ ...FAST, rollout: { stuckAfter: '2s' } }));
      expect(type).toBe('PreflightFailed');
      expect(message).toContain('linkerd/Deployment/linkerd-destination');
    } finally {
      await scale(1);
      await expect
        .poll(
          async () =>
            (await mesh.status()).proxies.filter(({ pod, ready }) => ready && pod.startsWith('linkerd-destination'))
              .length,
          { timeout: 20_000 },
        )
        .toBe(1);
    }
  });

  it('a dry run shows the plan, and needs no permission to write anything', async () => {
    const role = await k8s.rbac.readNamespacedRole({ name: 'reroot', namespace: 'linkerd' });
    const clusterRole = await k8s.rbac.readClusterRole({ name: 'reroot' });
    const reading = (rules: typeof role.rules) =>
      (rules ?? []).flatMap((rule) => {
        const verbs = rule.verbs.filter((verb) => verb === 'get' || verb === 'list');
        return verbs.length > 0 ? [{ ...rule, verbs }] : [];
      });
    const set = async (of: typeof role.rules, ofCluster: typeof role.rules) => {
      const { metadata: _, ...now } = await k8s.rbac.readNamespacedRole({ name: 'reroot', namespace: 'linkerd' });
      const metadata = { name: 'reroot' };
      await k8s.rbac.replaceNamespacedRole({
        name: 'reroot',
        namespace: 'linkerd',
        body: { ...now, metadata, rules: of ?? [] },
      });
      await k8s.rbac.replaceClusterRole({ name: 'reroot', body: { metadata, rules: ofCluster ?? [] } });
    };
    const before = await versions();
    await set(reading(role.rules), reading(clusterRole.rules));
    try {
      const refused = await reroot(['preflight', '--details']);
      expect(refused.stdout).toContain('reroot may not patch secrets');
      const plan = await reroot(['rotate', '--dry-run', '--strategy', 'patient']);
      expect(plan.stdout).toContain('patient, 2 forced rollouts of 6 workloads (11 proxies, 3 namespaces)');
      expect(plan.stdout).toMatch(/renew.*wait for the proxies' own renewal.*\d to 17 h/);
      expect(plan.code).toBe(0);
    } finally {
      await set(role.rules, clusterRole.rules);
    }
    expect(await versions()).toEqual(before);
  });

  it('names every permission that is missing', async () => {
    const name = 'reroot';
    const role = await k8s.rbac.readNamespacedRole({ name, namespace: 'linkerd' });
    const rules = role.rules ?? [];
    await k8s.rbac.replaceNamespacedRole({
      name,
      namespace: 'linkerd',
      body: {
        ...role,
        rules: rules.filter(({ resources }) => !resources?.includes('events') && !resources?.includes('leases')),
      },
    });
    try {
      const { type, message } = await failureOf(await startRotation(FAST));
      expect(type).toBe('PreflightFailed');
      expect(message).toContain('list events in namespace linkerd');
      expect(message).toContain('update leases.coordination.k8s.io "reroot" in namespace linkerd');
      expect(message).toContain('apply deploy/rbac/core.yaml');
    } finally {
      const now = await k8s.rbac.readNamespacedRole({ name, namespace: 'linkerd' });
      await k8s.rbac.replaceNamespacedRole({ name, namespace: 'linkerd', body: { ...now, rules } });
    }
  });
});

async function versions(): Promise<(string | undefined)[]> {
  const objects = await Promise.all([
    k8s.core.readNamespacedConfigMap({ name: 'linkerd-identity-trust-roots', namespace: 'linkerd' }),
    k8s.core.readNamespacedConfigMap({ name: 'linkerd-config', namespace: 'linkerd' }),
    k8s.core.readNamespacedSecret({ name: 'linkerd-identity-issuer', namespace: 'linkerd' }),
    k8s.core.readNamespacedSecret({ name: 'linkerd-config-overrides', namespace: 'linkerd' }),
  ]);
  return objects.map(({ metadata }) => metadata?.resourceVersion);
}
