import type { Kubernetes } from '../kubernetes/client.js';
import { REPORT_CONFIGMAP } from './names.js';
import { type OwnObject, writeOwnObject } from './own-object.js';

/** The ConfigMap that holds the report of the last rotation, as JSON. */
export function reportObject(report: object): OwnObject {
  return {
    kind: 'ConfigMap',
    name: REPORT_CONFIGMAP,
    data: { 'report.json': `${JSON.stringify(report, null, 2)}\n` },
  };
}

/** Leaves the report in the cluster, in place of an earlier one. */
export async function writeReport(k8s: Kubernetes, namespace: string, report: object): Promise<void> {
  await writeOwnObject(k8s, namespace, reportObject(report));
}
