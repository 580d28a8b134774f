import type { Holding, Sample } from '../rotation/census.js';
import type { Overview } from '../rotation/overview.js';
import { type Boundary, boundaries, highest, layers, levels, ticks, type Window, windowOf } from './areas.js';
import { html, type Html, own } from './html.js';
import { swatch } from './bars.js';
import { between, lasting } from './times.js';
import { countsText, fillOf, held, IN_ORDER, type Vocabulary, vocabularyOverTime } from './words.js';

/** What proxies trusted and presented, from the beginning of the rotation to now, as stacked areas. */

type Kind = 'trusts' | 'presents';

const TITLES: Record<Kind, string> = {
  trusts: 'What proxies trust',
  presents: 'What proxies present',
};

/** Rows of the table of the same numbers. */
const MOST_ROWS = 48;
/** Of the width, what the name of a phase needs, and each letter of it: on a wide page, and on a narrow one. */
const ROOM = { wide: { name: 0.015, letter: 0.0165 }, narrow: { name: 0.03, letter: 0.032 } };

/** Of the rotation under way, else of the last one; what lies between rotations is no part of it. */
export function samplesOf({ rotation, timeline }: Overview): Sample[] {
  return rotation ? [...timeline] : timeline.filter(({ phase }) => phase !== undefined);
}

export function overTime(overview: Overview): Html {
  const samples = samplesOf(overview);
  const isOver = !overview.rotation;
  const title = isOver ? 'The last rotation over time' : 'Over time';
  if (samples.length === 0) {
    if (isOver) return html``;
    return html`<section class="time" aria-labelledby="time">
      <h2 id="time">${title}</h2>
      <p class="empty">
        Nothing has been seen of this rotation yet. The picture begins with the first look at the mesh.
      </p>
    </section>`;
  }
  const words = vocabularyOverTime(overview);
  const within = windowOf(samples);
  return html`<section class="time" aria-labelledby="time">
    <h2 id="time">${title}</h2>
    <div class="charts">
      ${(['trusts', 'presents'] as const).map((kind) => chart(kind, samples, { words, within }))}
    </div>
    ${dataTable(samples, words)}
  </section>`;
}

interface Scale {
  words: Vocabulary;
  within: Window;
}

function chart(kind: Kind, samples: readonly Sample[], { words, within }: Scale): Html {
  const most = highest(samples, kind);
  const marks = boundaries(samples, within);
  const all = layers(samples, kind, within);
  const clips = all.map(
    ({ holding, path }) =>
      html`<clipPath id="area-${kind}-${holding}" clipPathUnits="objectBoundingBox"
        ><path d="${own(path)}"
      /></clipPath>`,
  );
  const fills = all.map(
    ({ holding }) =>
      html`<rect
        class="${fillOf(holding, words)}"
        width="100%"
        height="100%"
        clip-path="url(#area-${kind}-${holding})"
      />`,
  );
  return html`<figure class="chart">
    <figcaption>
      <h3>${TITLES[kind]}</h3>
      ${legendOf(samples.at(-1), kind, words)}
    </figcaption>
    <div class="plot-grid">
      <svg class="y-axis" aria-hidden="true" focusable="false">
        ${levels(most).map((level) => html`<text x="100%" y="${at(1 - level / most)}" text-anchor="end">${level}</text>`)}
      </svg>
      <div class="plot-box">
        <svg class="phases-of" aria-hidden="true" focusable="false">${marks.map(phaseName)}</svg>
        <svg class="plot" role="img" aria-labelledby="title-${kind} desc-${kind}">
          <title id="title-${kind}">${TITLES[kind]}</title>
          <desc id="desc-${kind}">${described(kind, samples, words)}</desc>
          <defs>${clips}</defs>
          <rect class="ground" width="100%" height="100%" />
          ${fills}
          ${levels(most)
            .slice(1, -1)
            .map(
              (level) =>
                html`<line class="grid" x1="0" x2="100%" y1="${at(1 - level / most)}" y2="${at(1 - level / most)}" />`,
            )}
          ${marks.map(phaseLine)}
        </svg>
        <svg class="x-axis" aria-hidden="true" focusable="false">
          ${ticks(within).map(({ part, label }, index) => html`<line x1="${at(part)}" x2="${at(part)}" y1="0" y2=".3em" /><text class="${index % 2 === 1 ? 'minor' : ''}" x="${at(part)}" y="1.4em" text-anchor="${anchorOf(part)}">${label}</text>`)}
        </svg>
      </div>
    </div>
  </figure>`;
}

