import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import type { Linkerd } from './detect.js';
import { ISSUER_SECRET } from './names.js';

/** Somebody who writes an object of the rotation again and again, without being asked. */
export interface CompetingWriter {
  object: string;
  manager: string;
  cure: string;
}

/** Controllers that put an object back to what they think it should be, by how they show in its metadata. */
const CONTROLLERS: readonly { name: string; managers: RegExp; marks: RegExp; cure: string }[] = [
  {
    name: 'Argo CD',
    managers: /^argocd-/,
    marks: /^argocd\.argoproj\.io\/(tracking-id|instance)$/,
    cure: 'switch off self-heal for it during the rotation, and put the new bundle into its source',
  },
  {
    name: 'Flux',
    managers: /^(kustomize-controller|helm-controller)$/,
    marks: /^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/,
    cure: 'suspend its Kustomization or HelmRelease during the rotation, and put the new bundle into its source',
  },
  {
    name: 'trust-manager',
    managers: /^trust-manager/,
    marks: /^trust\.cert-manager\.io\/bundle$/,
    cure: "rotate through the Bundle's sources, or take the ConfigMap out of the Bundle for the rotation",
  },
  {
    name: 'cert-manager',
    managers: /^cert-manager/,
    marks: /^cert-manager\.io\/certificate-name$/,
    cure: 'delete or pause the Certificate for the rotation; afterwards issue it under the new root',
  },
];

export async function competingWriters(k8s: Kubernetes, linkerd: Linkerd): Promise<CompetingWriter[]> {
  const { namespace } = linkerd;
  const names = new Set(linkerd.anchors.map(({ kind, name }) => `${kind} ${name}`));
  names.add(`Secret ${ISSUER_SECRET}`);
  const found: CompetingWriter[] = [];
  for (const object of names) {
    const [kind = '', name = ''] = object.split(' ');
    const metadata = await readMetadata(k8s, namespace, kind, name);
    const controller = metadata && controllerOf(metadata);
    if (controller)
      found.push({ object: `${kind} ${namespace}/${name}`, manager: controller.name, cure: controller.cure });
  }
  return found;
}

export function controllerOf(metadata: V1ObjectMeta): { name: string; cure: string } | undefined {
  const marks = [...Object.keys(metadata.labels ?? {}), ...Object.keys(metadata.annotations ?? {})];
  const managers = metadata.managedFields?.map(({ manager }) => manager ?? '') ?? [];
  return CONTROLLERS.find(
    (controller) =>
      marks.some((mark) => controller.marks.test(mark)) ||
      managers.some((manager) => controller.managers.test(manager)),
  );
}

async function readMetadata(
  k8s: Kubernetes,
  namespace: string,
  kind: string,
  name: string,
): Promise<V1ObjectMeta | undefined> {
  try {
    const object =
      kind === 'Secret'
        ? await k8s.core.readNamespacedSecret({ name, namespace })
        : await k8s.core.readNamespacedConfigMap({ name, namespace });
    return object.metadata;
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}
