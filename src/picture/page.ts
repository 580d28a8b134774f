import type { Overview } from '../rotation/overview.js';
import { certificates } from './certificates.js';
import { policyOf } from './csp.js';
import { headline, headlineOf, titleOf } from './headline.js';
import { html, type Html, own } from './html.js';
import { DEFINITIONS } from './icons.js';
import { mesh } from './mesh.js';
import { next } from './next.js';
import { overTime } from './over-time.js';
import { decisions, lastReport, notes, probes, problems, stragglers } from './rest.js';
import { PAGE_SCRIPT } from './script.js';
import { PAGE_STYLE } from './style.js';
import { stamp } from './times.js';
import { track } from './track.js';
import { alerts, allWaits, alertsOf, waits } from './waiting.js';

/** The picture of a cluster: one document, or the part of it that changes. Pure: all that is in it is in the overview. */

/** What is in `main`, as a fragment: what a live page asks for again and again. */
export function renderBody(overview: Overview, now: Date = new Date()): string {
  return body(overview, now, true).markup;
}

export interface PageOptions {
  /** Asks the server that it comes from for its body every 2 s. Else it is a picture of one moment, to be kept. */
  live: boolean;
  /** Of the document; absent: cluster and state. */
  title?: string;
  /** Sections of a report that follow the picture, which says then nothing of what comes next. */
  more?: readonly Html[];
}

/** A whole document: no other file is asked for, by nobody. */
export function renderPage(overview: Overview, now: Date = new Date(), options: PageOptions = { live: false }): string {
  const { live, title = titleOf(overview, now), more } = options;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${!live && html`<meta http-equiv="Content-Security-Policy" content="${own(policyOf('file'))}" />`}
        <title>${title}</title>
        <link rel="icon" href="${own(ICON)}" />
        ${own(`<style>${PAGE_STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#picture">Skip to the picture</a>
        ${DEFINITIONS}
        <header class="top">
          <p class="brand"><b>reroot</b> ${overview.version}</p>
          ${live ? connection() : html`<p class="moment">As of ${stamp(overview.at)}</p>`}
        </header>
        <main id="picture" tabindex="-1">
          ${body(overview, now, more === undefined)} ${more && html`<div class="lower more">${more}</div>`}
        </main>
        <footer class="source">
          <p>
            API server <code>${overview.apiServer}</code>, Linkerd in namespace
            <code>${overview.linkerdNamespace}</code>. All times are UTC. Nothing can be changed here, and no key is
            shown.
          </p>
        </footer>
        ${live && own(`<script>${PAGE_SCRIPT}</script>`)}
      </body>
    </html> `.markup;
}

/** Whether what is shown is what there is. Filled by the script; without one the page says that it stands still. */
function connection(): Html {
  return html`<p class="connection" id="connection">as loaded</p>
    <noscript><p class="connection lost">Scripts are off: reload to see what is new.</p></noscript>`;
}

/** A ring that is half done. */
const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="12" fill="none" stroke="#e0a030" stroke-width="6"/><path d="M16 4a12 12 0 0 1 0 24" fill="none" stroke="#2a72c8" stroke-width="6"/></svg>',
  );

function body(overview: Overview, now: Date, isAll: boolean): Html {
  return html`<div id="body" class="${headlineOf(overview, now).tone}" data-title="${marked(overview, now)}">
    <p class="sr" role="status" id="said">${said(overview, now)}</p>
    <div class="upper">
      ${headline(overview, now)} ${waits(overview, now)} ${alerts(overview, now)} ${track(overview, now)}
    </div>
    <div class="lower">${lower(overview, now, isAll)}</div>
  </div>`;
}

/** In the order in which it is looked at. */
function lower(overview: Overview, now: Date, isAll: boolean): Html[] {
  return [
    mesh(overview, now),
    overTime(overview),
    probes(overview),
    certificates(overview, now),
    stragglers(overview),
    decisions(overview, now),
    notes(overview),
    problems(overview),
    ...(isAll ? [next(overview, now), lastReport(overview, now)] : []),
  ];
}

/** Of the tab: a mark in front when somebody is asked. */
function marked(overview: Overview, now: Date): string {
  return headlineOf(overview, now).tone === 'ask' ? `(!) ${titleOf(overview, now)}` : titleOf(overview, now);
}

/** For who hears the page: where it stands and what it waits for, without anything that changes by the second. */
function said(overview: Overview, now: Date): string {
  const [first] = allWaits(overview);
  const alerting = alertsOf(overview).map(({ reason }) => reason);
  return [
    `${titleOf(overview, now)}.`,
    ...(first ? [`Waiting for ${first.for}. ${first.todo}`] : []),
    ...(alerting.length > 0 ? [`Alerts: ${alerting.join(', ')}.`] : []),
  ].join(' ');
}
