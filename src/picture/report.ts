import { formatDuration } from '../ground/duration.js';
import type { Overview } from '../rotation/overview.js';
import type { CertificateFacts } from '../rotation/payloads.js';
import type { RotationReport, Sender, Word } from '../rotation/report.js';
import { html, type Html } from './html.js';
import { renderPage } from './page.js';
import { short } from './words.js';

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

export function renderReport(document: ReportDocument): string {
  const { report, overview, proxies } = document;
  const title = `Rotation of cluster ${report.cluster}: ${report.outcome}`;
  const more = [
    section('The record', facts(report)),
    list('Approved', report.approvals.map(approvalText)),
    list('Waived', report.waivers.map(waiverText)),
    section('Phases', phases(report)),
    verified(document),
    proxies.length > 0 && section('Proxies at the end', table(proxies)),
    list("The old issuer's key: copies that were not deleted", report.oldKeyCopies ?? []),
    list('Notes', report.notes),
  ].filter((part) => part !== false);
  // it was looked at once more right after its end
  const seen = [report.finishedAt, ...(overview.mesh ? [overview.mesh.at] : [])].map((at) => Date.parse(at));
  return renderPage(overview, new Date(Math.max(...seen)), { live: false, title, more });
}

function section(title: string, content: Html): Html {
  const id = title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  return html`<section class="record" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`;
}

function list(title: string, items: readonly string[]): Html | false {
  if (items.length === 0) return false;
  return section(
    title,
    html`<ul class="items">
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>`,
  );
}

function facts(report: RotationReport): Html {
  const { startedAt, finishedAt, startedBy, aborted, outcome, oldRoots, newRoot, newIssuer } = report;
  const made = outcome === 'completed' ? 'New' : 'Taken back:';
  const rows: [string, string][] = [
    ['Workflow', `${report.workflowId}, run ${report.runId}`],
    ['Started', `${startedAt}, by ${startedBy ? senderText(startedBy) : 'a client that gave no name'}`],
    ['Ended', `${finishedAt}, after ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`],
    ...(aborted ? [['Aborted', abortedText(aborted)] as [string, string]] : []),
    ['Strategy', `${report.strategy}, Linkerd ${report.linkerdVersion} in namespace ${report.linkerdNamespace}`],
    ...oldRoots.map((root): [string, string] => [outcome === 'completed' ? 'Old root' : 'Root', certificate(root)]),
    [oldRoots.length > 0 ? `${made} root` : 'Root', certificate(newRoot)],
    ...(newIssuer ? [[`${made} issuer`, certificate(newIssuer)] as [string, string]] : []),
    ['Digest', report.digest ?? 'none'],
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
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

function waiverText(waiver: RotationReport['waivers'][number]): string {
  const { subject, gate, reason } = waiver;
  return `${subject}${gate ? ` (${gate})` : ''}: ${reason}, by ${whoText(waiver)}`;
}

function whoText({ claimedBy, sender }: Word): string {
  const claimed = claimedBy ?? 'somebody who gives no name';
  return sender ? `${claimed}, sent by ${senderText(sender)}` : claimed;
}

function senderText({ identity = 'a client without a name', principal }: Sender): string {
  return principal ? `${principal} (client ${identity})` : identity;
}

function phases({ phases: all }: RotationReport): Html {
  const rows = all.map(({ phase, state, startedAt = '', tookMs }) => [
    ...[phase, state, startedAt, tookMs === undefined ? '' : formatDuration(tookMs)],
  ]);
  return grid(['Phase', 'State', 'Began', 'Took'], rows);
}

function verified({ checks, compared }: ReportDocument): Html | false {
  const items = checks.flatMap(({ what, passed, problems }) => [
    passed ? `✔ ${what}` : `✖ It does not hold that ${what}`,
    ...(passed ? [] : problems.map((problem) => `✖ ${problem}`)),
  ]);
  return list('Verified', [...items, compared]);
}

function table(rows: readonly ProxyRow[]): Html {
  const names = (fingerprints: readonly string[]) => fingerprints.map(short).join(' ');
  const cells = rows.map(({ namespace, workload, pod, uid, how, anchors, chain, at }) => [
    ...[namespace, workload, pod, uid, how, names(anchors), names(chain), at],
  ]);
  const head = ['Namespace', 'Workload', 'Pod', 'uid', 'How', 'Its process trusts', 'It presents', 'Seen at'];
  return html`<details>
    <summary>${rows.length} proxies</summary>
    ${grid(head, cells)}
  </details>`;
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<div class="scroll" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
