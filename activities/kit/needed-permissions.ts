import type { CustomResource } from '../../src/kubernetes/custom.js';
import type { Permission } from '../../src/kubernetes/permissions.js';
import { KINDS } from '../../src/kubernetes/workload-kinds.js';
import { certManagerPermissions, lookPermissions } from './cert-manager-permissions.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT, ISSUER_SECRET } from '../../src/linkerd/names.js';
import { REHEARSAL_NAMESPACE } from '../../src/linkerd/proxies/injection.js';
import type { Reach } from '../../src/linkerd/proxies/reach.js';
import type { OwnName } from '../../src/records/absent.js';
import { OWN, type Owners } from '../../src/rotation/owners.js';
import type { CertManagerFacts } from '../../src/rotation/preflight/observation.js';
import {
  APPROVAL_CONFIGMAP,
  EVIDENCE_CONFIGMAPS,
  LEASE,
  REPORT_CONFIGMAP,
  ROOT_SECRET,
  ROTATION_SECRET,
} from '../../src/records/names.js';

/** What decides which permissions a rotation needs beside those that all need. */
export interface Circumstances {
  reach: Reach;
  /** The input allows evictions. */
  deletePods: boolean;
  /** The cluster has Argo Rollouts. */
  rollouts: boolean;
  /** Links to other clusters and VMs, where the cluster has such resources. */
  members: readonly CustomResource[];
  /** Objects of reroot's own that it would have to create. */
  absent: readonly OwnName[];
  /** There is a namespace for the injection rehearsal. */
  rehearsal: boolean;
  /** People approve on an object in the cluster. */
  inCluster?: boolean;
  /** Absent: reroot writes the bundle and the issuer. */
  owners?: Owners;
  /** Where cert-manager is driven. */
  certManager?: CertManagerFacts | undefined;
}

/** What of a Linkerd decides them. */
type Asked = Pick<Linkerd, 'namespace' | 'anchors' | 'layout'>;

const CORE = 'deploy/rbac/core.yaml';
const OBJECTS = 'deploy/objects.yaml';

/** Every permission a rotation uses, with the phase that uses it and the file that grants it. */
export function neededPermissions(linkerd: Asked, circumstances: Circumstances): Permission[] {
  return [
    ...clusterWide(circumstances),
    ...inLinkerd(linkerd, circumstances.owners ?? OWN),
    ...ofCertManager(linkerd.namespace, circumstances),
    ...(circumstances.inCluster ? [approval(linkerd.namespace)] : []),
    ...circumstances.absent.map((own) => creation(own, linkerd.namespace)),
  ];
}

