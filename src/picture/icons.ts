import { html, type Html, own } from './html.js';

/** Shapes that are told apart without colour, each drawn once and used by name. */
export type Icon = 'done' | 'running' | 'waiting' | 'pending' | 'aborted' | 'return' | 'passed' | 'ask' | 'alert';

export function icon(name: Icon): Html {
  return html`<svg class="icon i-${name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <use href="#i-${name}" />
  </svg>`;
}

const SHAPES: Record<Icon, string> = {
  done: '<circle class="solid" cx="12" cy="12" r="11"/><path class="cut" d="M6.8 12.4l3.6 3.6 7-7.6"/>',
  running: '<circle class="line" cx="12" cy="12" r="9.5"/><circle class="solid" cx="12" cy="12" r="5"/>',
  waiting: '<circle class="solid" cx="12" cy="12" r="11"/><path class="cut" d="M9.2 7.5v9M14.8 7.5v9"/>',
  pending: '<circle class="line" cx="12" cy="12" r="9.5"/>',
  aborted: '<circle class="solid" cx="12" cy="12" r="11"/><path class="cut" d="M8 8l8 8M16 8l-8 8"/>',
  return: '<path class="line" d="M12 2.5L21.5 12 12 21.5 2.5 12z"/>',
  passed: '<path class="solid" d="M12 1L23 12 12 23 1 12z"/><path class="cut" d="M8.5 8l4 4-4 4M12.5 8l4 4-4 4"/>',
  ask: '<circle class="solid" cx="12" cy="12" r="11"/><path class="cut" d="M12 6v7.5M12 17.2v.3"/>',
  alert: '<path class="solid" d="M12 1.5L23.5 22H.5z"/><path class="cut" d="M12 9v6M12 18.3v.2"/>',
};

/** Fills of the holdings: colour and pattern, so that neither a colour-blind eye nor a black printer loses one. */
const PATTERNS = `<pattern id="p-both" width=".55em" height=".55em" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="c-new" width=".55em" height=".55em"/><rect class="c-old" width=".275em" height=".55em"/></pattern>
<pattern id="p-other" width=".5em" height=".5em" patternUnits="userSpaceOnUse"><rect class="c-other" width=".5em" height=".5em"/><line class="c-ink" x1="0" y1="0" x2=".5em" y2=".5em"/><line class="c-ink" x1=".5em" y1="0" x2="0" y2=".5em"/></pattern>
<pattern id="p-unknown" width=".4em" height=".4em" patternUnits="userSpaceOnUse"><rect class="c-unknown" width=".4em" height=".4em"/><circle class="c-dot" cx=".2em" cy=".2em" r=".085em"/></pattern>`;

/** Once in a document, before anything that is drawn. */
export const DEFINITIONS: Html = own(
  `<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false"><defs>${PATTERNS}${Object.entries(
    SHAPES,
  )
    .map(([name, shape]) => `<symbol id="i-${name}" viewBox="0 0 24 24">${shape}</symbol>`)
    .join('')}</defs></svg>`,
);
