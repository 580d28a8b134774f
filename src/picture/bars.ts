import type { Counts, Holding } from '../rotation/census.js';
import { html, type Html } from './html.js';
import { fillOf, IN_ORDER, type Vocabulary } from './words.js';

/** Bars that are as wide as what they are in: their patterns and lines keep their size. */

/** One bar of all holdings. The counts stand beside it as text, so it says nothing to who cannot see it. */
export function stackedBar(counts: Counts, words: Vocabulary): Html {
  const total = IN_ORDER.reduce((sum, holding) => sum + counts[holding], 0);
  if (total === 0) return html`<svg class="bar" aria-hidden="true" focusable="false"></svg>`;
  let before = 0;
  const parts = IN_ORDER.flatMap((holding) => {
    const count = counts[holding];
    if (count === 0) return [];
    const x = percent(before, total);
    before += count;
    return [html`<rect class="${fillOf(holding, words)}" x="${x}" width="${percent(count, total)}" height="100%" />`];
  });
  return html`<svg class="bar" aria-hidden="true" focusable="false">${parts}</svg>`;
}

/** Beside a word, how it is painted. */
export function swatch(holding: Holding, words: Vocabulary): Html {
  return html`<svg class="swatch" aria-hidden="true" focusable="false">
    <rect class="${fillOf(holding, words)}" width="100%" height="100%" />
  </svg>`;
}

/** A part of a whole, whose numbers stand beside it. */
export function share(part: number, whole: number): Html {
  return html`<svg class="share" aria-hidden="true" focusable="false">
    <rect class="rest" width="100%" height="100%" />
    <rect class="part" width="${percent(Math.min(part, whole), whole)}" height="100%" />
  </svg>`;
}

export function percent(part: number, whole: number): string {
  return `${Math.round((part / whole) * 10_000) / 100}%`;
}
