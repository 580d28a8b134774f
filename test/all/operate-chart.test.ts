import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  type ChartRelease,
  type ChartTool,
  chartTool,
  installChart,
  type KubernetesObject,
  type Sandbox,
  sandboxValues,
  startSandbox,
  type Values,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { BUILDING_MS } from '../integration/own-mesh.js';
import { eventually } from '../integration/support.js';
import { type Choice, CHOICES, dutiesOf, expectedGrants, grantsOf } from './chart-grants.js';

/** reroot's own chart: what real Helm makes of it, and what a real API server has of it. */

const TEMPORAL = { temporal: { address: 'temporal-frontend.temporal:7233' } };

/** As docs/operate.md says, by situation. */
const SITUATIONS: Record<string, Values> = {
  'an own Temporal': TEMPORAL,
  'Temporal Cloud by an API key': {
    temporal: {
      address: 'eu-central-1.aws.api.temporal.io:7233',
      namespace: 'rotations.a1b2c',
      apiKey: { secret: 'temporal' },
    },
  },
  'an own Temporal with mTLS': {
    temporal: {
      address: 'temporal.example.com:7233',
      tls: { ca: { secret: 'ca' }, client: { secret: 'client' }, serverName: 'temporal' },
      metrics: true,
    },
  },
  'cert-manager': { ...TEMPORAL, owners: { bundle: 'certManager', issuer: 'certManager' } },
  'GitOps hand-off': { ...TEMPORAL, owners: { bundle: 'handOff', issuer: 'handOff' } },
  'a meshed worker': { ...TEMPORAL, meshed: true },
  everything: {
    ...TEMPORAL,
    cluster: 'prod',
    image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: [{ name: 'registry' }] },
    rights: { eviction: true, portForward: true, rollouts: true, buoyant: true, suppliedSecrets: ['my-new-root'] },
    certManager: { installed: true },
    webhook: { secret: 'webhook' },
    otel: { endpoint: 'http://otel:4318', headers: { secret: 'otel' } },
    podMonitor: { create: true, labels: { release: 'prometheus' } },
    prometheusRule: { create: true },
    dashboard: { create: true },
    schedule: { create: true, args: ['--every', '24h'] },
    networkPolicy: { apiServer: ['10.0.0.1/32'], from: [{ namespaceSelector: {} }] },
    extraEnv: [{ name: 'REROOT_PROBE_CONCURRENCY', value: '16' }],
    commonLabels: { team: 'mesh' },
    priorityClassName: 'system-cluster-critical',
  },
};

