import type {
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1Pod,
  V1PodTemplateSpec,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import { RESTARTED_AT } from '../../src/kubernetes/restarted-at.js';
import { createObject, type Definition } from '../integration/custom-resources.js';
import { k8s } from '../integration/support.js';

/** An operator as people have them: it owns workloads and bare pods through a custom resource, and puts back what others change. */

/**
 * What it puts back: everything in the template but the time of a restart (prometheus-operator), the annotations of the
 * object too, everything, or nothing at all.
 */
export type PutsBack = 'template' | 'annotations' | 'all' | 'nothing';

export type OperatedKind = 'StatefulSet' | 'Deployment' | 'DaemonSet';
type Operated = V1StatefulSet | V1Deployment | V1DaemonSet;

/** How a kind is read and replaced, as an operator does it: whole, under its own name. */
const OF_KIND = {
  StatefulSet: {
    read: async (at: At) => await k8s.apps.readNamespacedStatefulSet(at),
    replace: async (at: At, body: Operated, fieldManager: string) =>
      await k8s.apps.replaceNamespacedStatefulSet({ ...at, body: body as V1StatefulSet, fieldManager }),
  },
  Deployment: {
    read: async (at: At) => await k8s.apps.readNamespacedDeployment(at),
    replace: async (at: At, body: Operated, fieldManager: string) =>
      await k8s.apps.replaceNamespacedDeployment({ ...at, body, fieldManager }),
  },
  DaemonSet: {
    read: async (at: At) => await k8s.apps.readNamespacedDaemonSet(at),
    replace: async (at: At, body: Operated, fieldManager: string) =>
      await k8s.apps.replaceNamespacedDaemonSet({ ...at, body: body as V1DaemonSet, fieldManager }),
  },
};

interface At {
  name: string;
  namespace: string;
}

/** What it takes care of. */
export interface Care extends At {
  kind: OperatedKind;
  putsBack: PutsBack;
  /** As its managedFields say. */
  manager: string;
}

export interface Seen {
  /** Every time of a restart that was seen in its template. */
  restarts: Set<string>;
  /** How often something was put back. */
  putBack: number;
}

/** Bare pods of a resource: their names stay, and whichever is gone is made anew. */
export interface BarePods {
  namespace: string;
  owner: ReturnType<typeof controlledBy>;
  names: readonly string[];
  template: V1PodTemplateSpec;
}

export interface ToyOperator {
  seen(name: string): Seen;
  /** Bare pods that were gone, in this order, and how many others were ready beside each. */
  gone: { name: string; others: number }[];
  stop(): Promise<void>;
}

/** The resource of an operator, and how what it owns names it. */
export async function createOwner(definition: Definition, metadata: V1ObjectMeta) {
  const created = await createObject(definition, { metadata });
  return controlledBy(definition, created.metadata);
}

export function controlledBy({ group, version, kind }: Definition, { name = '', uid = '' }: V1ObjectMeta) {
  return { apiVersion: `${group}/${version}`, kind, name, uid, controller: true };
}

/** Looks at what it owns as often as a watch would tell. */
export function startToyOperator(cares: readonly Care[], pods: readonly BarePods[]): ToyOperator {
  const seen = new Map<string, Seen>(cares.map(({ name }) => [name, { restarts: new Set(), putBack: 0 }]));
  const wanted = new Map<string, Wanted>();
  const gone: ToyOperator['gone'] = [];
  const stopping = new AbortController();
  const one = async (care: Care): Promise<void> => {
    for (; !stopping.signal.aborted; await sleep(100)) {
      await reconcile(care, wanted, seen.get(care.name)).catch(unlessExpected);
    }
  };
  const made = async (of: BarePods): Promise<void> => {
    for (; !stopping.signal.aborted; await sleep(200)) await makeAnew(of, gone).catch(unlessExpected);
  };
  const loops = [...cares.map(one), ...pods.map(made)];
  return {
    seen: (name) => seen.get(name) ?? { restarts: new Set(), putBack: 0 },
    gone,
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Somebody else was quicker, or it is gone: the next look tells. */
function unlessExpected(error: unknown): void {
  if (!isKubernetesError(error, 'Conflict', 'NotFound', 'AlreadyExists')) throw error;
}

interface Wanted {
  template: V1PodTemplateSpec;
  annotations: Record<string, string>;
}

async function reconcile(care: Care, wanted: Map<string, Wanted>, seen: Seen | undefined): Promise<void> {
  const { kind, name, namespace, putsBack, manager } = care;
  const { read, replace } = OF_KIND[kind];
  const found = await read({ name, namespace });
  const template = templateOf(found);
  const own = wanted.get(name) ?? { template: structuredClone(template), annotations: { ...annotationsOf(found) } };
  wanted.set(name, own);
  const restartedAt = template.metadata?.annotations?.[RESTARTED_AT];
  if (restartedAt) seen?.restarts.add(restartedAt);
  if (putsBack === 'nothing') return;
  const kept = putsBack !== 'all' && restartedAt ? { [RESTARTED_AT]: restartedAt } : {};
  const right = withAnnotations(own.template, kept);
  const annotations = putsBack === 'template' ? annotationsOf(found) : { ...own.annotations, ...controllersOwn(found) };
  const isRight = same(template, right) && same(annotationsOf(found), annotations);
  if (isRight) return;
  const body = { ...found, metadata: { ...found.metadata, annotations }, spec: { ...found.spec, template: right } };
  await replace({ name, namespace }, body as Operated, manager);
  if (seen) seen.putBack += 1;
}

function templateOf({ spec }: Operated): V1PodTemplateSpec {
  if (!spec) throw new Error('a workload without a spec');
  return spec.template;
}

function annotationsOf({ metadata }: Operated): Record<string, string> {
  return metadata?.annotations ?? {};
}

/** What Kubernetes' own controllers note on their objects is nobody's to take off. */
function controllersOwn(found: Operated): Record<string, string> {
  const notes = Object.entries(annotationsOf(found));
  return Object.fromEntries(notes.filter(([name]) => /^(deployment\.kubernetes\.io|deprecated\.daemonset)/.test(name)));
}

function withAnnotations(template: V1PodTemplateSpec, kept: Record<string, string>): V1PodTemplateSpec {
  const annotations = { ...template.metadata?.annotations, ...kept };
  const { annotations: _none, ...metadata } = template.metadata ?? {};
  return {
    ...template,
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
  };
}

function same(one: object, other: object): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) && !(part instanceof Date)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, inner]) => inner !== undefined)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : part,
  );
}

async function makeAnew({ namespace, owner, names, template }: BarePods, gone: ToyOperator['gone']): Promise<void> {
  const { items } = await k8s.core.listNamespacedPod({ namespace });
  const there = new Set(items.map(({ metadata }) => metadata?.name));
  const absent = names.filter((name) => !there.has(name));
  const isFirst = absent.length === names.length; // nothing was there yet
  for (const name of absent) {
    const others = items.filter((pod) => names.includes(pod.metadata?.name ?? '') && isReady(pod)).length;
    if (!isFirst) gone.push({ name, others });
    const metadata = { ...template.metadata, name, ownerReferences: [owner] };
    await k8s.core.createNamespacedPod({ namespace, body: { metadata, spec: template.spec ?? { containers: [] } } });
  }
}

function isReady({ metadata, status }: V1Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready === true && metadata?.deletionTimestamp === undefined;
}
