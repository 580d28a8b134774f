import { type ClusterRecords, clusterRecords } from '../../../activities/kit/cluster-records.js';
import { clusterAccess } from '../../../worker/access.js';
import type { RotationReport } from '../../rotation/report.js';
import { configured } from '../options/worker.js';
import { commandAgain, type RotationEnd } from './end.js';

/** How a rotation ended, from the cluster's own records: for when no Temporal server knows it. */

/** Somebody waits for the answer, and may have no cluster at hand. */
const PATIENCE = { REROOT_KUBE_TIMEOUT_MS: '5000' };

/** @returns why nothing could be read, where that is so */
export async function recordsOf(env: NodeJS.ProcessEnv): Promise<ClusterRecords | { unread: string }> {
  try {
    const given = { ...env, ...PATIENCE };
    return await clusterRecords(clusterAccess(configured(given), given).k8s);
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) };
  }
}

/** The end of one rotation; undefined when the last that has ended in this cluster is another, of the same name or not. */
export function endFrom(
  { report, holder }: Pick<ClusterRecords, 'report' | 'holder'>,
  workflowId: string,
): RotationEnd | undefined {
  if (report?.workflowId !== workflowId || holder?.workflowId === workflowId) return undefined;
  const { runId, cluster, outcome, startedAt, finishedAt } = report;
  const again = commandAgain({ workflowId, replaces: replacedBy(report) }, cluster);
  return { workflowId, runId, cluster, outcome, startedAt, finishedAt, report, again };
}

/** What else the records say, for a rotation that is not in them. */
export function otherwiseText(records: ClusterRecords | { unread: string }): string {
  if ('unread' in records) return `The cluster's own records could not be read: ${records.unread}`;
  const { apiServer, reportObject, leaseObject, report, holder } = records;
  const ended = report
    ? `The last rotation that ended there is ${report.workflowId} (${report.outcome} at ${report.finishedAt}): ConfigMap ${reportObject}.`
    : `It has no report of any (ConfigMap ${reportObject}).`;
  const held = holder
    ? ` Lease ${leaseObject} is held by workflow ${holder.workflowId} (run ${holder.runId}) in Temporal namespace ${holder.temporalNamespace} at ` +
      `${holder.temporalAddress}: if that has ended, the next rotation takes it over.`
    : ` Nobody holds Lease ${leaseObject}.`;
  return `In the cluster at ${apiServer}: ${ended}${held}`;
}

function replacedBy({ oldRoots }: RotationReport): 'root' | 'issuer' {
  return oldRoots.length === 0 ? 'issuer' : 'root';
}
