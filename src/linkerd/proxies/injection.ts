import type { V1Pod } from '@kubernetes/client-node';
import { type PodRefusal, podRefusal } from '../../kubernetes/admission-refusal.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { isKubernetesError, type KubernetesError } from '../../kubernetes/errors.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { readBundle } from '../../pki/bundle.js';
import { ANCHORS_VARIABLE, INJECTOR_WEBHOOK_NAME } from '../names.js';
import { shuffled } from './attempts.js';
import { injectorSelects } from './injector-webhook.js';
import { lastValue, proxyContainer } from './pods.js';
import { borrowedPod, meshedPodsOf, samplePod } from './rehearsal-pod.js';

/** What the proxy-injector would give a pod created now; `refused`: nobody knows, for no namespace takes such a pod. */
export type Rehearsal = { namespace: string } & ({ anchors: string[] } | { problem: string } | { refused: string });

/** Namespaces that may refuse any new pod before the last resort is asked: a few of one tenant's decide nothing. */
const MOST_REFUSALS = 20;

/** Namespaces whose pods lend their shape to one that is rehearsed in reroot's own. */
const LENDERS = 3;

/** Of deploy/objects.yaml: there reroot's user in the cluster may create pods, and nowhere else. */
export const REHEARSAL_NAMESPACE = 'reroot-rehearsal';

/** There is always this one. */
const LAST_RESORT = 'default';

type Cluster = Pick<Kubernetes, 'core' | 'admission'>;

/**
 * Creates a meshed pod as a server-side dry run: the API server calls the webhook and stores nothing. It is the only
 * way to know what the injector's replica behind the Service reads right now (docs/development/linkerd.md, "The injector
 * lags").
 * It is held in reroot's own namespace. Where there is none, or it takes no pod, or the webhook does not select it, others are
 * asked, if they may be. Where a plain pod is refused, one of the shape of a meshed pod is tried.
 * @param namespaces others, where a new pod would be meshed
 * @throws KubernetesError when the API server could not be asked
 */
export async function rehearseInjection(k8s: Cluster, namespaces: readonly string[]): Promise<Rehearsal> {
  const own = await rehearseIn(k8s, REHEARSAL_NAMESPACE, shuffled(namespaces).slice(0, LENDERS));
  if (own === 'gone') return rehearsalOf(await rehearseAmong(k8s, namespaces));
  const inOwn: Answered = { namespace: REHEARSAL_NAMESPACE, ...own };
  if ('anchors' in own) return rehearsalOf(inOwn);
  const others = await rehearseAmong(k8s, namespaces);
  return rehearsalOf('refused' in others ? weightiest([inOwn, others]) : others);
}

/** Whether there is a namespace for it. Where namespaces may not be listed, that is to be said first: then there is. */
export async function hasRehearsalNamespace({ core }: Pick<Kubernetes, 'core'>): Promise<boolean> {
  try {
    const { items } = await core.listNamespace({ fieldSelector: `metadata.name=${REHEARSAL_NAMESPACE}` });
    return items.length > 0;
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return true;
    throw error;
  }
}

/** What one namespace says; `refused`: it takes no such pod, whoever injects it. */
type Answer = 'gone' | { anchors: string[] } | { problem: string } | Refused;
type Answered = { namespace: string } & Exclude<Answer, 'gone'>;

interface Refused {
  refused: string;
  because: (typeof WEIGHTS)[number];
}

/**
 * What counts when no namespace takes the pod: a policy of one says that the injector answered there, for it is asked before
 * policies are; only where it says no itself everywhere, it is what is wrong.
 */
const WEIGHTS = ['policy', 'injector', 'left out', 'no right'] as const;

function weightiest(answers: readonly [Answered, ...Answered[]]): Answered {
  const weight = (answer: Answered) => ('because' in answer ? WEIGHTS.indexOf(answer.because) : -1);
  return answers.reduce((best, answer) => (weight(answer) < weight(best) ? answer : best));
}

function rehearsalOf(answer: Answered): Rehearsal {
  const { namespace } = answer;
  if ('refused' in answer)
    return {
      namespace,
      ...(answer.because === 'injector' ? { problem: answer.refused } : { refused: answer.refused }),
    };
  return 'anchors' in answer ? { namespace, anchors: answer.anchors } : { namespace, problem: answer.problem };
}

/**
 * A namespace whose policies, quota or pod security refuse the pod, that the webhook leaves out, or that is gone or on its way
 * out, says nothing about the injector: the next one is asked. Of many it is left to chance which are asked: nobody can stand
 * before all others.
 */