function clusterWide({ reach, deletePods, rollouts, rehearsal, members }: Circumstances): Permission[] {
  const forward = { subresource: 'portforward', file: 'deploy/rbac/port-forward.yaml' };
  const eviction = { subresource: 'eviction', file: 'deploy/rbac/eviction.yaml' };
  return [
    core('list', 'namespaces', 'every phase'),
    core('get', 'namespaces', 'knowing the cluster', { name: 'kube-system' }),
    core('list', 'pods', 'every gate'),
    core('create', 'pods', 'the injection rehearsal (dry run)', rehearsalIn(rehearsal)),
    ...(reach === 'port-forward'
      ? ['get', 'create'].map((verb) => core(verb, 'pods', 'probing proxies', forward))
      : []),
    ...Object.values(KINDS)
      .filter(({ custom }) => !custom || rollouts)
      .flatMap(({ group, plural, custom }) =>
        ['list', 'patch'].map((verb) => ({
          ...{ verb, group, resource: plural, neededFor: 'trust, renew, retire' },
          file: custom ? 'deploy/rbac/rollouts.yaml' : CORE,
        })),
      ),
    ...members.map(({ group, plural }) => ({
      ...{ verb: 'list', group, resource: plural, file: CORE },
      neededFor: 'knowing the members of the mesh that are no pods',
    })),
    ...(deletePods ? [core('create', 'pods', '`rollout.deletePods`', eviction)] : []),
    {
      ...{ verb: 'list', group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' },
      ...{ neededFor: 'preflight', file: CORE },
    },
  ];
}

function approval(namespace: string): Permission {
  return core('get', 'configmaps', '`approvals: inCluster`', { namespace, name: APPROVAL_CONFIGMAP });
}

function rehearsalIn(rehearsal: boolean): Partial<Permission> {
  return rehearsal ? { namespace: REHEARSAL_NAMESPACE } : { file: `${OBJECTS} and ${CORE}` };
}

function inLinkerd(linkerd: Asked, owners: Owners): Permission[] {
  const { namespace } = linkerd;
  const secrets = [ISSUER_SECRET, ROTATION_SECRET, ROOT_SECRET, ...storedIn(linkerd, 'Secret')];
  const configMaps = [REPORT_CONFIGMAP, ...EVIDENCE_CONFIGMAPS, ...storedIn(linkerd, 'ConfigMap')];
  const written = writtenIn(linkerd, owners);
  const named = (verbs: readonly string[], resource: string, neededFor: string, names: Iterable<string>) =>
    [...names].flatMap((name) => verbs.map((verb) => core(verb, resource, neededFor, { namespace, name })));
  return [
    core('list', 'events', 'issue', { namespace }),
    ...named(['get'], 'deployments', 'preflight', [IDENTITY_DEPLOYMENT, INJECTOR_DEPLOYMENT]).map((permission) => ({
      ...permission,
      group: 'apps',
    })),
    ...named(['get'], 'secrets', 'preflight, every gate', new Set(secrets)),
    ...named(['get'], 'configmaps', 'preflight, every gate', new Set(configMaps)),
    ...named(['patch'], 'secrets', 'generate, trust, issue, retire', written(secrets)),
    ...named(['patch'], 'configmaps', 'trust, retire, finish', written(configMaps)),
    ...['get', 'update'].map((verb) => ({
      ...{ verb, group: 'coordination.k8s.io', resource: 'leases', namespace, name: LEASE },
      ...{ neededFor: 'keeping other rotations out', file: CORE },
    })),
  ];
}

/** What drives cert-manager; where it is only suspected, what tells. */
function ofCertManager(namespace: string, { owners = OWN, certManager }: Circumstances): Permission[] {
  if (owners.issuer.kind !== 'certManager') return [];
  return certManager ? certManagerPermissions(namespace, owners, certManager) : lookPermissions();
}

/**
 * Of some names of objects those that reroot writes: the bundle that is handed off, or made by cert-manager, it only reads. Copies that
 * Linkerd's CLI keeps may be nobody's: they follow by reroot's hand, whoever owns the bundle.
 */
function writtenIn({ anchors, layout }: Asked, { bundle, issuer }: Owners): (names: string[]) => Set<string> {
  const held = anchors.slice(bundle.kind === 'reroot' ? 0 : 1).map(({ name }) => name);
  const ofBundle = held.filter((name) => name !== ISSUER_SECRET || issuer.kind !== 'handOff'); // its `ca.crt`
  const copies = layout.issuerCopies.flatMap(({ certificate, key }) => [certificate.name, key?.name ?? '']);
  const ofIssuer = issuer.kind === 'handOff' ? [] : [ISSUER_SECRET, ...(issuer.kind === 'reroot' ? copies : [])];
  const written = new Set([
    ROTATION_SECRET,
    ROOT_SECRET,
    REPORT_CONFIGMAP,
    ...EVIDENCE_CONFIGMAPS,
    ...ofBundle,
    ...ofIssuer,
  ]);
  return (names) => new Set(names.filter((name) => written.has(name)));
}

const RESOURCES: Record<OwnName['kind'], { group: string; resource: string }> = {
  Secret: { group: '', resource: 'secrets' },
  ConfigMap: { group: '', resource: 'configmaps' },
  Lease: { group: 'coordination.k8s.io', resource: 'leases' },
};

/** Only for what was not made beforehand. */
function creation({ kind, name }: OwnName, namespace: string): Permission {
  return {
    verb: 'create',
    ...RESOURCES[kind],
    namespace,
    neededFor: `${kind} ${name}, which is not there`,
    file: OBJECTS,
  };
}

function core(verb: string, resource: string, neededFor: string, more: Partial<Permission> = {}): Permission {
  return { verb, group: '', resource, neededFor, file: CORE, ...more };
}

/** Objects that hold anchors. */
function storedIn(linkerd: Asked, kind: 'Secret' | 'ConfigMap'): string[] {
  return linkerd.anchors.filter((location) => location.kind === kind).map(({ name }) => name);
}
