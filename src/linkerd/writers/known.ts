/** Somebody who writes objects of the rotation, by how it shows on them. */
export interface KnownWriter {
  name: string;
  /** How it names itself as field manager. */
  managers?: RegExp;
  /** Its labels and annotations, by key. */
  marks?: RegExp;
  /** Its own resources, as owner references name them: `group/Kind`. */
  owners?: RegExp;
  /**
   * - `reverts`: a controller, which puts an object back to what it thinks that it should be, without being asked.
   * - `nextApply`: a tool that writes when a person or a pipeline starts it.
   * - `goesAlong`: a person's own hand, Kubernetes, or what reroot keeps in step by itself.
   */
  how: 'reverts' | 'nextApply' | 'goesAlong';
  /** It copies the content from other objects, which may be of this cluster. */
  copies?: true;
  /** It begins a rotation of its own when the root's Certificate is renewed. */
  drives?: true;
  /** What it is going to do, beyond reverting; of a tool what its next run would do. */
  will?: string;
  /** What a person can do about it. */
  cure: string;
}

const SOURCE = 'put the new bundle into its source';

export const TRUST_MANAGER: KnownWriter = {
  name: 'trust-manager',
  managers: /^trust-manager/,
  // of Bundles, and of ClusterBundles (trust-manager pkg/apis/trustmanager/v1alpha2/types_cluster_bundle.go)
  marks: /^trust(\.cert)?-manager\.io\/bundle$/,
  owners: /^trust(\.cert)?-manager\.io\//,
  how: 'reverts',
  cure: "rotate through the Bundle's sources, or delete the Bundle for the rotation and write its ConfigMap anew",
};

export const CERT_MANAGER: KnownWriter = {
  name: 'cert-manager',
  managers: /^cert-manager/,
  marks: /^cert-manager\.io\/certificate-name$/,
  owners: /^cert-manager\.io\//,
  how: 'reverts',
  cure:
    'delete the Certificate for the rotation (its Secret stays, unless cert-manager runs with ' +
    '--enable-certificate-owner-ref); afterwards issue it under the new root',
};

/** docs.buoyant.io, "Trust anchor rotation reference" and "Lifecycle automation reference". */
export const BUOYANT: KnownWriter = {
  name: "Buoyant's operator",
  managers: /^(trust-rotation|linkerd-buoyant|buoyant)/,
  owners: /^(trust\.linkerd|linkerd\.buoyant)\.io\//,
  how: 'reverts',
  drives: true,
  cure: 'rotate by its own means, or scale its Deployment to zero for the rotation, and bring its resources in step afterwards',
};

/** Rows in the order in which they are tried: what a GitOps tool applies by Helm is that tool's. */
export const KNOWN_WRITERS: readonly KnownWriter[] = [
  {
    name: 'Argo CD',
    managers: /^argocd-/,
    marks: /^argocd\.argoproj\.io\/(tracking-id|instance)$/,
    how: 'reverts',
    cure: `switch off self-heal for it during the rotation, and ${SOURCE}`,
  },
  {
    name: 'Flux',
    managers: /^(kustomize-controller|helm-controller)$/,
    marks: /^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/,
    how: 'reverts',
    cure: `suspend its Kustomization or HelmRelease during the rotation, and ${SOURCE}`,
  },
  {
    name: 'Rancher (Fleet, or the addons of k3s)',
    managers: /^fleet-?(agent|controller)/,
    marks: /^(objectset\.rio\.cattle\.io\/id|fleet\.cattle\.io\/.+)$/, // rancher/fleet#2156, rancher/dashboard#13269
    how: 'reverts',
    cure: `pause its GitRepo or Bundle (\`spec.paused\`) during the rotation, and ${SOURCE}`,
  },
  {
    name: 'Config Sync',
    managers: /^configsync\.gke\.io/,
    marks: /^(configsync|configmanagement)\.gke\.io\/(managed|resource-id)$/,
    how: 'reverts',
    cure: `stop its RootSync or RepoSync during the rotation, and ${SOURCE}`,
  },
  TRUST_MANAGER,
  CERT_MANAGER,
  BUOYANT,
  {
    name: 'External Secrets',
    managers: /^external-secrets/,
    marks: /^reconcile\.external-secrets\.io\//,
    owners: /^(generators\.)?external-secrets\.io\//,
    how: 'reverts',
    copies: true,
    will: "it writes its store's value again after each `refreshInterval`",
    cure: 'set `refreshInterval: "0"` of its ExternalSecret for the rotation, and put the new content into its store',
  },
  {
    name: 'Vault Secrets Operator',
    owners: /^secrets\.hashicorp\.com\//,
    how: 'reverts',
    cure: 'scale the operator to zero for the rotation, and put the new content into Vault',
  },
  {
    name: 'Sealed Secrets',
    marks: /^sealedsecrets\.bitnami\.com\/(managed|patch)$/,
    owners: /^bitnami\.com\/SealedSecret$/,
    how: 'reverts',
    cure: 'scale its controller to zero for the rotation, and seal the new content before it comes back',
  },
  {
    name: 'Reflector',
    marks: /^reflector\.v1\.k8s\.emberstack\.com\/(auto-)?reflects$/,
    how: 'reverts',
    copies: true,
    cure: 'take its annotation `reflects` off for the rotation, or rotate where the object is reflected from',
  },
  {
    name: 'kubernetes-replicator',
    marks: /^replicator\.v1\.mittwald\.de\/replicated?-from(-version)?$/,
    how: 'reverts',
    copies: true,
    cure: 'take its annotation `replicate-from` off for the rotation, or rotate where the object is replicated from',
  },
  {
    name: 'Crossplane',
    managers: /(^|\.)crossplane(\.|-|$)/,
    marks: /^crossplane\.io\//,
    owners: /\.crossplane\.io\//,
    how: 'reverts',
    cure: `pause its resource with annotation \`crossplane.io/paused\` during the rotation, and ${SOURCE}`,
  },
  {
    name: 'Terraform',
    managers: /^(Terraform|HashiCorp|OpenTofu)/i,
    how: 'nextApply',
    will: 'its next `terraform apply` would bring the old content back',
    cure: 'no `terraform apply` during the rotation; before the next one, put the new content into its configuration',
  },
  {
    name: 'Pulumi',
    managers: /^pulumi-/,
    how: 'nextApply',
    will: 'its next `pulumi up` would bring the old content back',
    cure: 'no `pulumi up` during the rotation; before the next one, put the new content into its program',
  },
  {
    name: 'Helm',
    managers: /^helm$/i,
    how: 'nextApply',
    will: 'the next `helm upgrade` of its release with the same values would bring the old content back',
    cure: 'no `helm upgrade` during the rotation; before the next one, put the new content into its values',
  },
  {
    // people; CLI installs go through kubectl, and what that keeps is kept in step (docs/compatibility.md, "Others who write")
    name: 'kubectl',
    managers: /^(kubectl([- ].*)?|oc|linkerd|reroot|before-first-apply)$/,
    how: 'goesAlong',
    cure: '',
  },
  { name: 'Kubernetes', managers: /^(kube-(controller-manager|apiserver)|kubelet)$/, how: 'goesAlong', cure: '' },
];

/** Whether a field manager is a person's hand, Kubernetes, or a tool that somebody starts: it writes nothing by itself. */
export function isStartedByHand(manager: string): boolean {
  const known = KNOWN_WRITERS.find(({ managers }) => managers?.test(manager));
  return known !== undefined && known.how !== 'reverts';
}
