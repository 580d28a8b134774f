import type { V1Pod } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { isKubernetesError } from '../../kubernetes/errors.js';
import { readBundle } from '../../pki/bundle.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { ANCHORS_VARIABLE, INJECT_ANNOTATION } from '../names.js';
import { lastValue, proxyContainer } from './pods.js';

/** What the proxy-injector would give a pod created now. */
export type Rehearsal = { namespace: string } & ({ anchors: string[] } | { problem: string });

const MOST_NAMESPACES = 5;

/**
 * Creates a meshed pod as a server-side dry run: the API server calls the webhook and stores nothing. It is the only
 * way to know what the injector's replica behind the Service reads right now (docs/development/linkerd.md, "The injector
 * lags").
 * A namespace whose quota or pod security refuses any new pod says nothing about the injector: the next one is asked.
 */
export async function rehearseInjection(k8s: Kubernetes, namespaces: readonly string[]): Promise<Rehearsal> {
  let refusal: Rehearsal | undefined;
  for (const namespace of namespaces.slice(0, MOST_NAMESPACES)) {
    try {
      const pod = await k8s.core.createNamespacedPod({
        namespace,
        dryRun: 'All',
        fieldManager: FIELD_MANAGER,
        body: samplePod(),
      });
      return { namespace, ...readRehearsal(pod) };
    } catch (error) {
      if (!isKubernetesError(error)) throw error;
      const ofWebhook = error.kind === 'Unavailable' && error.message.includes('webhook');
      if (error.transient && !ofWebhook) throw error;
      refusal = { namespace, problem: error.message };
      if (error.kind !== 'Forbidden') return refusal;
    }
  }
  return refusal ?? { namespace: 'none', problem: 'there is no namespace to rehearse in' };
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
