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
  const read = await linesIn(k8s, namespace, evidence);
  return { records, file: { format: FORMAT, report, evidence: read.lines }, problems: read.problems };
}

async function linesIn(
  k8s: Kubernetes,
  namespace: string,
  { chunks }: EvidenceIndex,
): Promise<{ lines: EvidenceLine[]; problems: string[] }> {
  const found: EvidenceLine[] = [];
  const problems: string[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const text = await readEvidence(k8s, namespace, index);
    const piece = text === undefined ? 'has no evidence any more' : linesOf(text, chunk);
    if (typeof piece !== 'string') found.push(...piece);
    else problems.push(`ConfigMap ${namespace}/${EVIDENCE_CONFIGMAPS[index] ?? index} ${piece}`);
  }
  return { lines: found, problems };
}

/** @returns what it is not, where it is not as it was written */
function linesOf(text: string, chunk: EvidenceIndex['chunks'][number]): EvidenceLine[] | string {
  try {
    const lines = unpack(text, chunk).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EvidenceLine);
  } catch (error) {
    return `is not as it was written: ${error instanceof Error ? error.message : String(error)}`;
  }
}
