import type { Overview } from '../rotation/overview.js';
import { watchAlertsOf } from '../rotation/scheduled-watch.js';
import type { Alert, Waiting } from '../rotation/status.js';
import { placeName } from '../rotation/hand-off.js';
import { waitsOf } from '../rotation/waits.js';
import { asksSomebody, shellWord } from './words.js';
import { away, between, lasting, moment } from './times.js';
import { html, type Html, prose } from './html.js';
import { icon } from './icons.js';
import { folded } from './lists.js';

/** What is waited for: for what, since when, on whom, what to do. And what a person has to hear of although nothing waits. */

/** Of whom one waits: so many are shown, the rest is folded. */
const SUBJECTS_SHOWN = 3;

/** Of the rotation, else of what watches the cluster. */
export function allWaits({ rotation, watch }: Overview): Waiting[] {
  const ofRotation = rotation?.status ? waitsOf(rotation.status) : [];
  return [...ofRotation, ...(watch?.waiting ? [watch.waiting] : [])];
}

export function waits(overview: Overview, now: Date): Html {
  const [first, ...others] = allWaits(overview);
  if (!first) return html``;
  const isAsked = asksSomebody(first);
  return html`<section class="waits ${isAsked ? 'loud' : 'quiet'}" aria-labelledby="waits">
    <h2 id="waits">${isAsked && icon('ask')}Waiting for ${prose(first.for)}</h2>
    <p class="todo">${prose(first.todo)}</p>
    ${command(first, overview.cluster)} ${facts(first, now)} ${subjects(first)}
    ${
      others.length > 0 &&
      html`<h3>Also waiting for</h3>
        <ul class="others">
          ${others.map((one) => html`<li>${one.for}, for ${lasting(between(one.since, now))}. ${prose(one.todo)}${subjects(one)}</li>`)}
        </ul>`
    }
  </section>`;
}

/** What can be copied. */
function command({ kind, planHash, inCluster, handOff }: Waiting, cluster: string): Html | false {
  const of = `--cluster ${shellWord(cluster)}`;
  if (kind === 'approval' && planHash !== undefined && !inCluster)
    return html`<pre class="command"><code>reroot approve ${of} --plan ${shellWord(planHash)}</code></pre>`;
  return handOff !== undefined && html`<pre class="command"><code>reroot hand-off ${of}</code></pre>`;
}

function facts({ since, planHash, opens, handOff }: Waiting, now: Date): Html {
  const places = (handOff?.places ?? []).map(
    (place) => html`<li>${placeName(place)} in namespace ${place.namespace}</li>`,
  );
  return html`<dl class="facts">
    <div>
      <dt>Since</dt>
      <dd>${moment(since, now)} (${lasting(between(since, now))})</dd>
    </div>
    ${
      opens !== undefined &&
      html`<div>
        <dt>Opens</dt>
        <dd>${moment(opens, now)} (${away(opens, now)})</dd>
      </div>`
    }${
      planHash !== undefined &&
      html`<div>
        <dt>Plan</dt>
        <dd><code>${planHash}</code></dd>
      </div>`
    }${
      handOff?.who !== undefined &&
      html`<div>
        <dt>Whose</dt>
        <dd>${handOff.who}</dd>
      </div>`
    }${
      places.length > 0 &&
      html`<div>
        <dt>Where</dt>
        <dd>
          <ul>
            ${places}
          </ul>
        </dd>
      </div>`
    }
  </dl>`;
}

function subjects({ on }: Waiting): Html | false {
  if (on.length === 0) return false;
  return folded(
    on.map((subject) => html`<li>${reasonFirst(subject)}</li>`),
    { most: SUBJECTS_SHOWN, of: 'on' },
  );
}

/** A finding begins with its reason, `RolloutStuck: …`. */
function reasonFirst(subject: string): Html {
  const [, reason, rest] = /^([A-Z][a-z]+[A-Z][A-Za-z]+): (.*)$/s.exec(subject) ?? [];
  if (reason === undefined || rest === undefined) return prose(subject);
  return html`<b class="reason">${reason}</b> ${prose(rest)}`;
}

export function alertsOf(overview: Overview): Alert[] {
  return [...(overview.rotation?.status?.alerts ?? []), ...watchAlertsOf(overview)];
}

export function alerts(overview: Overview, now: Date): Html {
  const all = alertsOf(overview);
  if (all.length === 0) return html``;
  return html`<section class="alerts" aria-labelledby="alerts">
    <h2 id="alerts">${icon('alert')}${all.length === 1 ? 'Alert' : `${all.length} alerts`}</h2>
    <ul>
      ${all.map(
        ({ reason, message, since, deadline }) =>
          html`<li>
            <b class="reason">${reason}</b> ${prose(message)}
            <span class="when"
              >Since
              ${moment(since, now)}.${
                deadline !== undefined &&
                html` <strong>Leaves end at ${moment(deadline, now)} (${away(deadline, now)}).</strong>`
              }</span
            >
          </li>`,
      )}
    </ul>
  </section>`;
}
