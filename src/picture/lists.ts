import { html, type Html } from './html.js';

/** A list of which the first are shown; the rest is folded, and can be opened. */
export function folded(items: readonly Html[], { most, of }: { most: number; of: string }): Html {
  const [shown, rest] = [items.slice(0, most), items.slice(most)];
  return html`<ul class="items ${of}">
      ${shown}
    </ul>
    ${
      rest.length > 0 &&
      html`<details>
        <summary>${rest.length} more</summary>
        <ul class="items ${of}">
          ${rest}
        </ul>
      </details>`
    }`;
}
