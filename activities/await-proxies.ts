import { CancelledFailure, Context } from '@temporalio/activity';
import { fitting, ROOM_FOR_NAMESPACES } from '../src/ground/size.js';
import { type Capped, capped } from '../src/rotation/capped.js';
import type { AwaitProxiesInput, RenewalResult } from '../src/rotation/payloads.js';
import {
  expectedAt,
  isBelieved,
  type RenewalClock,
  type RenewalGate,
  type RenewalState,
  renewalState,
  stillShort,
} from '../src/rotation/renewal.js';
import { isNews } from '../src/rotation/told.js';
import { type UnreadableClock, unreadableClock, type UnreadableSince } from '../src/rotation/unreadable.js';
import { pause, reportProgress, untilEnd } from './kit/heartbeat.js';
import { livePods } from './kit/live-pods.js';
import { gatedOf, waivedBy } from './kit/proxies.js';
import { type Look, proxyCache } from './kit/proxy-cache.js';
import type { Dependencies } from './kit/dependencies.js';
import { occasionalReversions } from './kit/reversions.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';
import { openingWaivers } from './kit/waivers.js';

/** Polls in a leaf's life: often enough to be told of a late one in time, seldom enough to cost nothing. */
const POLLS_PER_LEAF = 1000;
const SLOWEST_POLL_MS = 60_000;
/** A process keeps its anchors for life; a pod that falls short of them is looked at again for the sake of its leaf. */
const LOOK_AGAIN_MS = 600_000;
/** How often in a leaf's life one is looked at whose times are not believed. */
const LOOKS_PER_LEAF = 20;
/** Late proxies that a result names, and that a heartbeat names. */
const NAMED = 20;
const SHOWN = 5;
/** News is not told more often, whatever `rollout.stuckAfter` is. */
const LEAST_NEWS_MS = 600_000;

/** What a wait remembers, as its heartbeats carry it to another attempt, and its cancellation to another activity. */
export interface Remembered {
  unreadable: UnreadableSince;
}

/**
 * Waits while proxies come to meet the phase's requirement by themselves: by their own renewal of their leaves, or by
 * being replaced in somebody's deployments. It costs little history however long it takes. It ends when all do, at the
 * deadline, when another writer has put back what the rotation wrote, and when there is news of late proxies.
 * @throws CancelledFailure with `Remembered` as its details
 */
export async function awaitProxies(dependencies: Dependencies, input: AwaitProxiesInput): Promise<RenewalResult> {
  const clock = unreadableClock(input.settings.rollout.stuckAfter, earlier() ?? input.unreadable);
  reportProgress({ phase: input.phase, unreadable: clock.memory() });
  const { signal, end } = untilEnd();
  try {
    return await waitFor(dependencies, input, { clock, signal });
  } catch (error) {
    if (!(error instanceof CancelledFailure)) throw error;
    throw new CancelledFailure(error.message, [{ unreadable: clock.memory() } satisfies Remembered], error);
  } finally {
    end();
  }
}

async function waitFor(
  dependencies: Dependencies,
  input: AwaitProxiesInput,
  { clock, signal }: { clock: UnreadableClock; signal: AbortSignal },
): Promise<RenewalResult> {
  const phase = await readPhase(dependencies, input);
  const pods = await livePods(dependencies, phase.linkerd.namespace, signal);
  const { timing } = input.settings;
  const pollMs = Math.max(timing.poll, Math.min(phase.linkerd.leafLifeMs / POLLS_PER_LEAF, SLOWEST_POLL_MS));
  const { leafLifeMs } = phase.linkerd;
  const waivers = openingWaivers(input);
  const gate: RenewalGate = { ...phase, waivers, since: input.since, leafLifeMs };
  const look = proxyCache(dependencies, phase, {
    isDue: phase.evidence.anchors ? isOld : hasRenewed(gate),
    isWaived: waivedBy(waivers),
  });
  const reversions = occasionalReversions(dependencies, input);
  for (;;) {
    const reverted = await reversions();
    const proxies = await look(gatedOf(await pods.look(), phase));
    const now = new Date();
    const { state, late, all } = stateOf({ proxies, clock, gate, phase }, now);
    const unreadable = clock.memory();
    reportProgress({
      phase: input.phase,
      ...state,
      late: capped(all, SHOWN).shown,
      lateByReason: late.byReason,
      unreadable,
    });
    const ended = reverted.length > 0 ? 'reverted' : endOf({ state, late, input }, now);
    if (ended) {
      const { shown, byReason } = late;
      const lateNamespaces = namespacesOf(state.late);
      const found = capped(reverted, NAMED).shown;
      return { ...state, ended, late: shown, lateByReason: byReason, lateNamespaces, reverted: found, unreadable };
    }
    await pause(pollMs);
  }
}

interface Seen {
  proxies: Parameters<UnreadableClock['look']>[0];
  clock: UnreadableClock;
  gate: RenewalGate;
  phase: PhaseContext;
}

/** Where renewals are waited for, a proxy has a time of its own to keep; where pods are replaced, it has none. */
function stateOf({ proxies, clock, gate, phase }: Seen, now: Date) {
  const { late: missed, ...counts } = renewalState(proxies, gate, now);
  const state: RenewalState = { ...counts, late: phase.evidence.anchors ? [] : missed };
  const all = [...state.late, ...clock.look(stillShort(proxies, gate), now)];
  return { state, all, late: capped(all, NAMED) };
}

/** Why the wait is over; undefined: it is not. */
function endOf(
  { state, late, input }: { state: RenewalState; late: Capped; input: AwaitProxiesInput },
  now: Date,
): RenewalResult['ended'] | undefined {
  const { deadline, told, settings } = input;
  if (state.proven === state.proxies) return 'met';
  if (deadline !== undefined && now.getTime() >= Date.parse(deadline)) return 'deadline';
  return isNews(late, told, now, Math.min(settings.rollout.stuckAfter, LEAST_NEWS_MS)) ? 'late' : undefined;
}

function namespacesOf(late: RenewalState['late']): string[] {
  return fitting([...new Set(late.map(({ subject }) => subject.name.split('/')[0] ?? ''))], ROOM_FOR_NAMESPACES);
}

/** What an earlier attempt of the same activity remembered. */
function earlier(): UnreadableSince | undefined {
  return (Context.current().info.heartbeatDetails as Partial<Remembered> | undefined)?.unreadable;
}

/** By now it should have; whatever the leaf says, it is looked at now and then. */
function hasRenewed(clock: RenewalClock) {
  const often = Math.min(LOOK_AGAIN_MS, clock.leafLifeMs / LOOKS_PER_LEAF);
  return ({ at, observation: { leaf } }: Look, now: number): boolean =>
    leaf === undefined || now >= expectedAt(leaf, clock) || (!isBelieved(leaf, clock) && now - at > often);
}

function isOld({ at, observation: { leaf } }: Look, now: number): boolean {
  return leaf === undefined || now - at > LOOK_AGAIN_MS;
}