describe('a chart, rendered', () => {
  let chart: ChartTool;
  beforeAll(async () => void (chart = await chartTool()), BUILDING_MS);
  const messageOf = async (values: Values, ...args: string[]): Promise<string> =>
    await chart.render(values, ...args).then(
      () => 'it was rendered',
      (error: Error) => error.message,
    );

  it.each(Object.entries(SITUATIONS))('helm lint has nothing to say of %s', async (_, values) => {
    expect(await chart.lint(values)).toContain('0 chart(s) failed');
  });

  it.each(Object.entries(SITUATIONS))('every label of %s is on every object', async (_, values) => {
    const objects = await chart.render({ ...values, commonLabels: { team: 'mesh' } });
    expect(objects.length).toBeGreaterThan(15);
    const bare = objects.filter(({ metadata: { labels = {} } }) => labels['team'] !== 'mesh');
    expect(bare.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  });

  it.each<[string, Values, string]>([
    ['no address of Temporal', {}, 'temporal.address is required'],
    ['a value that there is not', { ...TEMPORAL, replica: 3 }, 'replica'],
    ['one in a map', { ...TEMPORAL, webhook: { url: 'https://hooks.example.com' } }, 'webhook'],
    ['an address without a port', { temporal: { address: 'temporal' } }, 'address'],
    ['an owner that there is not', { ...TEMPORAL, owners: { bundle: 'argo' } }, 'bundle'],
    ['a digest that is none', { ...TEMPORAL, image: { digest: 'latest' } }, 'digest'],
    ['a level of the log that there is not', { ...TEMPORAL, worker: { logLevel: 'loud' } }, 'logLevel'],
  ])('%s is refused, by name', async (_, values, named) => {
    expect(await messageOf(values)).toContain(named);
  });

  it('without the API of the policy it is refused, unless somebody says that it is to be left out', async () => {
    expect(await messageOf(TEMPORAL, '--kube-version', '1.29.0')).toContain('policy.create needs Kubernetes 1.30');
    const objects = await chart.render({ ...TEMPORAL, policy: { create: false } }, '--kube-version', '1.29.0');
    expect(objects.filter(({ kind }) => kind.startsWith('ValidatingAdmission'))).toEqual([]);
  });

  it.each<[string, Choice]>(Object.entries(CHOICES))('what deploy/rbac grants is granted: %s', async (_, choice) => {
    const objects = await chart.render({ ...TEMPORAL, ...choice.values });
    expect(grantsOf(objects)).toEqual(expectedGrants(choice));
  });

  it('duties are apart: to look is to read no Secret and write nothing, keys are in Secrets', async () => {
    const duties = dutiesOf(await chart.render({ ...TEMPORAL, ...CHOICES['everything']?.values }));
    expect(Object.keys(duties).toSorted()).toEqual(['change', 'keys', 'look']);
    const { look = [], change = [], keys = [] } = duties;
    expect(look.filter(({ verb, resource }) => !/^(get|list|watch)$/.test(verb) || resource === 'secrets')).toEqual([]);
    expect(change.filter(({ resource }) => resource === 'secrets')).toEqual([]);
    expect(keys.filter(({ resource }) => resource !== 'secrets')).toEqual([]);
  });

  it('names, namespaces and the user go into rules, objects and policies', async () => {
    const names = { rootCertificate: 'root', rootSecret: 'root-tls', previousRootSecret: 'before', namespace: 'certs' };
    const values: Values = {
      ...TEMPORAL,
      linkerdNamespace: 'mesh',
      owners: { bundle: 'certManager', issuer: 'certManager' },
      certManager: { ...names, issuerCertificate: 'issuer' },
      serviceAccount: { name: 'rotator' },
    };
    const objects = await chart.render(values);
    const text = JSON.stringify(objects.filter(({ kind }) => !/^Validating|Deployment/.test(kind)));
    expect(text).not.toMatch(/"(linkerd|cert-manager|linkerd-trust-anchor|linkerd-previous-anchor)"/);
    for (const { kind, metadata } of objects.filter((object) => object.metadata.namespace))
      expect(['mesh', 'certs', 'reroot-rehearsal', 'reroot'], `${kind} ${metadata.name}`).toContain(metadata.namespace);
    const all = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    for (const policy of all) expect(JSON.stringify(policy)).toContain("'system:serviceaccount:reroot:rotator'");
    const policies = JSON.stringify(all);
    expect(policies).not.toContain("'system:serviceaccount:reroot:reroot'");
    expect(policies).toContain("['root', 'issuer']");
    expect(policies).toContain("'secrets/root-tls'");
    expect(policies).toContain("'secrets/before'");
    expect(policies).not.toContain("'secrets/linkerd-trust-anchor'");
  });

  it('alerts and dashboard are rendered as they are, braces of Prometheus too', async () => {
    const objects = await chart.render(SITUATIONS['everything'] ?? {});
    const spec = objects.find(({ kind }) => kind === 'PrometheusRule')?.['spec'];
    const file = (name: string) =>
      readFileSync(path.resolve(import.meta.dirname, '../../deploy/chart/reroot/files', name), 'utf8');
    expect(spec).toEqual(parse(file('alerts.yaml')));
    const linked = await chart.render({
      ...SITUATIONS['everything'],
      alerts: { runbookUrl: 'https://docs.example.com/reroot/' },
    });
    const rule = linked.find(({ kind }) => kind === 'PrometheusRule')?.['spec'];
    expect(rule).toEqual(
      parse(file('alerts.yaml').replaceAll('https://reroot.invalid/docs', 'https://docs.example.com/reroot')),
    );
    const dashboard = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('dashboard'));
    expect(dashboard?.['data']).toEqual({ 'reroot.json': file('dashboard.json') });
    expect(dashboard?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });
});

describe('a chart, installed', () => {
  let sandbox: Sandbox;
  let k8s: Kubernetes;
  let release: ChartRelease;
  beforeAll(async () => {
    sandbox = await startSandbox({ apps: 'none', deploy: 'nothing' });
    k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig, requestsPerSecond: 200 });
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await k8s.core.createNamespace({ body: { metadata: { name: 'reroot', labels } } });
  }, BUILDING_MS);
  afterAll(async () => {
    await release.stop();
    await sandbox.stop();
  });

  const namespace = 'linkerd';
  const KEPT = ['secret reroot-rotation', 'secret reroot-trust-root', 'configmap reroot-report', 'lease reroot'];
  const uids = async (): Promise<Record<string, string | undefined>> => {
    const [rotation, root] = await Promise.all(
      ['reroot-rotation', 'reroot-trust-root'].map(
        async (name) => await k8s.core.readNamespacedSecret({ name, namespace }),
      ),
    );
    const report = await k8s.core.readNamespacedConfigMap({ name: 'reroot-report', namespace });
    const lease = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace });
    return Object.fromEntries(KEPT.map((what, index) => [what, [rotation, root, report, lease][index]?.metadata?.uid]));
  };
  const written = async () => {
    const { data, metadata } = await k8s.core.readNamespacedSecret({ name: 'reroot-rotation', namespace });
    const { spec } = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace });
    return { data, annotation: metadata?.annotations?.['reroot.dev/rotation'], holder: spec?.holderIdentity };
  };
  /** As a rotation would. */
  const write = async () => {
    await k8s.core.patchNamespacedSecret({
      ...{ name: 'reroot-rotation', namespace },
      body: [
        { op: 'add', path: '/data', value: { 'ca.key': 'a2V5' } },
        { op: 'add', path: '/metadata/annotations/reroot.dev~1rotation', value: 'abc' },
      ],
    });
    const lease = await k8s.coordination.readNamespacedLease({ name: 'reroot', namespace });
    const body = { ...lease, spec: { holderIdentity: 'somebody' } };
    await k8s.coordination.replaceNamespacedLease({ name: 'reroot', namespace, body });
  };
  const names = (pods: Awaited<ReturnType<typeof workerPods>>) => new Set(pods.map(({ metadata }) => metadata?.name));
  const workerPods = async () =>
    (await k8s.core.listNamespacedPod({ namespace: 'reroot', labelSelector: 'app.kubernetes.io/component=worker' }))
      .items;

  it('pods of the level `restricted` are admitted, run, poll and are ready', async () => {
    release = await installChart(sandbox, {});
    const pods = await workerPods();
    expect(pods).toHaveLength(2);
    expect(new Set(pods.map(({ spec }) => spec?.nodeName)).size, 'on a node each').toBe(2);
    for (const { name, ready, address } of release.workers.running()) {
      expect(ready, name).toBe(true);
      expect((await fetch(`http://${address}:8080/readyz`)).status).toBe(200);
    }
    expect(release.workers.restarts()).toBe(0);
    const schedule = await chartTool();
    const objects = await schedule.render({ ...sandboxValues(sandbox), schedule: { create: true } });
    const [job] = objects.filter(({ kind }) => kind === 'Job');
    const { template } = (job?.['spec'] ?? {}) as { template: KubernetesObject };
    const body = { ...template, apiVersion: 'v1', kind: 'Pod', metadata: { name: 'schedule' } } as object;
    await k8s.core.createNamespacedPod({ namespace: 'reroot', body, dryRun: 'All' });
  });

  it('an upgrade rolls the workers, and changes nothing of what a rotation has written', async () => {
    await write();
    const [before, objects, pods] = [await written(), await uids(), await workerPods()];
    await release.upgrade({ worker: { logLevel: 'debug' }, commonLabels: { team: 'mesh' } });
    expect(await written()).toEqual(before);
    expect(await uids()).toEqual(objects);
    const old = new Set(pods.map(({ metadata }) => metadata?.uid));
    await eventually('other workers alone', async () => {
      const now = await workerPods();
      return now.length === 2 && now.every(({ metadata }) => !old.has(metadata?.uid));
    });
    const { metadata } = await k8s.core.readNamespacedSecret({ name: 'reroot-rotation', namespace });
    expect(metadata?.labels).toMatchObject({ team: 'mesh' });
  });

  it('a worker that dies is started again, as the same pod', async () => {
    const before = names(await workerPods());
    expect(release.workers.killAll()).toBe(2);
    await eventually('both to be ready again', async () => {
      const running = release.workers.running();
      return release.workers.restarts() >= 2 && running.length === 2 && running.every(({ ready }) => ready);
    });
    expect(names(await workerPods())).toEqual(before);
  });

  it('what has keys in it survives uninstall, and the next install has it again; all else goes', async () => {
    const [before, objects] = [await written(), await uids()];
    await release.uninstall();
    expect(await written()).toEqual(before);
    expect(await uids()).toEqual(objects);
    const { items: roles } = await k8s.rbac.listClusterRole({ labelSelector: 'app.kubernetes.io/name=reroot' });
    const { items: policies } = await k8s.admission.listValidatingAdmissionPolicy();
    expect([...roles, ...policies].map(({ metadata }) => metadata?.name)).toEqual([]);
    await eventually('the workers to end', async () => (await workerPods()).length === 0);
    expect(release.workers.running()).toEqual([]);
    await release.stop();
    await eventually('the rehearsal to go', async () => {
      const { items } = await k8s.core.listNamespace();
      return !items.some(({ metadata }) => metadata?.name === 'reroot-rehearsal');
    });

    release = await installChart(sandbox, {});
    expect(await written()).toEqual(before);
    expect(await uids()).toEqual(objects);
  });
});
