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
  // OpenShift, "Managing deployment processes", "Starting a deployment"
  'apps.openshift.io/DeploymentConfig': (name) => `restart it with \`oc rollout latest dc/${name}\``,
};

/** Operators that put the time of a restart back in the past, by the groups of their resources. */
const KEEPS: Record<string, string> = {
  // prometheus-operator#4185
  'monitoring.coreos.com': 'prometheus-operator keeps `kubectl.kubernetes.io/restartedAt` from 0.50 on: upgrade it',
  // VictoriaMetrics/operator#1215
  'operator.victoriametrics.com':
    'the operator of VictoriaMetrics keeps `kubectl.kubernetes.io/restartedAt` from 0.52 on: upgrade it',
};

/** What a person can do to have the pods of an operator's resource replaced: a clause to begin a hint with. */
export function ownMeans({ group = '', kind, name }: OwnerRef): string {
  return MEANS[`${group}/${kind}`]?.(name) ?? 'restart it by its own means';
}

/** The same where its operator has put a restart back. */
export function ownMeansBeside(owner: OwnerRef): string {
  return KEEPS[owner.group ?? ''] ?? ownMeans(owner);
}

/** `Prometheus main`. */
export function ownerName({ kind, name }: OwnerRef): string {
  return `${kind} ${name}`;
}
