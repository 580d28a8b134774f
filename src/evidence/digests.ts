import type { EvidenceIndex } from '../rotation/report.js';
import { digestOf, reportDigest } from './canonical.js';
import { type Check, check, counted } from './checks.js';
import type { ReportFile } from './file.js';
import type { EvidenceLine } from './lines.js';
import { writtenLine } from './pack.js';

/** The digest of the report, that of the evidence which stands in it, and those of the pieces. */
export function digestsOf({ report, evidence }: ReportFile, noted: string | undefined): Check[] {
  const found = reportDigest(report);
  const own = report.digest === found ? [] : [`the report says ${String(report.digest)}, and its digest is ${found}`];
  const other = found === noted?.toLowerCase() ? [] : [`noted is ${noted}, and the digest of the report is ${found}`];
  return [
    check('ReportDigest', `the report has digest ${found}`, own),
    ...(noted === undefined ? [] : [check('NotedDigest', 'the digest is the one that was noted elsewhere', other)]),
    evidenceDigest(report.evidence, evidence),
  ];
}

function evidenceDigest(said: ReportFile['report']['evidence'], evidence: readonly EvidenceLine[]): Check {
  if (!said || 'missing' in said) {
    const stray = evidence.length > 0 ? ['there is evidence of which the report knows nothing'] : [];
    return check('EvidenceDigest', 'the report refers to no evidence, and there is none', stray);
  }
  const bytes = Buffer.from(evidence.map(writtenLine).join(''));
  const found = digestOf(bytes);
  const problems = [
    ...(found === said.digest ? [] : [`the report says ${said.digest}, and the evidence has digest ${found}`]),
    ...(bytes.length === said.bytes ? [] : [`the report says ${said.bytes} bytes, and there are ${bytes.length}`]),
    ...chunkProblems(said.chunks, bytes),
    ...countProblems(said, evidence),
  ];
  return check(
    'EvidenceDigest',
    `the evidence, ${counted(said.bytes, 'byte')} in ${counted(said.chunks.length, 'piece')}, has the digests that the report says`,
    problems,
  );
}

function chunkProblems(chunks: EvidenceIndex['chunks'], bytes: Buffer): string[] {
  let at = 0;
  const problems = chunks.flatMap(({ digest, bytes: length }, index) => {
    const isSame = digestOf(bytes.subarray(at, at + length)) === digest;
    at += length;
    return isSame
      ? []
      : [`piece ${index} (ConfigMap reroot-evidence-${index}) has not the digest that the report says`];
  });
  return at === bytes.length ? problems : [...problems, `the pieces have ${at} bytes together, not ${bytes.length}`];
}

function countProblems(said: EvidenceIndex, evidence: readonly EvidenceLine[]): string[] {
  const count = (kind: EvidenceLine['kind']) => evidence.filter((line) => line.kind === kind).length;
  const found = {
    ...{ proxies: count('proxy'), waived: count('waived'), unseen: count('unseen') },
    certificates: count('certificate'),
  };
  return Object.entries(found).flatMap(([name, many]) =>
    said[name as keyof typeof found] === many
      ? []
      : [`the report says ${said[name as keyof typeof found]} ${name}, and the evidence has ${many}`],
  );
}