async function rehearseAmong(k8s: Cluster, namespaces: readonly string[]): Promise<Answered> {
  const refusals: Answered[] = [];
  const inTurn = namespaces.length > MOST_REFUSALS ? shuffled(namespaces) : namespaces;
  for (const namespace of [...inTurn.filter((name) => name !== LAST_RESORT), LAST_RESORT]) {
    if (refusals.length >= MOST_REFUSALS && namespace !== LAST_RESORT) continue;
    const answer = await rehearseIn(k8s, namespace, [namespace]);
    if (answer === 'gone') continue;
    if (!('refused' in answer)) return { namespace, ...answer };
    refusals.push({ namespace, ...answer });
  }
  const [first, ...others] = refusals;
  return first
    ? weightiest([first, ...others])
    : { namespace: LAST_RESORT, problem: 'there is no namespace to rehearse in' };
}

/** A plain pod, and where that is refused or not selected, pods of the shape that meshed ones of the lenders have. */
async function rehearseIn(k8s: Cluster, namespace: string, lenders: readonly string[]): Promise<Answer> {
  const first = await dryRun(k8s, namespace, samplePod());
  if (!isOfItsShape(first)) return first;
  const selects = await injectorSelects(k8s, namespace);
  if (!selects.namespace)
    return { refused: `the injector's webhook leaves namespace ${namespace} out`, because: 'left out' };
  const borrowed: Outcome[] = [];
  for (const pod of await shapesOf(k8s, namespace, lenders)) {
    const outcome = await dryRun(k8s, namespace, pod);
    if (outcome === 'gone' || (outcome !== 'no proxy' && !('because' in outcome))) return outcome;
    borrowed.push(outcome);
  }
  return whereNoneIsInjected(first, borrowed, selects.certain);
}

const WITHOUT_PROXY = 'the API server created the pod without a proxy';

/**
 * What it means that no pod came with a proxy.
 * @param certain nothing but selectors decides which pods the webhook is about
 */
function whereNoneIsInjected(first: 'no proxy' | Refused, borrowed: readonly Outcome[], certain: boolean): Answer {
  const refusal =
    borrowed.findLast((outcome) => outcome !== 'no proxy') ?? (borrowed.length === 0 ? first : 'no proxy');
  if (first !== 'no proxy' && refusal !== 'no proxy') return refusal;
  if (!certain)
    return { refused: `${WITHOUT_PROXY}; the matchConditions of the webhook may leave it out`, because: 'left out' };
  const problem = `${WITHOUT_PROXY}: the webhook did not answer or skipped it`;
  // a tenant may have given the borrowed ones a shape that the injector skips: others are asked first
  return first === 'no proxy' ? { problem } : { refused: problem, because: 'injector' };
}

async function shapesOf(k8s: Cluster, namespace: string, lenders: readonly string[]): Promise<V1Pod[]> {
  const lists = lenders.map(async (lender) => {
    const pods = await meshedPodsOf(k8s, lender);
    return (lender === namespace ? pods : pods.slice(0, 1)).map((pod) => borrowedPod(pod, lender === namespace));
  });
  return (await Promise.all(lists)).flat();
}

type Outcome = Answer | 'no proxy';

/** Another pod might fare otherwise. */
function isOfItsShape(one: Outcome): one is 'no proxy' | Refused {
  return one === 'no proxy' || (typeof one === 'object' && 'because' in one && one.because === 'policy');
}

async function dryRun(k8s: Cluster, namespace: string, body: V1Pod): Promise<Outcome> {
  try {
    return readRehearsal(
      await k8s.core.createNamespacedPod({ namespace, dryRun: 'All', fieldManager: FIELD_MANAGER, body }),
    );
  } catch (error) {
    if (!isKubernetesError(error)) throw error;
    if (isNamespaceGone(error)) return 'gone';
    const refusal = podRefusal(error);
    if (!refusal) throw error;
    return refusedBy(refusal, error.message);
  }
}

function refusedBy(refusal: PodRefusal, message: string): { problem: string } | Refused {
  if (refusal.by === 'rbac') return { refused: message, because: 'no right' };
  const isInjector = refusal.by === 'webhook' && refusal.webhook === INJECTOR_WEBHOOK_NAME;
  if (!isInjector || refusal.how === 'no dry runs') return { refused: message, because: 'policy' };
  return refusal.how === 'failed' ? { problem: message } : { refused: message, because: 'injector' };
}

/** Deleted, or being deleted: its admission refuses all that is new (kubernetes plugin/pkg/admission/namespace/lifecycle). */
function isNamespaceGone({ kind, message }: KubernetesError): boolean {
  return kind === 'NotFound' || (kind === 'Forbidden' && message.includes('being terminated'));
}

function readRehearsal(pod: V1Pod): 'no proxy' | { anchors: string[] } | { problem: string } {
  const proxy = proxyContainer(pod);
  if (!proxy) return 'no proxy';
  const pem = lastValue(proxy.env, ANCHORS_VARIABLE)?.value;
  if (!pem) return { problem: `the injected proxy has no ${ANCHORS_VARIABLE}` };
  return { anchors: readBundle(pem).certificates.map(({ fingerprint }) => fingerprint) };
}
