import type { V1Pod } from '@kubernetes/client-node';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { readBundle } from '../pki/bundle.js';
import { ANCHORS_VARIABLE, FIELD_MANAGER, INJECT_ANNOTATION } from './names.js';
import { lastValue, proxyContainer } from './pods.js';

/** What the proxy-injector would give a pod created now. */
export type Rehearsal = { injected: true; anchors: string[] } | { injected: false; problem: string };

/**
 * Creates a meshed pod as a server-side dry run: the API server calls the webhook and stores nothing. It is the only
 * way to know what the injector's replica behind the Service reads right now (reference.md section 2.3: it lags).
 */
export async function rehearseInjection(k8s: Kubernetes, namespace: string): Promise<Rehearsal> {
  try {
    const pod = await k8s.core.createNamespacedPod({
      namespace,
      dryRun: 'All',
      fieldManager: FIELD_MANAGER,
      body: samplePod(),
    });
    return readRehearsal(pod);
  } catch (error) {
    // An unreachable webhook with failurePolicy Fail, a quota, a pod-security rule: all mean "no new pods here".
    if (isKubernetesError(error) && !error.transient) return { injected: false, problem: error.message };
    if (isKubernetesError(error, 'Unavailable') && /webhook/.test(error.message)) {
      return { injected: false, problem: error.message };
    }
    throw error;
  }
}

function readRehearsal(pod: V1Pod): Rehearsal {
  const proxy = proxyContainer(pod);
  if (!proxy) {
    return {
      injected: false,
      problem: 'the API server created the pod without a proxy: the webhook did not answer or skipped it',
    };
  }
  const pem = lastValue(proxy.env, ANCHORS_VARIABLE)?.value;
  if (!pem) return { injected: false, problem: `the injected proxy has no ${ANCHORS_VARIABLE}` };
  return { injected: true, anchors: readBundle(pem).certificates.map(({ fingerprint }) => fingerprint) };
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
