import { formatDuration } from '../ground/duration.js';
import { plain } from '../ground/plain.js';
import type { Overview } from '../rotation/overview.js';
import type { CertificateFacts } from '../rotation/payloads.js';
import type { RotationReport, Sender, Word } from '../rotation/report.js';

/** The report of a rotation as a document of its own: no script, nothing to load, readable in print. */

/** What is in it beside the picture. */
export interface ReportDocument {
  report: RotationReport;
  overview: Overview;
  /** What was verified, in sentences. */
  checks: readonly { what: string; passed: boolean; problems: readonly string[] }[];
  proxies: readonly ProxyRow[];
  /** With what the digest was compared. */
  compared: string;
}

/** One proxy at the end. */
export interface ProxyRow {
  namespace: string;
  workload: string;
  pod: string;
  uid: string;
  /** How it is accounted for: looked at, waived by whom, not seen and why. */
  how: string;
  /** Fingerprints; empty where it was not looked at. */
  anchors: readonly string[];
  chain: readonly string[];
  /** ISO 8601. */
  at: string;
}

/** Draws the same picture as the live page. */
export interface Picture {
  /** Style sheet. */
  style: string;
  /** HTML to stand in the body, of which every text of others is escaped. */
  body(overview: Overview, now: Date): string;
}

export function renderReport(document: ReportDocument, picture: Picture): string {
  const { report, overview } = document;
  const title = `Rotation of cluster ${report.cluster}: ${report.outcome}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${picture.style}${STYLE}</style>
</head>
<body>
${picture.body(overview, new Date(report.finishedAt))}
<main class="report">
<h1>${text(title)}</h1>
${facts(report)}
${list('Approved', report.approvals.map(approvalText))}
${list(
  'Waived',
  report.waivers.map(
    (waiver) => `${waiver.subject}${waiver.gate ? ` (${waiver.gate})` : ''}: ${waiver.reason}, by ${whoText(waiver)}`,
  ),
)}
${phases(report)}
${verified(document)}
${proxies(document.proxies)}
${list("The old issuer's key: copies that were not deleted", report.oldKeyCopies ?? [])}
${list('Notes', report.notes)}
</main>
</body>
</html>
`;
}

const STYLE = `
.report{max-width:72rem;margin:0 auto;padding:1rem;font:1rem/1.5 system-ui,sans-serif}
.report table{border-collapse:collapse;width:100%}
.report th,.report td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
.report code{overflow-wrap:anywhere;font-size:.85em}
.report .wide{overflow-x:auto}
`;

/** Characters of one text. */
const LONGEST = 2200;

/** Text of others, as HTML shows it and runs none of it. */
function text(value: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return plain(value, LONGEST).replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character);
}

function facts(report: RotationReport): string {
  const { startedAt, finishedAt, startedBy, aborted, outcome, oldRoots, newRoot, newIssuer } = report;
  const made = outcome === 'completed' ? 'New' : 'Taken back:';
  const rows: [string, string][] = [
    ['Workflow', `${report.workflowId}, run ${report.runId}`],
    ['Started', `${startedAt}, by ${startedBy ? senderText(startedBy) : 'nobody whom a Temporal server has named'}`],
    ['Ended', `${finishedAt}, after ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`],
    ...(aborted ? [['Aborted', abortedText(aborted)] as [string, string]] : []),
    ['Strategy', `${report.strategy}, Linkerd ${report.linkerdVersion} in namespace ${report.linkerdNamespace}`],
    ...oldRoots.map((root): [string, string] => [outcome === 'completed' ? 'Old root' : 'Root', certificate(root)]),
    [oldRoots.length > 0 ? `${made} root` : 'Root', certificate(newRoot)],
    ...(newIssuer ? [[`${made} issuer`, certificate(newIssuer)] as [string, string]] : []),
    ['Digest', report.digest ?? 'none'],
  ];
  return table(rows.map(([name, value]) => `<tr><th scope="row">${text(name)}</th><td>${text(value)}</td></tr>`));
}

function abortedText(aborted: NonNullable<RotationReport['aborted']>): string {
  return `in ${aborted.phase} at ${aborted.at}, by ${whoText(aborted)}${aborted.reason ? `: ${aborted.reason}` : ''}`;
}

function certificate({ fingerprint, commonName, notBefore, notAfter }: CertificateFacts): string {
  return `${fingerprint} ${commonName}, valid from ${notBefore} to ${notAfter}`;
}

function approvalText(approval: RotationReport['approvals'][number]): string {
  const { phase, at, planHash, reason } = approval;
  return `${phase} at ${at}, plan ${planHash}, by ${whoText(approval)}${reason ? `: ${reason}` : ''}`;
}

function whoText({ claimedBy, sender }: Word): string {
  const claimed = claimedBy ?? 'somebody who gives no name';
  return sender ? `${claimed}, sent by ${senderText(sender)}` : claimed;
}

function senderText({ identity = 'a client without a name', principal }: Sender): string {
  return principal ? `${principal} (client ${identity})` : identity;
}

function phases({ phases: all }: RotationReport): string {
  const rows = all.map(({ phase, state, startedAt = '', tookMs }) => [
    ...[phase, state, startedAt, tookMs === undefined ? '' : formatDuration(tookMs)],
  ]);
  return `<h2>Phases</h2>${grid(['Phase', 'State', 'Began', 'Took'], rows)}`;
}

function verified({ checks, compared }: ReportDocument): string {
  const items = checks.flatMap(({ what, passed, problems }) => [
    passed ? `✔ ${what}` : `✖ It does not hold that ${what}`,
    ...(passed ? [] : problems.map((problem) => `✖ ${problem}`)),
  ]);
  return list('Verified', [...items, compared]);
}

function proxies(rows: readonly ProxyRow[]): string {
  if (rows.length === 0) return '';
  const short = (fingerprints: readonly string[]) => fingerprints.map((one) => one.slice(0, 12)).join(' ');
  const cells = rows.map(({ namespace, workload, pod, uid, how, anchors, chain, at }) => [
    ...[namespace, workload, pod, uid, how, short(anchors), short(chain), at],
  ]);
  const head = ['Namespace', 'Workload', 'Pod', 'uid', 'How', 'Its process trusts', 'It presents', 'Seen at'];
  return `<h2>Proxies at the end</h2><details><summary>${rows.length} proxies</summary>${grid(head, cells)}</details>`;
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<h2>${text(title)}</h2><ul>${items.map((item) => `<li>${text(item)}</li>`).join('\n')}</ul>`;
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = head.map((title) => `<th scope="col">${text(title)}</th>`).join('');
  return table([
    `<tr>${titles}</tr>`,
    ...rows.map((cells) => `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`),
  ]);
}

function table(rows: readonly string[]): string {
  return `<div class="wide"><table>${rows.join('\n')}</table></div>`;
}
