import type { V1Pod } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { isKubernetesError, type KubernetesError } from '../../kubernetes/errors.js';
import { readBundle } from '../../pki/bundle.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { ANCHORS_VARIABLE, INJECT_ANNOTATION, WEBHOOKS_LABEL } from '../names.js';
import { shuffled } from './attempts.js';
import { lastValue, proxyContainer } from './pods.js';

/** What the proxy-injector would give a pod created now. */
export type Rehearsal = { namespace: string } & ({ anchors: string[] } | { problem: string });

/** Namespaces that may refuse any new pod before the last resort is asked: a few of one tenant's decide nothing. */
const MOST_REFUSALS = 20;

/** Of deploy/objects.yaml: there reroot's user in the cluster may create pods, and nowhere else. */
export const REHEARSAL_NAMESPACE = 'reroot-rehearsal';

/** There is always this one. */
const LAST_RESORT = 'default';

/**
 * Creates a meshed pod as a server-side dry run: the API server calls the webhook and stores nothing. It is the only
 * way to know what the injector's replica behind the Service reads right now (docs/development/linkerd.md, "The injector
 * lags").
 * It is held in reroot's own namespace. Where there is none, or the webhook does not select it, others are asked, if they
 * may be.
 * @param namespaces others, where a new pod would be meshed
 * @throws KubernetesError when the API server could not be asked
 */
export async function rehearseInjection(
  k8s: Pick<Kubernetes, 'core'>,
  namespaces: readonly string[],
): Promise<Rehearsal> {
  const own = await rehearseIn(k8s, REHEARSAL_NAMESPACE);
  if (own === 'gone') return outcome(await rehearseAmong(k8s, namespaces));
  if ('anchors' in own) return { namespace: REHEARSAL_NAMESPACE, ...own };
  const others = await rehearseAmong(k8s, namespaces);
  return outcome('refused' in others ? { namespace: REHEARSAL_NAMESPACE, ...own } : others);
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

/** What no namespace takes is a problem too. */
function outcome({ namespace, ...answer }: Answered): Rehearsal {
  return { namespace, ...('refused' in answer ? { problem: answer.refused } : answer) };
}

/**
 * A namespace whose quota or pod security refuses any new pod, that the webhook leaves out, or that is gone or on its way out,
 * says nothing about the injector: the next one is asked. Of many it is left to chance which are asked: nobody can stand
 * before all others.
 */
async function rehearseAmong(k8s: Pick<Kubernetes, 'core'>, namespaces: readonly string[]): Promise<Answered> {
  const refusals: Answered[] = [];
  const inTurn = namespaces.length > MOST_REFUSALS ? shuffled(namespaces) : namespaces;
  for (const namespace of inTurn) {
    const answer = await rehearseIn(k8s, namespace);
    if (answer === 'gone') continue;
    if (!('refused' in answer)) return { namespace, ...answer };
    refusals.push({ namespace, ...answer });
    if (refusals.length >= MOST_REFUSALS) break;
  }
  const answer = await rehearseIn(k8s, LAST_RESORT);
  if (answer !== 'gone' && !('refused' in answer)) return { namespace: LAST_RESORT, ...answer };
  const nobody = answer === 'gone' ? { problem: 'there is no namespace to rehearse in' } : answer;
  return refusals.at(-1) ?? { namespace: LAST_RESORT, ...nobody };
}

/** What one namespace says; `refused`: it takes no pod at all, whoever injects it. */
type Answer = 'gone' | { anchors: string[] } | { problem: string } | { refused: string };
type Answered = { namespace: string } & Exclude<Answer, 'gone'>;

async function rehearseIn(k8s: Pick<Kubernetes, 'core'>, namespace: string): Promise<Answer> {
  try {
    const body = samplePod();
    const pod = await k8s.core.createNamespacedPod({ namespace, dryRun: 'All', fieldManager: FIELD_MANAGER, body });
    if (proxyContainer(pod) || !(await isLeftOut(k8s, namespace))) return readRehearsal(pod);
    return { refused: `label ${WEBHOOKS_LABEL} keeps the webhook from namespace ${namespace}` };
  } catch (error) {
    if (!isKubernetesError(error)) throw error;
    if (isNamespaceGone(error)) return 'gone';
    const ofWebhook = error.kind === 'Unavailable' && error.message.includes('webhook');
    if (error.transient && !ofWebhook) throw error;
    return error.kind === 'Forbidden' ? { refused: error.message } : { problem: error.message };
  }
}

/** Its pods come without a proxy whatever the injector does: whoever may label the namespace has chosen that. */
async function isLeftOut(k8s: Pick<Kubernetes, 'core'>, namespace: string): Promise<boolean> {
  const only = { fieldSelector: `metadata.name=${namespace}`, labelSelector: `${WEBHOOKS_LABEL}=disabled` };
  return (await k8s.core.listNamespace(only)).items.length > 0;
}

/** Deleted, or being deleted: its admission refuses all that is new (kubernetes plugin/pkg/admission/namespace/lifecycle). */
function isNamespaceGone({ kind, message }: KubernetesError): boolean {
  return kind === 'NotFound' || (kind === 'Forbidden' && message.includes('being terminated'));
}

function readRehearsal(pod: V1Pod): { anchors: string[] } | { problem: string } {
  const proxy = proxyContainer(pod);
  if (!proxy) {
    return {
      problem: 'the API server created the pod without a proxy: the webhook did not answer or skipped it',
    };
  }
  const pem = lastValue(proxy.env, ANCHORS_VARIABLE)?.value;
  if (!pem) return { problem: `the injected proxy has no ${ANCHORS_VARIABLE}` };
  return { anchors: readBundle(pem).certificates.map(({ fingerprint }) => fingerprint) };
}

/** Modest enough for the `restricted` pod security level. */
function samplePod(): V1Pod {
  return {
    metadata: {
      generateName: 'reroot-rehearsal-',
      annotations: { [INJECT_ANNOTATION]: 'enabled' },
    },
    spec: {
      automountServiceAccountToken: true,
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'rehearsal',
          image: 'reroot.invalid/never-pulled',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
