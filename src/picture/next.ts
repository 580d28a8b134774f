import type { Overview } from '../rotation/overview.js';
import { watchLines, type WatchStatus } from '../rotation/watch-status.js';
import { kindText } from './certificates.js';
import { html, type Html, prose } from './html.js';
import { away, moment } from './times.js';
import { short } from './words.js';

/** Between rotations: what watches, and what happens next. */

export interface Coming {
  /** ISO 8601. */
  at: string;
  what: string;
}

/** Soonest first; what is past already is no news. */
export function comingOf({ certificates, watch }: Pick<Overview, 'certificates' | 'watch'>, now: Date): Coming[] {
  const ends = certificates.map((one): Coming => ({
    at: one.notAfter,
    what: `${kindText(one)} ${short(one.fingerprint)} ends`,
  }));
  return [...ends, ...(watch ? ofWatch(watch) : [])]
    .filter(({ at }) => Date.parse(at) > now.getTime())
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function ofWatch({ look, every, onRenewal }: WatchStatus): Coming[] {
  if (!look) return [];
  const again = new Date(Date.parse(look.at) + every);
  const renews = look.renewalTime;
  return [
    ...(Number.isNaN(again.getTime()) ? [] : [{ at: again.toISOString(), what: 'the watch looks at the root again' }]),
    ...(renews === undefined
      ? []
      : [
          {
            at: renews,
            what: `cert-manager renews the root; the watch then ${onRenewal === 'rotate' ? 'starts the rotation' : 'asks before it starts the rotation'}`,
          },
        ]),
  ];
}

const MOST = 6;

/** While a rotation is under way its own phases are what comes next. */
export function next(overview: Overview, now: Date): Html {
  const { rotation, watch } = overview;
  const coming = rotation ? [] : comingOf(overview, now).slice(0, MOST);
  if (coming.length === 0 && !watch) return html``;
  return html`<section class="next" aria-labelledby="next">
    <h2 id="next">${coming.length > 0 ? 'What happens next' : 'Watch'}</h2>
    ${
      coming.length > 0 &&
      html`<ol class="coming">
        ${coming.map(({ at, what }) => html`<li><span class="at">${moment(at, now)}</span> <b>${away(at, now)}</b> <span>${what}</span></li>`)}
      </ol>`
    }
    ${watch ? watchText(watch) : html`<p class="note">Nothing watches this cluster: before the first of these ends somebody has to start a rotation. <code>reroot watch</code> does that for a root that cert-manager renews.</p>`}
  </section>`;
}

/** Notes of a watch that are shown: the newest. */
const NOTES = 3;

function watchText(watch: WatchStatus): Html {
  return html`<div class="watch">
    ${watchLines(watch).map((line) => html`<p>${prose(line)}</p>`)}${watch.notes.slice(-NOTES).map((note) => html`<p class="note">${prose(note)}</p>`)}
  </div>`;
}
