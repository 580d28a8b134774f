import type { Overview } from '../rotation/overview.js';
import type { ScheduledWatch } from '../rotation/scheduled-watch.js';
import { AFTER_RENEWAL, watchLines, type WatchStatus } from '../rotation/watch-status.js';
import { KINDS } from './certificates.js';
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
export function comingOf(overview: Pick<Overview, 'certificates' | 'watch' | 'schedule'>, now: Date): Coming[] {
  const { certificates, watch, schedule } = overview;
  const ends = certificates.map((one): Coming => ({
    at: one.notAfter,
    what: `${KINDS[one.kind]} ${short(one.fingerprint)} ends`,
  }));
  const look = schedule ? nextScheduled(schedule) : watch ? nextLook(watch) : [];
  return [...ends, ...look, ...renewal(watch, schedule)]
    .filter(({ at }) => Date.parse(at) > now.getTime())
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function nextLook({ look, every }: WatchStatus): Coming[] {
  const again = new Date(Date.parse(look?.at ?? '') + every);
  return Number.isNaN(again.getTime()) ? [] : [{ at: again.toISOString(), what: 'the watch looks at the root again' }];
}

function nextScheduled({ scheduleId, next: at }: ScheduledWatch): Coming[] {
  return at === undefined ? [] : [{ at, what: `Schedule ${scheduleId} looks at the root again` }];
}

function renewal(watch: WatchStatus | undefined, schedule: ScheduledWatch | undefined): Coming[] {
  const at = (watch?.look ?? schedule?.last?.report?.look)?.renewalTime;
  if (at === undefined) return [];
  const then = watch ? `; the watch then ${AFTER_RENEWAL[watch.onRenewal]}` : '';
  return [{ at, what: `cert-manager renews the root${then}` }];
}

const MOST = 6;

/** While a rotation is under way its own phases are what comes next. */
export function next(overview: Overview, now: Date): Html {
  const { rotation, watch, schedule } = overview;
  const coming = rotation ? [] : comingOf(overview, now).slice(0, MOST);
  const watching = [schedule && scheduleText(schedule, watch), watch && watchText(watch)].filter(
    (one) => one !== undefined,
  );
  if (coming.length === 0 && watching.length === 0) return html``;
  return html`<section class="next" aria-labelledby="next">
    <h2 id="next">${coming.length > 0 ? 'What happens next' : 'Watch'}</h2>
    ${
      coming.length > 0 &&
      html`<ol class="coming">
        ${coming.map(({ at, what }) => html`<li><span class="at">${moment(at, now)}</span> <b>${away(at, now)}</b> <span>${what}</span></li>`)}
      </ol>`
    }
    ${watching.length > 0 ? watching : NOBODY}
  </section>`;
}

const NOBODY = html`<p class="note">
  Nothing watches this cluster: before the first of these ends somebody has to start a rotation.
  <code>reroot schedule create</code> sees to that.
</p>`;

/** Notes of a watch that are shown: the newest. */
const NOTES = 3;

function watchText(watch: WatchStatus): Html {
  return html`<div class="watch">
    ${watchLines(watch).map((line) => html`<p>${prose(line)}</p>`)}${watch.notes.slice(-NOTES).map((note) => html`<p class="note">${prose(note)}</p>`)}
  </div>`;
}

/** @param watch the look under way, which says more itself */
function scheduleText({ scheduleId, when, paused, last }: ScheduledWatch, watch: WatchStatus | undefined): Html {
  const often = when === undefined ? '' : ` (${when})`;
  const says =
    paused === undefined
      ? html`Schedule <code>${scheduleId}</code> looks at the root${often}.`
      : html`<strong>Schedule <code>${scheduleId}</code> is paused${often}: nothing is looked at.</strong>
          ${prose(paused)}`;
  const seen = watch ? undefined : last?.report?.seen;
  return html`<div class="watch">
    <p>${says}</p>
    ${seen !== undefined && html`<p>Last look, at ${last?.at}: ${prose(seen)}.</p>`}
  </div>`;
}
