import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '../../sandbox/kit/index.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { templateAnchors } from '../../src/linkerd/layouts/template.js';

/** Workloads as `linkerd inject --manual` writes them: the anchors stand in their templates. */
const NAMESPACE = 'legacy';

/** A pod template as `linkerd inject --manual` writes it for a controller of a kind. */
export async function manualTemplates(k8s: Kubernetes, kind: string): Promise<(app: string) => V1PodTemplateSpec> {
  const [proxy] = (await k8s.core.listNamespacedPod({ namespace: 'shop' })).items.flatMap(({ spec }) =>
    [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
      .filter(({ name }) => name === 'linkerd-proxy')
      .map(({ name, image, env }) => ({ name, image, env })),
  );
  return (app) => ({
    metadata: {
      labels: { app, 'linkerd.io/control-plane-ns': 'linkerd', [`linkerd.io/proxy-${kind}`]: app },
      annotations: { 'linkerd.io/created-by': 'linkerd/cli test' },
    },
    spec: {
      containers: [
        { name: 'app', image: 'example.invalid/app' },
        { ...proxy, name: 'linkerd-proxy' },
      ],
    },
  });
}

/** One that runs, one scaled to zero, and a CronJob between two runs. */
export async function createManualWorkloads(k8s: Kubernetes, sandbox: Sandbox): Promise<void> {
  const template = await manualTemplates(k8s, 'deployment');
  const deployment = (name: string, replicas: number) => ({
    metadata: { name, namespace: NAMESPACE },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
  });
  await k8s.core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  await k8s.apps.createNamespacedDeployment({ namespace: NAMESPACE, body: deployment('manual', 2) });
  await k8s.apps.createNamespacedDeployment({ namespace: NAMESPACE, body: deployment('asleep', 0) });
  const run = template('nightly');
  await k8s.batch.createNamespacedCronJob({
    namespace: NAMESPACE,
    body: {
      metadata: { name: 'nightly', namespace: NAMESPACE },
      spec: {
        schedule: '0 3 1 1 *',
        jobTemplate: {
          spec: {
            template: { ...run, spec: { ...run.spec, restartPolicy: 'Never', containers: run.spec?.containers ?? [] } },
          },
        },
      },
    },
  });
  for (let tries = 0; tries < 300; tries += 1) {
    const { proxies } = await sandbox.mesh.status();
    if (proxies.filter(({ namespace, ready }) => namespace === NAMESPACE && ready).length === 2) return;
    await sleep(100);
  }
  throw new Error('the manually injected pods did not become ready');
}

/** Every bundle that is written out in a template. */
export async function literalsOf(k8s: Kubernetes): Promise<string[]> {
  const [deployments, cronJobs] = await Promise.all([
    k8s.apps.listDeploymentForAllNamespaces(),
    k8s.batch.listCronJobForAllNamespaces(),
  ]);
  const templates = [
    ...deployments.items.map(({ spec }) => spec?.template),
    ...cronJobs.items.map(({ spec }) => spec?.jobTemplate.spec?.template),
  ];
  return templates.flatMap((template) => templateAnchors(template).map(({ pem }) => pem));
}
