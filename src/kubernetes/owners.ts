import {
  type ConfigurationOptions,
  setHeaderOptions,
  type V1ObjectMeta,
  type V1OwnerReference,
} from '@kubernetes/client-node';
import { LONGEST_NAME, plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { OwnerRef } from '../ground/workload.js';
import type { Kubernetes } from './client.js';
import { listAll, listVersioned } from './list.js';
import type { Source } from './mirror.js';
import { canBeNamed } from './object-names.js';

/**
 * What an owner reference says. Kind and name are for whoever creates a pod to choose; a uid is one object's for ever, and
 * the controllers of Kubernetes let go of pods that have theirs and are not of their selector (controller_ref_manager.go).
 */
export type Owner = Pick<V1OwnerReference, 'kind' | 'name' | 'uid'> & Partial<Pick<V1OwnerReference, 'apiVersion'>>;

/** The controller that an object names; one of a kind or name that no object can have is none. */
export function controllerOf({ ownerReferences = [] }: V1ObjectMeta): Owner | undefined {
  const owner = ownerReferences.find(({ controller }) => controller);
  return owner && canBeNamed(owner) ? owner : undefined;
}

/** Controllers that have pods through objects of their own: through ReplicaSets, through Jobs. */
const THROUGH_OTHERS = ['apps/Deployment', 'argoproj.io/Rollout', 'batch/CronJob'];

/** Whether an owner rolls, or runs, what it owns: that is left to it. */
export function hasPodsThroughOthers({ apiVersion, kind }: Pick<Owner, 'apiVersion' | 'kind'>): boolean {
  return THROUGH_OTHERS.includes(`${groupOf(apiVersion)}/${kind}`);
}

/** The owner of somebody else's kind: the resource of an operator. */
export function foreignOwnerOf(metadata: V1ObjectMeta): OwnerRef | undefined {
  const owner = controllerOf(metadata);
  return owner && !hasPodsThroughOthers(owner) ? namedOwner(owner) : undefined;
}

/** An owner as messages and the table of its means have it. */
export function namedOwner({ kind, name, apiVersion }: Owner): OwnerRef {
  const group = groupOf(apiVersion);
  return { kind, name, ...(group.includes('.') ? { group: plain(group, LONGEST_NAME) } : {}) };
}

function groupOf(apiVersion: string | undefined): string {
  return apiVersion?.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** A ReplicaSet as a pod names it. */
export interface ReplicaSetClaim {
  namespace: string;
  uid: string;
}

interface Known {
  until: number;
  /** Absent: the namespace has no ReplicaSet of this uid, and will never have one. */
  owner?: Owner;
}

/** Namespaces up to which each is listed by itself; of more, all are listed at once. */
const FEW_NAMESPACES = 4;
/** Milliseconds: seldom, a ReplicaSet is left by its Deployment and taken by another. */
const KNOWN_FOR_MS = 300_000;
/** Metadata is all that is read, so it is all that is sent (Kubernetes API concepts, "Fetch resources as metadata only"). */
function ofMetadata(options: ConfigurationOptions): ConfigurationOptions {
  return setHeaderOptions('Accept', metadataOnly('PartialObjectMetadataList'), options);
}

function metadataOnly(as: string): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`;
}

const knownTo = new WeakMap<Kubernetes, Map<string, Known>>();

/**
 * Whose ReplicaSets are: the controller that rolls each, or itself where it has none, or one that is an operator's. What was learned is remembered for some
 * minutes, so that a look lists them only when there are new ones, and then in their namespaces alone.
 * @returns by `claimKey`; a ReplicaSet that does not exist is not in it
 * @throws KubernetesError
 */
export async function ownersOfReplicaSets(
  k8s: Kubernetes,
  claims: readonly ReplicaSetClaim[],
): Promise<Map<string, Owner>> {
  const known = knownTo.get(k8s) ?? new Map<string, Known>();
  knownTo.set(k8s, known);
  const now = Date.now();
  for (const [key, { until }] of known) if (until <= now) known.delete(key);
  const unknown = claims.filter((claim) => !known.has(claimKey(claim)));
  if (unknown.length > 0) {
    const found = new Map(await listOwners(k8s, unknown));
    for (const key of unknown.map(claimKey))
      known.set(key, { until: now + KNOWN_FOR_MS, ...present({ owner: found.get(key) }) });
  }
  return new Map(claims.map(claimKey).flatMap((key) => ownerEntry(known, key)));
}

/** Whose a ReplicaSet is. */
export interface ReplicaSetOwner {
  uid: string;
  /** As claims are looked up. */
  key: string;
  owner: Owner;
}

/** The same of all ReplicaSets, for a watch. */
export function replicaSetOwners({ apps }: Pick<Kubernetes, 'apps'>): Source<ReplicaSetOwner> {
  return {
    path: '/apis/apps/v1/replicasets',
    accept: metadataOnly('PartialObjectMetadata'),
    list: async () =>
      await listVersioned(
        async (page, asJson) => await apps.listReplicaSetForAllNamespaces(page, ofMetadata(asJson)),
        ownerIn,
      ),
    read: (object) => ownerIn(object),
  };
}

function ownerIn({ metadata = {} }: { metadata?: V1ObjectMeta }): ReplicaSetOwner {
  const { namespace = '', uid = '', name = '' } = metadata;
  const owner = controllerOf(metadata);
  const rolls = owner && hasPodsThroughOthers(owner);
  return { uid, key: claimKey({ namespace, uid }), owner: rolls ? owner : { kind: 'ReplicaSet', name, uid } };
}

export function claimKey({ namespace, uid }: ReplicaSetClaim): string {
  return `${namespace}/${uid}`;
}

function ownerEntry(known: ReadonlyMap<string, Known>, key: string): [string, Owner][] {
  const owner = known.get(key)?.owner;
  return owner ? [[key, owner]] : [];
}

/** Only those that are asked for are kept. */
async function listOwners(k8s: Kubernetes, claims: readonly ReplicaSetClaim[]): Promise<[string, Owner][]> {
  const wanted = new Set(claims.map(claimKey));
  const namespaces = new Set(claims.map(({ namespace }) => namespace));
  const asked = namespaces.size > FEW_NAMESPACES ? [undefined] : [...namespaces];
  const read = (object: { metadata?: V1ObjectMeta }): [string, Owner] | undefined => {
    const { key, owner } = ownerIn(object);
    return wanted.has(key) ? [key, owner] : undefined;
  };
  const lists = asked.map(
    async (namespace) =>
      await listAll(
        (page, asJson) =>
          namespace === undefined
            ? k8s.apps.listReplicaSetForAllNamespaces(page, ofMetadata(asJson))
            : k8s.apps.listNamespacedReplicaSet({ ...page, namespace }, ofMetadata(asJson)),
        read,
      ),
  );
  return (await Promise.all(lists)).flat();
}
