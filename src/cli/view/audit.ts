import Table from 'cli-table3';
import pc from 'picocolors';
import type { ReportFile } from '../../evidence/file.js';
import { type NamespaceSummary, summaryOf } from '../../evidence/summary.js';
import { formatDuration } from '../../ground/duration.js';
import type { CertificateFacts } from '../../rotation/payloads.js';
import type { Evidence, RotationReport, Sender, Word } from '../../rotation/report.js';
import { day } from './dates.js';
import { shortFingerprint } from './render.js';
import { plainly } from './terminal.js';

/** A report as an auditor reads it first: who, what, when, and of how many proxies there is evidence. */

export interface AuditFacts {
  /** With what the digest was compared, in a sentence. */
  compared: string;
  problems: readonly string[];
}

export function auditText({ report: written, evidence }: ReportFile, { compared, problems }: AuditFacts): string {
  const report = plainly(written);
  return [
    `${pc.bold(`Rotation of the ${report.oldRoots.length > 0 ? 'trust root' : 'identity issuer'} of cluster ${report.cluster}`)}: ${outcomeText(report)}`,
    ...factLines(report),
    ...section('Approved', report.approvals.map(approvalLine)),
    ...section(
      'Waived',
      report.waivers.map(
        (waiver) =>
          `${waiver.subject}${waiver.gate ? ` (${waiver.gate})` : ''}: ${waiver.reason}, by ${whoText(waiver)}`,
      ),
    ),
    ...section('Phases', report.phases.map(phaseLine)),
    ...section('Proxies at the end', proxyLines(plainly(summaryOf(evidence)), report.evidence)),
    ...section("The old issuer's key: copies that were not deleted", report.oldKeyCopies ?? []),
    ...section('Notes', report.notes),
    '',
    ...digestLines(report, compared),
    ...problems.map((problem) => pc.red(plainly(problem))),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', pc.bold(title), ...lines.map((line) => `  ${line}`)];
}

function outcomeText({ outcome, aborted }: RotationReport): string {
  if (outcome === 'completed') return pc.green('completed');
  const why = aborted?.reason ? `: ${aborted.reason}` : '';
  return pc.yellow(`aborted in ${aborted?.phase ?? 'between'}${why}`) + (aborted ? `, by ${whoText(aborted)}` : '');
}

function factLines(report: RotationReport): string[] {
  const { startedAt, finishedAt, startedBy, oldRoots, newRoot, newIssuer, outcome } = report;
  const made = outcome === 'completed' ? 'new' : 'taken back:';
  const took = formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
  return [
    fact('workflow', `${report.workflowId}, run ${report.runId}`),
    fact('started', `${startedAt}, by ${startedBy ? senderText(startedBy) : 'a client that gave no name'}`),
    fact('ended', `${finishedAt}, after ${took}`),
    fact(
      'how',
      `${report.strategy}, Linkerd ${report.linkerdVersion} (layout ${report.layout}) in namespace ${report.linkerdNamespace}`,
    ),
    ...(report.owners ?? []).map((owner) => fact('owner', owner)),
    ...oldRoots.map((root) => fact(outcome === 'completed' ? 'old root' : 'root', certificateText(root))),
    fact(oldRoots.length > 0 ? `${made} root` : 'root', certificateText(newRoot)),
    ...(newIssuer ? [fact(`${made} issuer`, certificateText(newIssuer))] : []),
  ];
}

function fact(name: string, text: string): string {
  return `  ${name.padEnd(18)} ${text}`;
}

function certificateText({ fingerprint, commonName, notBefore, notAfter }: CertificateFacts): string {
  return `${shortFingerprint(fingerprint)} ${commonName}, valid from ${day(notBefore)} to ${day(notAfter)}`;
}

function approvalLine(approval: RotationReport['approvals'][number]): string {
  const { phase, at, planHash, reason, inCluster } = approval;
  const manager = inCluster ? `, on an object in the cluster${inCluster.manager ? ` (${inCluster.manager})` : ''}` : '';
  return `${phase} at ${at}, plan ${planHash}, by ${whoText(approval)}${manager}${reason ? `: ${reason}` : ''}`;
}

/** Who has said something: as they say, and as the Temporal server knows. */
function whoText({ claimedBy, sender, update }: Word): string {
  const claimed = claimedBy === undefined ? 'somebody who gives no name' : `${claimedBy} (as they say)`;
  if (sender) return `${claimed}, sent by ${senderText(sender)}`;
  return update ? `${claimed}, and no server has said who sent it` : (claimedBy ?? 'the input of the rotation');
}

function senderText({ identity, principal }: Sender): string {
  const own = identity ?? 'a client without a name';
  return principal
    ? `${principal} (authenticated by the server; its client calls itself ${own})`
    : `${own} (as its client calls itself)`;
}

function phaseLine({ phase, state, startedAt, tookMs }: RotationReport['phases'][number]): string {
  const took = tookMs === undefined ? '' : formatDuration(tookMs);
  return `${phase.padEnd(10)} ${took.padStart(8)}  ${startedAt ?? ''}${state === 'done' ? '' : `  ${state}`}`.trimEnd();
}

function proxyLines(summary: readonly NamespaceSummary[], evidence: Evidence | undefined): string[] {
  if (!evidence) return ['There is no evidence of each proxy: this report is of reroot 0.7 or earlier.'];
  if ('missing' in evidence) return [`There is no evidence of each proxy: ${evidence.missing}`];
  const table = new Table({
    head: ['namespace', 'live', 'looked at', 'waived', 'not seen'],
    style: { head: [], border: [] },
    chars: PLAIN,
  });
  for (const { namespace, listed, lookedAt, waived, unseen } of summary)
    table.push([namespace, listed, lookedAt, waived, unseen]);
  return [
    ...table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd()),
    `${evidence.proxies} looked at, ${evidence.waived} waived, ${evidence.unseen} not seen; ${evidence.short} did not show what they have to.`,
    `${evidence.certificates} certificates, ${evidence.bytes} bytes in ${evidence.chunks.length} ConfigMaps, collected at ${evidence.at}.`,
  ];
}

/** No lines. */
const PLAIN = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, name === 'middle' ? ' ' : '']),
);

function digestLines({ digest, evidence }: RotationReport, compared: string): string[] {
  if (digest === undefined) return ['This report has no digest: it is of reroot 0.7 or earlier.'];
  const of = evidence && !('missing' in evidence) ? ` (the evidence: ${evidence.digest})` : '';
  return [
    `Digest ${digest}${of}`,
    plainly(compared),
    'To verify it offline: `reroot report -o json --file report.json`, then `reroot verify report.json`.',
  ];
}
