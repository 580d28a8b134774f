import { type Counts, type Holding, type NamespaceCensus, totalOf } from '../rotation/census.js';
import type { Overview } from '../rotation/overview.js';
import type { ShownNamespace } from '../rotation/rollout-payloads.js';
import { stackedBar, swatch } from './bars.js';
import { html, type Html } from './html.js';
import { away, lasting, moment } from './times.js';
import { counted, countsText, held, IN_ORDER, proxiesText, type Vocabulary, vocabularyOf } from './words.js';

/** For each namespace how many proxies trust what, and present what. */

/** So many have bars; the others are folded, with their counts. */
export const NAMESPACES_SHOWN = 30;

export function mesh(overview: Overview, now: Date): Html {
  const seen = overview.mesh;
  if (!seen) return notSeen(overview);
  const words = vocabularyOf(overview);
  const order = inOrder(seen.namespaces, overview);
  const total = order.reduce((sum, { proxies }) => sum + proxies, 0);
  const [shown, rest] = [order.slice(0, NAMESPACES_SHOWN), order.slice(NAMESPACES_SHOWN)];
  return html`<section class="mesh" aria-labelledby="mesh">
    <h2 id="mesh">Who trusts and presents what</h2>
    <p class="note">
      ${proxiesText(total)} in ${counted(order.length, 'namespace')}, looked at ${moment(seen.at, now)}
      (${away(seen.at, now)}); the look took ${seen.seconds < 1 ? 'less than a second' : lasting(seen.seconds * 1000)}.
    </p>
    ${staleText(seen.stale)} ${legend(overview)} ${shown.length > 0 && table(shown, { words, overview })}
    ${
      rest.length > 0 &&
      html`<details id="more-namespaces">
        <summary>
          ${counted(rest.length, 'more namespace')}, ${proxiesText(rest.reduce((sum, { proxies }) => sum + proxies, 0))}
        </summary>
        ${compact(rest, words)}
      </details>`
    }
  </section>`;
}

/** Where nothing at all could be read the problems say it. */
function notSeen({ problems, rotation }: Overview): Html {
  if (problems.length > 0 && !rotation) return html``;
  const why = problems.length > 0 ? 'The proxies could not be looked at; the problems below say why.' : NOT_YET;
  return html`<section class="mesh" aria-labelledby="mesh">
    <h2 id="mesh">Who trusts and presents what</h2>
    <p class="empty">${why}</p>
  </section>`;
}

const NOT_YET = 'The proxies have not been looked at yet. The first look takes seconds, in a large mesh minutes.';

function staleText(stale: NonNullable<Overview['mesh']>['stale']): Html | false {
  const some = stale.filter(({ proxies }) => proxies > 0);
  if (some.length === 0) return false;
  const total = some.reduce((sum, { proxies }) => sum + proxies, 0);
  const where = some.slice(0, 5).map(({ namespace, proxies }) => `${namespace} ${proxies}`);
  const hidden = some.length - where.length;
  const more = hidden > 0 ? `, and ${hidden} more ${hidden === 1 ? 'namespace' : 'namespaces'}` : '';
  return html`<p class="note">
    ${total === 1 ? 'One proxy was' : `${total} proxies were`} started with other anchors than the bundle has now:
    ${where.join(', ')}${more}.
  </p>`;
}

/** What each fill means, with how many trust and present it. */
export function legend(overview: Overview): Html {
  const words = vocabularyOf(overview);
  const namespaces = overview.mesh?.namespaces ?? [];
  const [trusts, presents] = [totalOf(namespaces, 'trusts'), totalOf(namespaces, 'presents')];
  const some = IN_ORDER.filter((holding) => trusts[holding] + presents[holding] > 0);
  return html`<ul class="legend">
    ${some.map(
      (holding) =>
        html`<li>
          ${swatch(holding, words)}<b>${words[holding].short}</b>
          <span>trusted by ${trusts[holding]}, presented by ${presents[holding]}</span>
        </li>`,
    )}
  </ul>`;
}