function at(part: number): string {
  return `${Math.round(part * 10_000) / 100}%`;
}

/** The words at the edges stay inside. */
function anchorOf(part: number): string {
  if (part < 0.05) return 'start';
  return part > 0.95 ? 'end' : 'middle';
}

function phaseLine({ part }: Boundary): Html | false {
  return part > 0 && html`<line class="boundary" x1="${at(part)}" x2="${at(part)}" y1="0" y2="100%" />`;
}

function phaseName({ phase, part, width }: Boundary): Html {
  const hasRoom = (on: keyof typeof ROOM) => width >= ROOM[on].name + ROOM[on].letter * phase.length;
  const hidden = !hasRoom('narrow') ? ' roomy' : '';
  return html`${part > 0 && html`<line class="boundary" x1="${at(part)}" x2="${at(part)}" y1=".3em" y2="100%" />`}${
    hasRoom('wide') &&
    html`<text class="phase-name${hidden}" x="${at(part)}" dx="${part > 0 ? '.35em' : 0}" y="1em">${phase}</text>`
  }`;
}

/** With the counts of the last sample. */
function legendOf(last: Sample | undefined, kind: Kind, words: Vocabulary): Html {
  if (!last) return html``;
  return html`<ul class="legend small">
    ${held(last[kind]).map(
      (holding) =>
        html`<li>
          ${swatch(holding, words)}<span><b>${last[kind][holding]}</b> ${words[holding].short}</span>
        </li>`,
    )}
  </ul>`;
}

/** The story in sentences: at the beginning, where a phase begins, and now. */
function described(kind: Kind, samples: readonly Sample[], words: Vocabulary): string {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) return '';
  const verb = kind === 'trusts' ? 'trusted' : 'presented';
  const lasts = lasting(between(first.at, last.at));
  return `Stacked areas over ${lasts}. At first: ${countsText(first[kind], words)} ${verb}. At last: ${countsText(last[kind], words)} ${verb}. The table below has the numbers.`;
}

function dataTable(samples: readonly Sample[], words: Vocabulary): Html {
  const rows = thinned(samples);
  const columns = (kind: Kind) => IN_ORDER.filter((holding) => samples.some((sample) => sample[kind][holding] > 0));
  const [trusts, presents] = [columns('trusts'), columns('presents')];
  const heads = (kind: string, some: readonly Holding[]) =>
    some.map(
      (holding) => html`<th scope="col" class="number" id="col-${kind}-${holding}">${words[holding].short}</th>`,
    );
  const cells = (sample: Sample, kind: Kind, some: readonly Holding[]) =>
    some.map((holding) => html`<td class="number">${sample[kind][holding]}</td>`);
  return html`<details id="numbers">
    <summary>
      The same in numbers${rows.length < samples.length && `, ${rows.length} of ${samples.length} looks`}
    </summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Numbers over time">
      <table class="numbers">
        <caption class="sr">
          Proxies by what they trust and present, over time
        </caption>
        <thead>
          <tr>
            <th scope="col" rowspan="2">Time (UTC)</th>
            <th scope="col" rowspan="2">Phase</th>
            ${trusts.length > 0 && html`<th scope="colgroup" colspan="${trusts.length}">Trust</th>`}${presents.length > 0 && html`<th scope="colgroup" colspan="${presents.length}">Present</th>`}
          </tr>
          <tr>
            ${heads('trusts', trusts)}${heads('presents', presents)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (sample) =>
              html`<tr>
                <th scope="row">${timeOf(sample.at)}</th>
                <td>${sample.phase}</td>
                ${cells(sample, 'trusts', trusts)}${cells(sample, 'presents', presents)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function timeOf(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** The first, the last, those in which the phase changes, and of the others as many as fit. */
function thinned(samples: readonly Sample[]): Sample[] {
  const every = Math.max(1, Math.ceil(samples.length / MOST_ROWS));
  return samples.filter(
    ({ phase }, index) => index % every === 0 || index === samples.length - 1 || phase !== samples[index - 1]?.phase,
  );
}
