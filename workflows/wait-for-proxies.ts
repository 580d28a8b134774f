import { ActivityFailure, CancelledFailure } from '@temporalio/workflow';
import type { Remembered } from '../activities/await-proxies.js';
import { omittedOf } from '../src/rotation/capped.js';
import { type Finding, formatFinding } from '../src/rotation/findings.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import type { AwaitProxiesInput, ProxiesWait, RenewalResult } from '../src/rotation/payloads.js';
import { toldOf } from '../src/rotation/told.js';
import { WAITS } from '../src/rotation/waits.js';
import { now } from './in-phase.js';
import type { Work } from './operator/index.js';
import { phaseInput, type Rotation } from './rotation.js';
import { unlessItFails } from './steps.js';
import { reinjectNamespace } from './waves.js';

/** The waits of the gentle strategies: durable, and with little history for as long as they last. */

const NAMED = 10;

/**
 * Waits for the proxies' own renewal of their leaves; one that misses its time is a straggler, and can be rolled alone.
 * Also over when another writer has put something back: the gate says what.
 */
export async function waitForRenewal(rotation: Rotation, phase: GatedPhase): Promise<void> {
  const { operator, status } = rotation;
  const { for: what, todo } = WAITS.renewal;
  const quietly = async (): Promise<RenewalResult | undefined> =>
    await operator.waitForProxies(phase, { for: what, on: [], todo }, watching(rotation, phase));
  delete waitOf(rotation, phase).told; // whoever was told may see nothing of it any more
  let result = await quietly();
  while (result?.ended === 'late') {
    remember(rotation, phase, result);
    result = result.late.length > 0 ? await askForTheLate(rotation, phase, result) : await quietly();
  }
  status.stragglers = [];
  if (!result) return;
  remember(rotation, phase, result);
  delete status.proxiesWait;
}

/**
 * Asks people, for as long as proxies are late.
 * @returns undefined when they have said something: the gate has to be looked at anew
 */
async function askForTheLate(
  rotation: Rotation,
  phase: GatedPhase,
  { late, lateByReason, lateNamespaces }: RenewalResult,
): Promise<RenewalResult | undefined> {
  const { operator, status } = rotation;
  const asked = operator.retries();
  let news: RenewalResult | undefined;
  status.stragglers = late;
  await operator.attention(
    { for: `${countOf(lateByReason)} ${WAITS.late.for}`, on: named(late, lateByReason), todo: WAITS.late.todo },
    async () => void (news = await unlessItFails(watching(rotation, phase).keepTrying)),
  );
  if (news) return news;
  if (operator.retries() === asked) return undefined;
  const { since } = waitOf(rotation, phase);
  for (const namespace of lateNamespaces) await reinjectNamespace(rotation, phase, namespace, { late: true, since });
  return undefined;
}

/** Waits while pods are replaced by their owners' own deployments, until the deadline; nothing is asked of anybody. */
export async function waitForReplacement(rotation: Rotation, phase: GatedPhase): Promise<void> {
  const { operator, input, status } = rotation;
  status.organicUntil ??= new Date(Date.now() + input.settings.rollout.deadline).toISOString();
  const deadline = status.organicUntil;
  const waiting = { for: `${WAITS.organic.for}, until ${deadline}`, todo: WAITS.organic.todo };
  delete waitOf(rotation, phase).told;
  let result: RenewalResult | undefined;
  do {
    const { late, lateByReason } = result ?? { late: [], lateByReason: {} };
    status.stragglers = late;
    result = await operator.waitForProxies(
      phase,
      { ...waiting, on: named(late, lateByReason) },
      watching(rotation, phase, { deadline }),
    );
    if (result) remember(rotation, phase, result);
  } while (result?.ended === 'late');
  status.stragglers = [];
  delete status.proxiesWait;
}

/** The wait itself; begun anew, it goes on where it was. */
function watching(
  rotation: Rotation,
  phase: GatedPhase,
  until: Pick<AwaitProxiesInput, 'deadline'> = {},
): Required<Pick<Work<RenewalResult>, 'once' | 'keepTrying'>> {
  const wait = () => waitOf(rotation, phase);
  const { once, keepTrying } = rotation.steps.awaitProxies(() => ({
    ...phaseInput(rotation, phase),
    ...wait(),
    ...until,
  }));
  const remembering = (tried: () => Promise<RenewalResult>) => async (): Promise<RenewalResult> => {
    try {
      return await tried();
    } catch (error) {
      const { unreadable } = rememberedBy(error);
      if (unreadable) Object.assign(wait(), { unreadable });
      throw error;
    }
  };
  return { once: remembering(once), keepTrying: remembering(keepTrying) };
}

function rememberedBy(error: unknown): Partial<Remembered> {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const [details] = cause instanceof CancelledFailure ? cause.details : [];
  return details ?? {};
}

/** What the wait of this phase remembers; it begins when nothing is known of it. */
function waitOf({ status }: Rotation, phase: GatedPhase): ProxiesWait {
  if (status.proxiesWait?.phase !== phase) status.proxiesWait = { phase, since: now() };
  return status.proxiesWait;
}

/** Keeps what a wait has found: also in status, whose gate is older. */
function remember(rotation: Rotation, phase: GatedPhase, result: RenewalResult): void {
  const { status } = rotation;
  const { late, lateByReason, unreadable, proxies, proven } = result;
  if (status.gate) status.gate = { ...status.gate, proxies, proven };
  Object.assign(waitOf(rotation, phase), {
    unreadable,
    ...(result.ended === 'late' ? { told: toldOf({ shown: late, byReason: lateByReason }, now()) } : {}),
  });
}

/** For people: some by name, the others counted by reason. */
function named(late: readonly Finding[], lateByReason: Readonly<Record<string, number>>): string[] {
  const shown = late.slice(0, NAMED);
  const more = Object.entries(omittedOf({ shown, byReason: lateByReason }));
  return [...shown.map(formatFinding), ...more.map(([reason, count]) => `${reason}: ${count} more`)];
}

function countOf(byReason: Readonly<Record<string, number>>): number {
  return Object.values(byReason).reduce((sum, count) => sum + count, 0);
}
