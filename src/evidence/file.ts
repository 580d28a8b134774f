import type { RotationReport } from '../rotation/report.js';
import { canonicalJson } from './canonical.js';
import { type EvidenceLine, FORMAT } from './lines.js';

/** The file that an auditor gets: a report and its evidence, in one canonical text of JSON. */

/** A report as it stands in the cluster, with all that it refers to. */
export interface ReportFile {
  format: typeof FORMAT;
  report: RotationReport;
  /** Empty where the report says why there is none. */
  evidence: EvidenceLine[];
}

const BEFORE = `{"evidence":[`;

/** One line each for what is in it, so that it can be searched and compared; there is one such text for one file. */
export function fileText({ format, report, evidence }: ReportFile): string {
  const lines = evidence.map((line) => `\n${canonicalJson(line)}`).join(',');
  return `${BEFORE}${lines}\n],"format":${canonicalJson(format)},\n"report":${canonicalJson(report)}}\n`;
}

/**
 * @returns what it is not, in a sentence, where it is no such file
 */
export function readFile(text: string): ReportFile | string {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(found)) return 'it is not a report of reroot';
  const { format, report, evidence } = found;
  if (format !== FORMAT) return `its format is not ${FORMAT}`;
  if (!isObject(report) || !Array.isArray(evidence) || !evidence.every(isObject)) return 'it is not a report of reroot';
  return found as unknown as ReportFile;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
