import type { AwaitProxiesInput, RenewalResult } from '../src/rotation/payloads.js';
import { renewalDue, type RenewalState, renewalState } from '../src/rotation/renewal.js';
import { unreadableFor } from '../src/rotation/unreadable.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { gatedPods } from './kit/proxies.js';
import { type Look, proxyCache } from './kit/proxy-cache.js';
import type { Dependencies } from './kit/dependencies.js';
import { readPhase } from './kit/stored-rotation.js';

/** Polls in a leaf's life: often enough to be told of a late one in time, seldom enough to cost nothing. */
const POLLS_PER_LEAF = 1000;
const SLOWEST_POLL_MS = 60_000;
/** A process keeps its anchors for life; a pod that falls short of them is looked at again for the sake of its leaf. */
const LOOK_AGAIN_MS = 600_000;
/** Late proxies that a heartbeat names. */
const SHOWN = 5;

/**
 * Waits while proxies come to meet the phase's requirement by themselves: by their own renewal of their leaves, or by
 * being replaced in somebody's deployments. It costs no history however long it takes. It ends when all do, when one is
 * late that was not before, or at the deadline.
 */
export async function awaitProxies(dependencies: Dependencies, input: AwaitProxiesInput): Promise<RenewalResult> {
  const { settings, waivers } = input;
  const phase = await readPhase(dependencies, input);
  const renews = !phase.evidence.anchors;
  const slowest = Math.min(phase.linkerd.leafLifeMs / POLLS_PER_LEAF, SLOWEST_POLL_MS);
  const pollMs = Math.max(settings.timing.poll, slowest);
  const look = proxyCache(dependencies, phase, renews ? hasRenewed : isOld);
  const unreadable = unreadableFor(settings.rollout.stuckAfter);
  for (;;) {
    const proxies = await look(await gatedPods(dependencies.k8s, phase));
    const now = new Date();
    const state = renewalState(proxies, { ...phase, waivers }, now);
    const late = [...(renews ? state.late : []), ...unreadable(proxies, now)];
    reportProgress({ phase: input.phase, ...state, late: late.slice(0, SHOWN) });
    if (state.proven === state.proxies) return { ...state, late: [], reverted: [] };
    if (isOver(late, input, now)) return { ...state, late, reverted: [] };
    await pause(pollMs);
  }
}

/** At the deadline, and whenever other proxies are late than those that somebody has been told of. */
function isOver(late: RenewalState['late'], { deadline, knownLate }: AwaitProxiesInput, now: Date): boolean {
  if (deadline !== undefined && now.getTime() >= Date.parse(deadline)) return true;
  const names = new Set(late.map(({ subject }) => subject.name));
  return [...names].some((name) => !knownLate.includes(name)) || knownLate.some((name) => !names.has(name));
}

function hasRenewed({ observation: { leaf } }: Look, now: number): boolean {
  return leaf === undefined || now >= renewalDue(leaf).getTime();
}

function isOld({ at }: Look, now: number): boolean {
  return now - at > LOOK_AGAIN_MS;
}
