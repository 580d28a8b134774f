import type { Overview, RotationSeen } from '../rotation/overview.js';
import type { RotationStatus, Waiting } from '../rotation/status.js';
import { held, proxiesText, short } from './words.js';
import { totalOf } from '../rotation/census.js';
import { away, between, DAY, lasting, moment } from './times.js';
import { html, type Html } from './html.js';
import { icon } from './icons.js';
import { share } from './bars.js';

/** The first thing that is seen: which cluster, where it stands, for how long, and whether there is a way back. */

export interface Headline {
  /** The state in a few words. */
  state: string;
  /** The phase, where a rotation is under way. */
  phase?: string;
  tone: 'calm' | 'busy' | 'ask' | 'good' | 'bad';
}

const STATES: Record<Waiting['kind'], Pick<Headline, 'state' | 'tone'>> = {
  approval: { state: 'waiting for approval', tone: 'ask' },
  attention: { state: 'needs attention', tone: 'ask' },
  handOff: { state: 'waiting for somebody else to write', tone: 'ask' },
  paused: { state: 'paused', tone: 'ask' },
  renewal: { state: 'proxies renew by themselves', tone: 'busy' },
  window: { state: 'waiting for the next window', tone: 'calm' },
  worker: { state: 'waiting for a worker', tone: 'ask' },
};

const OUTCOMES: Record<Exclude<RotationStatus['outcome'], 'running'>, Headline> = {
  completed: { state: 'Rotation completed', tone: 'good' },
  aborted: { state: 'Rotation aborted', tone: 'bad' },
  failed: { state: 'Rotation failed', tone: 'bad' },
  cancelled: { state: 'Rotation cancelled', tone: 'bad' },
};

/** How long the end of a rotation is what people want to see first. */
const NEWS_MS = DAY;

export function headlineOf(overview: Overview, now: Date): Headline {
  const { rotation, report, watch } = overview;
  if (rotation) return ofRotation(rotation);
  const isNews = report !== undefined && between(report.finishedAt, now) < NEWS_MS;
  return isNews && !watch?.waiting ? OUTCOMES[report.outcome] : betweenRotations(overview);
}

function ofRotation({ status }: RotationSeen): Headline {
  if (!status) return { state: 'A rotation has this cluster, and no worker has answered', tone: 'ask' };
  if (status.outcome !== 'running') return OUTCOMES[status.outcome];
  const { phase, waiting } = status;
  return { phase, ...(waiting ? STATES[waiting.kind] : { state: 'under way', tone: 'busy' }) };
}

function betweenRotations({ watch, mesh, certificates, problems }: Overview): Headline {
  if (watch?.waiting)
    return { state: `Watch: ${STATES[watch.waiting.kind].state}`, tone: STATES[watch.waiting.kind].tone };
  if (mesh || certificates.length > 0) return { state: 'No rotation under way', tone: 'calm' };
  return problems.length > 0
    ? { state: 'Nothing could be read', tone: 'bad' }
    : { state: 'Not looked at yet', tone: 'calm' };
}

/** `prod: renew, proxies renew by themselves`: of the tab, and for who cannot see the page. */
export function titleOf(overview: Overview, now: Date): string {
  const { state, phase } = headlineOf(overview, now);
  return `${overview.cluster}: ${phase ? `${phase}, ` : ''}${state}`;
}

export function headline(overview: Overview, now: Date): Html {
  const { state, phase, tone } = headlineOf(overview, now);
  const { rotation, cluster } = overview;
  return html`<section class="headline ${tone}" aria-labelledby="headline">
    <p class="eyebrow">${subject(rotation?.status)} <b>${cluster}</b></p>
    <h1 id="headline">
      ${phase !== undefined && html`<span class="in-phase">${phase}</span> `}<span class="state">${state}</span>
    </h1>
    <p class="lead">${leadOf(overview, now)}</p>
    ${rotation?.status && marks(rotation.status)} ${rotation && progress(rotation, now)}
  </section>`;
}

function subject(status: RotationStatus | undefined): string {
  return status?.strategy === 'issuer' ? 'Identity issuer of cluster' : 'Trust root of cluster';
}

