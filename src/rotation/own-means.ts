import type { OwnerRef } from '../ground/workload.js';

/** How resources of operators are restarted by their own means, where their makers say so. Pure. */

type Means = (name: string) => string;

const MEANS: Record<string, Means> = {
  // Strimzi, "Using annotations to manually start rolling updates"
  'core.strimzi.io/StrimziPodSet': (name) =>
    `restart it with \`kubectl annotate strimzipodset ${name} strimzi.io/manual-rolling-update=true\``,
  // CloudNativePG, "Kubectl Plugin", "Restart"
  'postgresql.cnpg.io/Cluster': (name) => `restart it with \`kubectl cnpg restart ${name}\``,
  // StackGres, "Restart"
  'stackgres.io/SGCluster': (name) => `restart it with an SGDbOps of \`sgCluster: ${name}\` and \`op: restart\``,
  // Elastic, "Start and stop services": instances are restarted by deleting pods
  'elasticsearch.k8s.elastic.co/Elasticsearch': () => 'delete its pods one by one, as ECK wants it',
  // OpenKruise, "kubectl-kruise", "rollout restart"
  'apps.kruise.io/CloneSet': (name) => `restart it with \`kubectl kruise rollout restart cloneset/${name}\``,
  'apps.kruise.io/StatefulSet': (name) =>
    `restart it with \`kubectl kruise rollout restart statefulsets.apps.kruise.io/${name}\``,
  'apps.openshift.io/DeploymentConfig': (name) => `restart it with \`oc rollout latest dc/${name}\``,
  ...sameFor(
    // prometheus-operator#4185
    ['Prometheus', 'Alertmanager', 'ThanosRuler'].map((kind) => `monitoring.coreos.com/${kind}`),
    'prometheus-operator keeps `kubectl.kubernetes.io/restartedAt` from 0.50 on: upgrade it',
  ),
  ...sameFor(
    // VictoriaMetrics/operator#1215
    ['VMCluster', 'VMSingle', 'VMAgent', 'VMAlert', 'VMAlertmanager', 'VMAuth'].map(
      (kind) => `operator.victoriametrics.com/${kind}`,
    ),
    'the operator of VictoriaMetrics keeps `kubectl.kubernetes.io/restartedAt` from 0.52 on: upgrade it',
  ),
};

function sameFor(kinds: readonly string[], means: string): Record<string, Means> {
  return Object.fromEntries(kinds.map((kind) => [kind, () => means]));
}

/** What a person can do to have the pods of an operator's resource replaced: a clause to begin a hint with. */
export function ownMeans({ group = '', kind, name }: OwnerRef): string {
  return MEANS[`${group}/${kind}`]?.(name) ?? 'restart it by its own means';
}

/** `Prometheus main`. */
export function ownerName({ kind, name }: OwnerRef): string {
  return `${kind} ${name}`;
}
