import type { ClusterVersion } from '../../../activities/kit/cluster-version.js';
import { present } from '../../ground/present.js';
import type { Build } from '../../temporal/build.js';
import type { Unasked, WorkersSeen, WorkerSeen } from '../session/cluster-version.js';
import { plainly } from './terminal.js';

export interface ClientVersion extends Build {
  node: string;
  platform: string;
  temporalSdk: string;
  /** The versions that a rotation can be of. */
  linkerd: string;
}

export interface VersionFacts {
  client: ClientVersion;
  cluster?: ClusterVersion | Unasked;
  /** Absent: there is no Temporal server. */
  workers?: WorkersSeen | Unasked;
}

export function versionText(facts: VersionFacts, clusterName: string): string {
  const { client, cluster, workers } = plainly(facts);
  const lines = [
    `reroot ${buildText(client)}`,
    `  Node ${client.node} on ${client.platform}, Temporal SDK ${client.temporalSdk}`,
    `  for Linkerd ${client.linkerd}`,
  ];
  if (cluster) lines.push(...clusterLines(cluster));
  if (cluster) lines.push(...workersLines(workers, clusterName, client));
  return lines.join('\n');
}

function clusterLines(cluster: ClusterVersion | Unasked): string[] {
  if ('problem' in cluster) return ['The cluster', `  could not be asked: ${cluster.problem}`];
  const { apiServer, linkerd, absent, policyShortfall: shortfall, holder, last } = cluster;
  return [
    `The cluster at ${apiServer}`,
    `  Linkerd ${linkerd.version} in namespace ${linkerd.namespace} (layout ${linkerd.layout})`,
    `  objects of deploy/: ${absent.length === 0 ? 'all are there' : `${absent.join(', ')} not there`}`,
    ...(shortfall === undefined ? [] : [`  admission policy: ${shortfall}`]),
    ...(holder === undefined ? [] : [`  Lease held by ${holder}`]),
    ...(last ? [`  last rotation: ${last.workflowId}, ${last.outcome} at ${last.finishedAt}`] : []),
  ];
}

function workersLines(workers: WorkersSeen | Unasked | undefined, cluster: string, own: Build): string[] {
  const head = `Workers of cluster ${cluster}`;
  if (!workers) return [head, '  no Temporal server is configured, and no embedded one runs'];
  if ('problem' in workers) return [head, `  could not be asked for: ${workers.problem}`];
  const { server, taskQueue, workers: seen } = workers;
  return [
    `${head}, on Temporal ${server}`,
    ...(seen.length === 0 ? [`  none polls task queue ${taskQueue}`] : seen.map((worker) => workerLine(worker, own))),
  ];
}

function workerLine({ identity, version, workflows }: WorkerSeen, own: Build): string {
  if (version === undefined) return `  ${identity}: it does not say its version, as none before 0.8 does`;
  const same = version === own.version && workflows === own.workflows ? 'as this program' : 'not as this program';
  return `  ${identity.replace(/\/reroot-.*$/, '')}: reroot ${buildText({ version, ...present({ workflows }) })}, ${same}`;
}

function buildText({ version, workflows }: Build): string {
  return workflows === undefined ? version : `${version} (build ${workflows})`;
}
