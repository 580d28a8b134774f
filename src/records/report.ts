import { jsonText } from '../ground/plain.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { REPORT_CONFIGMAP } from './names.js';
import { type OwnObject, writeOwnObject } from './own-object.js';

/** Bytes of a report: a ConfigMap takes 1 MiB, and without the report a rotation could not end. */
const MOST_BYTES = 700_000;

/** The ConfigMap that holds the report of the last rotation, as JSON. */
export function reportObject(report: object): OwnObject {
  return { kind: 'ConfigMap', name: REPORT_CONFIGMAP, data: { 'report.json': asJson(report) } };
}

/** The report as far as it fits. */
export function fittingReport<T extends object>(report: T): T {
  if (Buffer.byteLength(asJson(report)) <= MOST_BYTES) return report;
  return { ...report, notes: ['The notes do not fit in here: they are in the result of the workflow.'] };
}

function asJson(report: object): string {
  return `${jsonText(report)}\n`;
}

/** The report that is in the cluster, as far as it can be read. */
export async function readReport(k8s: Kubernetes, namespace: string): Promise<Record<string, unknown>> {
  try {
    const { data } = await k8s.core.readNamespacedConfigMap({ name: REPORT_CONFIGMAP, namespace });
    return JSON.parse(data?.['report.json'] ?? '{}') as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError || isKubernetesError(error, 'NotFound')) return {};
    throw error;
  }
}

/**
 * Leaves the report in the cluster, in place of an earlier one.
 * @param seal makes the digest of what is written
 * @returns what was written
 */
export async function writeReport<T extends object, S extends T>(
  k8s: Kubernetes,
  namespace: string,
  report: T,
  seal: (fitting: T) => S,
): Promise<S> {
  const written = seal(fittingReport(report));
  await writeOwnObject(k8s, namespace, reportObject(written));
  return written;
}
