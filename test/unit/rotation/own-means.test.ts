import { expect, it } from 'vitest';
import { ownMeans, ownMeansBeside } from '../../../src/rotation/own-means.js';

it.each([
  ['core.strimzi.io', 'StrimziPodSet', 'kubectl annotate strimzipodset main strimzi.io/manual-rolling-update=true'],
  ['postgresql.cnpg.io', 'Cluster', 'kubectl cnpg restart main'],
  ['example.com', 'Cluster', 'by its own means'],
  ['stackgres.io', 'SGCluster', 'sgCluster: main'],
  ['elasticsearch.k8s.elastic.co', 'Elasticsearch', 'one by one'],
  ['apps.kruise.io', 'StatefulSet', 'statefulsets.apps.kruise.io/main'],
  ['apps.openshift.io', 'DeploymentConfig', 'oc rollout latest dc/main'],
  [undefined, 'toString', 'by its own means'],
])('what restarts a resource of %s: %s', (group, kind, says) => {
  expect(ownMeans({ kind, name: 'main', ...(group ? { group } : {}) })).toContain(says);
});

it.each([
  ['monitoring.coreos.com', 'Prometheus', '0.50'],
  ['operator.victoriametrics.com', 'VMCluster', '0.52'],
  ['postgresql.cnpg.io', 'Cluster', 'kubectl cnpg restart main'],
])('an operator that has put a restart back may be old: %s', (group, kind, says) => {
  const owner = { kind, name: 'main', group };
  expect(ownMeansBeside(owner)).toContain(says);
  expect(ownMeans(owner)).not.toContain('upgrade');
});
