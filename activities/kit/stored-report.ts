import { FORMAT, type EvidenceLine } from '../../src/evidence/lines.js';
import type { ReportFile } from '../../src/evidence/file.js';
import { unpack } from '../../src/evidence/pack.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { readEvidence } from '../../src/records/evidence.js';
import { EVIDENCE_CONFIGMAPS } from '../../src/records/names.js';
import type { EvidenceIndex } from '../../src/rotation/report.js';
import { type ClusterRecords, clusterRecords } from './cluster-records.js';

/** The report that is in the cluster, with its evidence. */
export interface StoredReport {
  records: ClusterRecords;
  /** Absent: there is none of any rotation. */
  file?: ReportFile;
  /** What of the evidence is not as the report says. */
  problems: string[];
}

export async function storedReport(k8s: Kubernetes): Promise<StoredReport> {
  const records = await clusterRecords(k8s);
  const { report, reportObject } = records;
  if (!report) return { records, problems: [] };
  const namespace = reportObject.split('/')[0] ?? '';
  const { evidence } = report;
  if (!evidence || 'missing' in evidence)
    return { records, file: { format: FORMAT, report, evidence: [] }, problems: [] };
  const read = await lines(k8s, namespace, evidence);
  return { records, file: { format: FORMAT, report, evidence: read.lines }, problems: read.problems };
}

async function lines(
  k8s: Kubernetes,
  namespace: string,
  { chunks }: EvidenceIndex,
): Promise<{ lines: EvidenceLine[]; problems: string[] }> {
  const found: EvidenceLine[] = [];
  const problems: string[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const text = await readEvidence(k8s, namespace, index);
    const name = `ConfigMap ${namespace}/${EVIDENCE_CONFIGMAPS[index] ?? index}`;
    if (text === undefined) problems.push(`${name} has no evidence any more`);
    else {
      try {
        for (const line of unpack(text, chunk).split('\n')) if (line) found.push(JSON.parse(line) as EvidenceLine);
      } catch (error) {
        problems.push(`${name} is not as it was written: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return { lines: found, problems };
}