function leadOf(overview: Overview, now: Date): Html {
  const { rotation, report } = overview;
  const status = rotation?.status;
  if (status) return rotationLead(status, now);
  if (rotation) return html`Workflow <code>${rotation.workflowId}</code>. What the mesh shows is below.`;
  if (report) return html`${calmLead(overview)} The last rotation ${report.outcome} ${away(report.finishedAt, now)}.`;
  return calmLead(overview);
}

function calmLead({ mesh, certificates, problems }: Overview): Html {
  const roots = certificates.filter(({ kind }) => kind === 'anchor');
  const named = roots.map(({ fingerprint }, index) => html`${index > 0 && ', '}<code>${short(fingerprint)}</code>`);
  if (!mesh)
    return html`${problems.length > 0 ? 'What stands in the way is below.' : 'The first look at the mesh is under way.'}`;
  const total = mesh.namespaces.reduce((sum, { proxies }) => sum + proxies, 0);
  if (total === 0) return html`No proxy runs in this mesh.`;
  const trusts = totalOf(mesh.namespaces, 'trusts');
  const isCalm = held(trusts).join() === 'old';
  if (!isCalm || roots.length === 0) return html`${proxiesText(total)} in the mesh.`;
  return html`${total === 1 ? 'Its one proxy trusts' : `All ${total} proxies trust`} the
  ${roots.length === 1 ? 'root' : 'roots'} in use, ${named}.`;
}

function rotationLead(status: RotationStatus, now: Date): Html {
  const { strategy, startedAt, phases, phase, outcome } = status;
  const since = phases.find((one) => one.phase === phase)?.startedAt;
  const how = html`${strategy === 'issuer' ? 'Issuer alone, under the root in use' : html`Strategy <b>${strategy}</b>`}`;
  if (outcome !== 'running') return html`${how}. Started ${moment(startedAt, now)}, in phase ${phase} at its end.`;
  return html`${how}. Under way for
  ${lasting(between(startedAt, now))}${since !== undefined && html`, in this phase for ${lasting(between(since, now))}`}.`;
}

/** Whether there is a way back, by shape and by words. */
function marks(status: RotationStatus): Html {
  const { phases, pastPointOfNoReturn: past, outcome, roots } = status;
  const goesBack = phases.some(({ phase }) => phase === 'abort');
  const replaced = (roots?.retire ?? []).map(({ fingerprint }) => short(fingerprint)).join(', ');
  const way = goesBack ? backMark() : returnMark(past);
  const isShown = phases.some(({ phase }) => phase === 'retire') || goesBack;
  return html`<ul class="marks">
    ${outcome === 'running' && isShown && way}${
      roots &&
      html`<li>
        ${replaced ? html`Root <code>${replaced}</code> ${goesBack ? 'stays, and goes out:' : 'is replaced by'} <code>${short(roots.root.fingerprint)}</code>` : html`Root <code>${short(roots.root.fingerprint)}</code> stays`}
      </li>`
    }
  </ul>`;
}

function backMark(): Html {
  return html`<li class="mark back">${icon('return')} Going back to the certificates of the start</li>`;
}

function returnMark(past: boolean): Html {
  return past
    ? html`<li class="mark past">${icon('passed')} Past the point of no return: it only goes on</li>`
    : html`<li class="mark before">
        ${icon('return')} Before the point of no return: <code>reroot abort</code> goes back
      </li>`;
}

/** How many proxies meet what the phase asks. */
function progress(seen: RotationSeen, now: Date): Html | false {
  const { status, renewal } = seen;
  if (status?.outcome !== 'running') return false;
  const gate = status.gate?.phase === status.phase ? status.gate : undefined;
  const done = renewal ?? gate;
  if (!done || done.proxies === 0) return false;
  return html`<div class="progress">
    <p>
      <b>${done.proven}</b> of <b>${done.proxies}</b> proxies proven${dueText(renewal, now)}${rolloutText(seen.rollout)}
    </p>
    ${share(done.proven, done.proxies)}
  </div>`;
}

function dueText(renewal: RotationSeen['renewal'], now: Date): string {
  return renewal?.lastDue === undefined ? '' : `; the last one is due ${away(renewal.lastDue, now)}`;
}

function rolloutText(rollout: RotationSeen['rollout']): string {
  if (!rollout) return '.';
  const slowed = rollout.slowed === undefined ? '' : ` Slowed: ${rollout.slowed}.`;
  return `; ${rollout.inFlight} of at most ${rollout.budget} pods under way.${slowed}`;
}
