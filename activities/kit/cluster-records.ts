import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { detectLinkerd } from '../../src/linkerd/detect.js';
import { holderOf, readLease, shownHolder } from '../../src/records/lease.js';
import { LEASE, REPORT_CONFIGMAP } from '../../src/records/names.js';
import { readReport } from '../../src/records/report.js';
import { isReport, type RotationReport } from '../../src/rotation/report.js';

/** What the cluster itself keeps of rotations: histories in Temporal are gone when their retention is over. */
export interface ClusterRecords {
  apiServer: string;
  /** `namespace/name`, as people look for them. */
  reportObject: string;
  leaseObject: string;
  /** Of the last rotation that has ended. */
  report?: RotationReport;
  /** Who has the Lease: a rotation that has not ended, as far as the cluster knows. */
  holder?: ReturnType<typeof shownHolder>;
}

export async function clusterRecords(k8s: Kubernetes): Promise<ClusterRecords> {
  const { namespace } = await detectLinkerd(k8s, undefined);
  const report = await readReport(k8s, namespace);
  const lease = await readLease(k8s, namespace);
  return {
    apiServer: k8s.server,
    reportObject: `${namespace}/${REPORT_CONFIGMAP}`,
    leaseObject: `${namespace}/${LEASE}`,
    ...present({
      report: isReport(report) ? report : undefined,
      holder: lease && shownHolder(holderOf(lease)),
    }),
  };
}
