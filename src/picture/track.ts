import type { Overview } from '../rotation/overview.js';
import type { PhaseProgress } from '../rotation/phases.js';
import { predictedText } from '../rotation/planned-phases.js';
import type { RotationStatus } from '../rotation/status.js';
import { between, lasting } from './times.js';
import { html, type Html } from './html.js';
import { type Icon, icon } from './icons.js';
import { asksSomebody } from './words.js';

/** The phases from left to right, with what they took, and the point of no return between two of them. */

type State = 'done' | 'running' | 'waiting' | 'pending' | 'aborted';

const SAID: Record<State, string> = {
  done: 'done',
  running: 'under way',
  waiting: 'waits for somebody',
  pending: 'to come',
  aborted: 'aborted here',
};

export function track({ rotation }: Overview, now: Date): Html {
  const status = rotation?.status;
  if (!status || status.phases.length === 0) return html``;
  return html`<section class="phases" aria-labelledby="phases">
    <h2 id="phases">Phases</h2>
    <ol class="track">
      ${status.phases.map((phase) => item(phase, status, now))}
    </ol>
  </section>`;
}

function item(progress: PhaseProgress, status: RotationStatus, now: Date): Html {
  const { phase } = progress;
  const state = stateOf(progress, status);
  const goesBack = status.phases.some((one) => one.phase === 'abort');
  return html`${phase === 'retire' && !goesBack && pointOfNoReturn(status.pastPointOfNoReturn)}
    <li class="phase ${state}" ${state === 'running' || state === 'waiting' ? html` aria-current="step"` : ''}>
      ${icon(iconOf(state))}<span class="name">${phase}</span> <span class="is">${SAID[state]}</span>
      <span class="took">${timeOf(progress, status, now)}</span>
    </li>`;
}

function pointOfNoReturn(past: boolean): Html {
  return html`<li class="no-return ${past ? 'past' : 'ahead'}">
    ${icon(past ? 'passed' : 'return')}<span class="name">point of no return</span>
    <span class="is">${past ? 'passed' : 'ahead'}</span>
  </li>`;
}

function stateOf({ phase, state }: PhaseProgress, { phase: current, waiting }: RotationStatus): State {
  if (state !== 'running') return state;
  return phase === current && waiting && asksSomebody(waiting) ? 'waiting' : 'running';
}

function iconOf(state: State): Icon {
  return state;
}

/** What it took, or has taken so far; of one to come what is predicted. */
function timeOf(
  { phase, startedAt, finishedAt }: PhaseProgress,
  { plan, outcome }: RotationStatus,
  now: Date,
): Html | false {
  if (startedAt === undefined) {
    const planned = plan?.phases.find((one) => one.phase === phase);
    const text = planned && predictedText(planned);
    return Boolean(text) && html`<span class="predicted">predicted: ${text}</span>`;
  }
  if (finishedAt === undefined && outcome !== 'running') return false;
  return html`${lasting(between(startedAt, finishedAt ?? now))}`;
}
