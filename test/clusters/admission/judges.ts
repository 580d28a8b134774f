import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { V1Pod, V1ValidatingWebhook } from '@kubernetes/client-node';
import { isKubernetesError } from '../../../src/kubernetes/errors.js';
import { eventually, k8s } from '../../integration/support.js';
import { authority, leafUnder } from '../../unit/support.js';

/** Who judges new pods: real policies of the API server, and real webhooks that it asks. */

const PODS = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];

/** Of `deploy/objects.yaml`. */
export const OWN = 'reroot-rehearsal';

const PLAIN: V1Pod = {
  metadata: { generateName: 'tried-by-hand-' },
  spec: { containers: [{ name: 'app', image: 'reroot.invalid/plain' }] },
};

/** What the API server says of a plain new pod, as a dry run; undefined: it takes it. */
async function saidOfPlain(namespace: string): Promise<string | undefined> {
  try {
    await k8s.core.createNamespacedPod({ namespace, dryRun: 'All', body: PLAIN });
    return undefined;
  } catch (error) {
    if (isKubernetesError(error)) return error.message;
    throw error;
  }
}

/** Waits until a plain pod is refused so, or (empty) taken: policies take a moment. */
export async function plainPodSays(what: string, namespace = OWN): Promise<void> {
  await eventually(`"${what}" of a plain pod in ${namespace}`, async () => {
    const said = (await saidOfPlain(namespace)) ?? '';
    return what === '' ? said === '' : said.includes(what);
  });
}

/** While a ValidatingAdmissionPolicy on new pods is in force, for the whole cluster. */
export async function underPolicy<T>(
  name: string,
  rule: { expression: string; message: string },
  run: () => Promise<T>,
) {
  await k8s.admission.createValidatingAdmissionPolicy({
    body: {
      metadata: { name },
      spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules: PODS }, validations: [rule] },
    },
  });
  await k8s.admission.createValidatingAdmissionPolicyBinding({
    body: { metadata: { name }, spec: { policyName: name, validationActions: ['Deny'] } },
  });
  try {
    await plainPodSays(rule.message);
    return await run();
  } finally {
    await k8s.admission.deleteValidatingAdmissionPolicyBinding({ name });
    await k8s.admission.deleteValidatingAdmissionPolicy({ name });
    await plainPodSays('');
  }
}

/** While a webhook of the test refuses every new pod of reroot's own namespace (or dry runs alone), or cannot be asked. */
export async function underWebhook<T>(
  name: string,
  { says, url, takes }: { says: string; url?: string; takes?: 'all but dry runs' },
  run: () => Promise<T>,
) {
  const { root, issuer } = authority(name);
  const served = leafUnder(issuer, { name: 'localhost' });
  const server = createServer(
    {
      cert: `${served.certificate.pem}${issuer.certificate.pem}`,
      key: served.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    },
    (request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => void (text += part.toString()));
      request.on('end', () => {
        const {
          apiVersion,
          kind,
          request: asked,
        } = JSON.parse(text) as {
          apiVersion: string;
          kind: string;
          request: { uid: string; dryRun?: boolean };
        };
        const allowed = takes !== undefined && asked.dryRun !== true;
        const answer = { uid: asked.uid, allowed, status: { code: 403, message: says } };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ apiVersion, kind, response: answer }));
      });
    },
  );
  await new Promise<void>((resolve) => void server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const webhook: V1ValidatingWebhook = {
    name,
    admissionReviewVersions: ['v1'],
    clientConfig: {
      url: url ?? `https://localhost:${port}/`,
      caBundle: Buffer.from(root.certificate.pem).toString('base64'),
    },
    failurePolicy: 'Fail',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': OWN } },
    rules: PODS,
    sideEffects: 'None',
    timeoutSeconds: 5,
  };
  await k8s.admission.createValidatingWebhookConfiguration({ body: { metadata: { name }, webhooks: [webhook] } });
  try {
    await plainPodSays(name);
    return await run();
  } finally {
    await k8s.admission.deleteValidatingWebhookConfiguration({ name });
    server.closeAllConnections();
    server.close();
    await plainPodSays('');
  }
}

/** While a namespace has these labels; `null` takes one away. */
export async function labelled<T>(namespace: string, labels: Record<string, string | null>, run: () => Promise<T>) {
  const before = (await k8s.core.readNamespace({ name: namespace })).metadata?.labels ?? {};
  await setLabels(namespace, labels);
  try {
    return await run();
  } finally {
    await setLabels(namespace, Object.fromEntries(Object.keys(labels).map((key) => [key, before[key] ?? null])));
    await plainPodSays('');
  }
}

async function setLabels(name: string, labels: Record<string, string | null>): Promise<void> {
  const { metadata } = await k8s.core.readNamespace({ name });
  const wanted = Object.entries({ ...metadata?.labels, ...labels }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  await k8s.core.patchNamespace({
    name,
    body: [{ op: 'add', path: '/metadata/labels', value: Object.fromEntries(wanted) }],
  });
}

/** While the injector's webhook is another in some fields. */
export async function injectorChanged<T>(change: Partial<V1ValidatingWebhook>, run: () => Promise<T>) {
  const name = 'linkerd-proxy-injector-webhook-config';
  const before = (await k8s.admission.readMutatingWebhookConfiguration({ name })).webhooks?.[0];
  const write = async (webhook: object) =>
    await k8s.admission.patchMutatingWebhookConfiguration({
      name,
      body: [
        { op: 'add', path: '/webhooks/0', value: webhook },
        { op: 'remove', path: '/webhooks/1' },
      ],
    });
  await write({ ...before, ...change });
  try {
    return await run();
  } finally {
    if (before) await write(before);
  }
}
