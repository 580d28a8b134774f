import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { isKubernetesError } from '../../kubernetes/errors.js';
import { type AutomaticRenewals, readAutomaticRenewals } from './cert-manager.js';
import type { Linkerd } from '../detect.js';
import { ISSUER_SECRET, TRUST_ROOTS } from '../names.js';

/** Somebody who writes an object of the rotation again and again, without being asked. */
export interface CompetingWriter {
  object: string;
  manager: string;
  /** What it is going to do, one sentence each, as far as it says. */
  will: string[];
  /** Its own resources say that it writes; else it shows by its mark, which also stays when it has been stopped. */
  certain: boolean;
  cure: string;
}

/** A controller that puts an object back to what it thinks it should be, by how it shows in its metadata. */
export interface Controller {
  name: string;
  managers: RegExp;
  marks: RegExp;
  cure: string;
}

const TRUST_MANAGER: Controller = {
  name: 'trust-manager',
  managers: /^trust-manager/,
  marks: /^trust\.cert-manager\.io\/bundle$/,
  cure: "rotate through the Bundle's sources, or delete the Bundle for the rotation and write its ConfigMap anew",
};

const CERT_MANAGER: Controller = {
  name: 'cert-manager',
  managers: /^cert-manager/,
  marks: /^cert-manager\.io\/certificate-name$/,
  cure:
    'delete the Certificate for the rotation (its Secret stays, unless cert-manager runs with ' +
    '--enable-certificate-owner-ref); afterwards issue it under the new root',
};

const CONTROLLERS: readonly Controller[] = [
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
  TRUST_MANAGER,
  CERT_MANAGER,
];

/**
 * Who writes the bundle or the issuer beside reroot. cert-manager and trust-manager are asked for by their own resources
 * where these may be read: they say exactly what comes, and a mark left by a Certificate that is gone does no harm.
 */
export async function competingWriters(k8s: Kubernetes, linkerd: Linkerd): Promise<CompetingWriter[]> {
  const { namespace } = linkerd;
  const names = new Set(linkerd.anchors.map(({ kind, name }) => `${kind} ${name}`));
  names.add(`Secret ${ISSUER_SECRET}`);
  const renewals = await readAutomaticRenewals(k8s, namespace);
  const found: CompetingWriter[] = [];
  for (const object of names) {
    const [kind = '', name = ''] = object.split(' ');
    const marked = controllersOf((await readMetadata(k8s, namespace, kind, name)) ?? {});
    for (const controller of writersOf(name, marked, renewals)) {
      found.push({ object: `${kind} ${namespace}/${name}`, ...controller });
    }
  }
  return found;
}

/** Those whose mark is on an object, corrected by what cert-manager and trust-manager say of themselves. */
export function writersOf(
  name: string,
  marked: readonly Controller[],
  { issuer, hasBundle, bundle }: AutomaticRenewals,
): Omit<CompetingWriter, 'object'>[] {
  const writers = new Map(
    marked.map((controller) => [controller.name, { ...controller, will: [] as string[], certain: false }]),
  );
  const say = (controller: Controller, writes: boolean | undefined, will: string[]): void => {
    if (writes === false) writers.delete(controller.name);
    if (writes === true) writers.set(controller.name, { ...controller, will, certain: true });
  };
  if (name === ISSUER_SECRET) say(CERT_MANAGER, issuer && issuer.length > 0, issuer ?? []);
  if (name === TRUST_ROOTS) say(TRUST_MANAGER, hasBundle, bundle);
  return [...writers.values()].map(({ name: manager, cure, will, certain }) => ({ manager, cure, will, certain }));
}

export function controllersOf(metadata: V1ObjectMeta): Controller[] {
  const marks = [...Object.keys(metadata.labels ?? {}), ...Object.keys(metadata.annotations ?? {})];
  const managers = metadata.managedFields?.map(({ manager }) => manager ?? '') ?? [];
  return CONTROLLERS.filter(
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
