import type {
  IntOrString,
  V1DaemonSet,
  V1Deployment,
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1ReplicationController,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { RolloutSpeed } from '../ground/workload.js';

/** How quickly each controller replaces its pods, as its specification says; for predictions. */

const SECOND_MS = 1000;
/** Defaults of Kubernetes: for a pod's grace, and for `maxSurge` and `maxUnavailable` of a Deployment. */
const DEFAULT_GRACE_S = 30;
const DEFAULT_SHARE = '25%';

/** A surge is rounded up and what may be unavailable down; both zero is one at a time (kubernetes pkg/controller/deployment/util). */
export function deploymentSpeed({ spec }: V1Deployment): RolloutSpeed {
  const { replicas: wanted = 1, strategy = {} } = spec ?? {};
  const pace = ofPods(spec);
  if (strategy.type === 'Recreate') return { ...pace, atOnce: atLeastOne(wanted), oldGoesFirst: true };
  const { maxSurge = DEFAULT_SHARE, maxUnavailable = DEFAULT_SHARE } = strategy.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted, 'up');
  return { ...pace, atOnce: atLeastOne(surge + amountOf(maxUnavailable, wanted, 'down')), oldGoesFirst: surge === 0 };
}

/** One pod after the other, from the last; `maxUnavailable` is honoured behind a feature gate only, so it is not counted on. */
export function statefulSetSpeed({ spec }: V1StatefulSet): RolloutSpeed {
  return { ...ofPods(spec), atOnce: 1, oldGoesFirst: true };
}

/** Over the nodes; with a surge the new pod starts beside the old one. */
export function daemonSetSpeed({ spec, status }: V1DaemonSet): RolloutSpeed {
  const wanted = status?.desiredNumberScheduled ?? 0;
  const { maxSurge = 0, maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted, 'up');
  const atOnce = atLeastOne(surge > 0 ? surge : amountOf(maxUnavailable, wanted, 'up'));
  return { ...ofPods(spec), atOnce, oldGoesFirst: surge === 0 };
}

/** Pods that are evicted go one at a time, whatever a PodDisruptionBudget would allow. */
export function evictionSpeed({ spec }: V1ReplicaSet | V1ReplicationController): RolloutSpeed {
  return { ...ofPods(spec), atOnce: 1, oldGoesFirst: true };
}

/** What the pods of every controller have. */
export function ofPods(
  spec: { minReadySeconds?: number | undefined; template?: V1PodTemplateSpec | undefined } | undefined,
): Pick<RolloutSpeed, 'minReadyMs' | 'graceMs'> {
  return {
    minReadyMs: (spec?.minReadySeconds ?? 0) * SECOND_MS,
    graceMs: (spec?.template?.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) * SECOND_MS,
  };
}

/** `2`, or `25%` of so many. */
function amountOf(value: IntOrString, of: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const share = (Number.parseInt(value, 10) / 100) * of;
  if (Number.isNaN(share)) return 1;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

function atLeastOne(count: number): number {
  return Math.max(1, count);
}
