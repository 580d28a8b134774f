import { policyShortfall, readAdmissionPolicy } from '../../src/kubernetes/admission-policy.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { present } from '../../src/ground/present.js';
import { detectLinkerd } from '../../src/linkerd/detect.js';
import { absentObjects } from '../../src/records/absent.js';
import { clusterRecords } from './cluster-records.js';

/** What a cluster has that depends on versions: Linkerd, and what `deploy/` puts there. */
export interface ClusterVersion {
  apiServer: string;
  linkerd: { version: string; namespace: string; layout: string };
  /** Of reroot's own objects, `Kind/name`: those that are not there. */
  absent: string[];
  /** Why the admission policy of `deploy/` does not limit this user; absent where it does, and for those who may do everything. */
  policyShortfall?: string;
  /** The workflow that has the cluster. */
  holder?: string;
  /** The last rotation that has ended. */
  last?: { workflowId: string; outcome: string; finishedAt: string };
}

/** @throws KubernetesError, DetectionError */
export async function clusterVersion(k8s: Kubernetes, wanted?: string): Promise<ClusterVersion> {
  const { version, namespace, layout } = await detectLinkerd(k8s, wanted);
  const absent = await absentObjects(k8s, namespace);
  const policy = await readAdmissionPolicy(k8s);
  const { report, holder } = await clusterRecords(k8s, namespace);
  return {
    apiServer: k8s.server,
    linkerd: { version, namespace, layout: layout.id },
    absent: absent.map(({ kind, name }) => `${kind}/${name}`),
    ...present({
      policyShortfall: policy && policyShortfall(policy),
      holder: holder?.workflowId,
      last: report && { workflowId: report.workflowId, outcome: report.outcome, finishedAt: report.finishedAt },
    }),
  };
}