/** Linkerd's own first; then those with what nobody knows or expects, then those that are furthest behind. */
export function inOrder(namespaces: readonly NamespaceCensus[], overview: Overview): NamespaceCensus[] {
  const phases = overview.rotation?.status?.phases ?? [];
  const goesBack = phases.some(({ phase }) => phase === 'abort');
  const behind: Holding | undefined = overview.rotation?.status?.roots ? (goesBack ? 'new' : 'old') : undefined;
  const stuck = stuckOnes(overview);
  const rank = (one: NamespaceCensus): number[] => [
    one.namespace === overview.linkerdNamespace ? 1 : 0,
    stuck.has(one.namespace) ? 1 : 0,
    sumOf(one, ['other', 'unknown']),
    behind ? sumOf(one, [behind]) : 0,
    behind ? sumOf(one, ['both']) : 0,
  ];
  return namespaces
    .map((one) => ({ one, by: rank(one) }))
    .toSorted((a, b) => {
      const at = a.by.findIndex((value, index) => value !== b.by[index]);
      if (at >= 0) return (b.by[at] ?? 0) - (a.by[at] ?? 0);
      return a.one.namespace < b.one.namespace ? -1 : 1;
    })
    .map(({ one }) => one);
}

function stuckOnes({ rotation }: Overview): Set<string> {
  const stuck = (rotation?.status?.namespaces ?? []).filter(({ state }) => state === 'stuck');
  return new Set(stuck.map(({ namespace }) => namespace));
}

function sumOf({ trusts, presents }: NamespaceCensus, holdings: readonly Holding[]): number {
  return holdings.reduce((sum, holding) => sum + trusts[holding] + presents[holding], 0);
}

interface Told {
  words: Vocabulary;
  overview: Overview;
}

function table(namespaces: readonly NamespaceCensus[], { words, overview }: Told): Html {
  const progress = new Map(overview.rotation?.status?.namespaces.map((one) => [one.namespace, one]));
  return html`<table class="namespaces" role="table">
    <caption class="sr">
      Proxies of each namespace by what they trust and by what they present
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th scope="col" role="columnheader">Namespace</th>
        <th scope="col" role="columnheader" class="number">Proxies</th>
        <th scope="col" role="columnheader">Trust</th>
        <th scope="col" role="columnheader">Present</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${namespaces.map(
        (one) =>
          html`<tr role="row" data-key="${one.namespace}">
            <th scope="row" role="rowheader">
              <span class="ns">${one.namespace}</span>${
                one.namespace === overview.linkerdNamespace && html` <span class="tag">control plane</span>`
              }${progressOf(progress.get(one.namespace))}
            </th>
            <td role="cell" class="number">${one.proxies}</td>
            ${holdingsCell('Trust', one.trusts, words)}${holdingsCell('Present', one.presents, words)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function holdingsCell(label: string, counts: Counts, words: Vocabulary): Html {
  return html`<td role="cell">
    <span class="label" aria-hidden="true">${label}</span>${stackedBar(counts, words)}<span class="counts"
      >${countsOf(counts, words)}</span
    >
  </td>`;
}

function countsOf(counts: Counts, words: Vocabulary): Html {
  const some = held(counts);
  if (some.length === 0) return html`no proxies`;
  return html`${some.map((holding, index) => html`${index > 0 && ', '}<span class="count"><b>${counts[holding]}</b> ${words[holding].short}</span>`)}`;
}

const ROLLS: Record<ShownNamespace['state'], string> = {
  waiting: 'waits for its turn',
  running: 'is rolled',
  done: 'done',
  stuck: 'stuck',
};

/** How far its rollout is. */
function progressOf(progress: ShownNamespace | undefined): Html | false {
  if (!progress) return false;
  const { state, workloads, workloadsDone, waitingFor } = progress;
  const waitsFor = waitingFor.slice(0, 1);
  return html` <span class="rolls ${state}"
    >${ROLLS[state]}${workloads > 0 && `, ${workloadsDone} of ${counted(workloads, 'workload')}`}${waitsFor.map((what) => html`: ${what}`)}${waitingFor.length > 1 && ` and ${waitingFor.length - 1} more`}</span
  >`;
}

/** Without bars: hundreds of namespaces are counted, not painted. */
function compact(namespaces: readonly NamespaceCensus[], words: Vocabulary): Html {
  return html`<table class="compact">
    <caption class="sr">
      The other namespaces
    </caption>
    <thead>
      <tr>
        <th scope="col">Namespace</th>
        <th scope="col">Trust</th>
        <th scope="col">Present</th>
      </tr>
    </thead>
    <tbody>
      ${namespaces.map(
        ({ namespace, trusts, presents }) =>
          html`<tr data-key="${namespace}">
            <th scope="row">${namespace}</th>
            <td>${countsText(trusts, words)}</td>
            <td>${countsText(presents, words)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
