import type { Finding } from '../rotation/findings.js';
import type { Overview } from '../rotation/overview.js';
import type { CertificateFacts } from '../rotation/payloads.js';
import type { Approval, RotationReport } from '../rotation/report.js';
import type { RotationStatus } from '../rotation/status.js';
import { html, type Html, prose } from './html.js';
import { icon } from './icons.js';
import { folded } from './lists.js';
import { between, day, lasting, moment } from './times.js';
import { counted, proxiesText, short } from './words.js';

/** What is read when the first parts are not enough: probes, stragglers, people's decisions, notes, the last report, problems. */

const SHOWN = { stragglers: 20, notes: 6, decisions: 10 };

export function probes({ probes: seen }: Overview): Html {
  if (!seen) return html``;
  const { handshakes, refused, closed } = seen;
  return html`<section class="probes" aria-labelledby="probes">
    <h2 id="probes">Probes</h2>
    <dl class="figures">
      <div>
        <dt>handshakes</dt>
        <dd>${grouped(handshakes)}</dd>
      </div>
      <div class="${refused > 0 ? 'bad' : 'good'}">
        <dt>refused for a certificate</dt>
        <dd>${refused > 0 && icon('alert')}${grouped(refused)}</dd>
      </div>
      <div>
        <dt>cut off by a pod's end</dt>
        <dd>${grouped(closed)}</dd>
      </div>
    </dl>
  </section>`;
}

/** `10 657`. */
function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, '\u202F');
}

export function stragglers({ rotation }: Overview): Html {
  const all = rotation?.status?.stragglers ?? [];
  if (all.length === 0) return html``;
  return html`<section class="stragglers" aria-labelledby="stragglers">
    <h2 id="stragglers">${counted(all.length, 'straggler')}</h2>
    ${folded(all.map(finding), { most: SHOWN.stragglers, of: 'findings' })}
  </section>`;
}

function finding({ reason, subject, message, hint }: Finding): Html {
  return html`<li>
    <b class="reason">${reason}</b>
    ${subject.kind !== 'cluster' && html`<code>${subject.name}</code> `}${message}${hint !== undefined && html`<span class="hint">${prose(hint)}</span>`}
  </li>`;
}

/** Who has said what: the report has all of it. */
export function decisions({ rotation }: Overview, now: Date): Html {
  const status = rotation?.status;
  if (!status) return html``;
  const all = [...status.approvals.map((one) => approval(one, now)), ...waivers(status)];
  if (all.length === 0) return html``;
  return html`<section class="decisions" aria-labelledby="decisions">
    <h2 id="decisions">Decisions of people</h2>
    ${folded(all, { most: SHOWN.decisions, of: 'said' })}
  </section>`;
}

function approval({ phase, planHash, at, claimedBy, reason }: Approval, now: Date): Html {
  return html`<li>
    <b>Approved</b> ${phase}, plan <code>${short(planHash)}</code>,
    ${moment(at, now)}${claimedBy !== undefined && ` by ${claimedBy}`}${reason !== undefined && `: ${reason}`}
  </li>`;
}

function waivers({ waivers: all }: RotationStatus): Html[] {
  return all.map(
    ({ subject, gate, reason, claimedBy }) =>
      html`<li>
        <b>Waived</b> <code>${subject}</code>,
        ${gate === undefined ? 'every gate' : gate === 'rollout' ? 'its rollout alone' : `gate ${gate}`}${claimedBy !== undefined && ` by ${claimedBy}`}:
        ${reason}
      </li>`,
  );
}

export function notes({ rotation }: Overview): Html {
  const all = rotation?.status?.notes ?? [];
  if (all.length === 0) return html``;
  return html`<section class="notes" aria-labelledby="notes">
    <h2 id="notes">Notes</h2>
    ${folded(
      all.toReversed().map((note) => html`<li>${prose(note)}</li>`),
      { most: SHOWN.notes, of: 'noted' },
    )}
  </section>`;
}

export function lastReport({ report, rotation }: Overview, now: Date): Html {
  if (!report || report.workflowId === rotation?.workflowId) return html``;
  return html`<section class="report" aria-labelledby="report">
    <h2 id="report">The last rotation</h2>
    <p class="outcome ${report.outcome}">
      ${icon(report.outcome === 'completed' ? 'done' : 'aborted')}<b
        >${report.outcome === 'completed' ? 'Completed' : 'Aborted'}</b
      >
      ${moment(report.finishedAt, now)}, after ${lasting(between(report.startedAt, report.finishedAt))}
    </p>
    <dl class="facts">${reportFacts(report)}</dl>
    <p class="note"><code>reroot report</code> prints all of it, with the evidence.</p>
  </section>`;
}

function reportFacts(report: RotationReport): Html[] {
  const { strategy, proxiesProven, approvals, waivers: given, aborted } = report;
  const roots = aborted ? rootsOfStart(report) : rootsNow(report);
  const why = aborted?.reason === undefined ? '' : `: ${aborted.reason}`;
  return [
    fact('Strategy', strategy),
    ...roots,
    fact('Proven', proxiesText(proxiesProven)),
    ...(aborted ? [fact('Aborted', `in ${aborted.phase}${why}`)] : []),
    fact('Decisions', `${counted(approvals.length, 'approval')}, ${counted(given.length, 'waiver')}`),
  ];
}

function rootsNow({ newRoot, newIssuer, oldRoots }: RotationReport): Html[] {
  return [
    fact(oldRoots.length > 0 ? 'New root' : 'Root', until(newRoot)),
    ...(newIssuer ? [fact('Issuer', until(newIssuer))] : []),
    ...oldRoots.map(({ fingerprint }) => fact('Gone', html`<code>${short(fingerprint)}</code>`)),
  ];
}

/** Nothing of what was made is left. */
function rootsOfStart({ newRoot, oldRoots }: RotationReport): Html[] {
  return (oldRoots.length > 0 ? oldRoots : [newRoot]).map((root) => fact('Root', until(root)));
}

function until({ fingerprint, notAfter }: CertificateFacts): Html {
  return html`<code>${short(fingerprint)}</code>, until ${day(notAfter)}`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

export function problems({ problems: all }: Overview): Html {
  if (all.length === 0) return html``;
  return html`<section class="problems" aria-labelledby="problems">
    <h2 id="problems">${icon('alert')}What could not be read</h2>
    <ul class="items">
      ${all.map((problem) => html`<li>${prose(problem)}</li>`)}
    </ul>
  </section>`;
}
