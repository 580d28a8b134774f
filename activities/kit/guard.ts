import { ApplicationFailure } from '@temporalio/activity';
import type { ProxyObservation } from '../../src/ground/mesh.js';
import { endOf } from '../../src/pki/issuer-anchors.js';
import { chainOfStart } from '../../src/records/rotation-secret.js';
import { type Needed, neededToIssue, neededToRetire } from '../../src/rotation/continuity.js';
import type { Course, Row } from '../../src/rotation/courses/course.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { formatFinding, withoutControlPlane } from '../../src/rotation/findings.js';
import { isProxyWaived } from '../../src/rotation/gates.js';
import { isPastReturn } from '../../src/rotation/past-return.js';
import type { GuardedInput } from '../../src/rotation/payloads.js';
import { expiredOf } from '../../src/rotation/preflight/expiry.js';
import { refuseUnapproved } from './approved.js';
import type { Dependencies } from './dependencies.js';
import { scanGate } from './gate-scan.js';
import type { NextSwap } from './issuer-secret.js';
import { rootsOf } from './look.js';
import { observeAnchors } from './proxies.js';
import type { StoredRotation } from './stored-rotation.js';
import { givenWaivers, openingWaivers } from './waivers.js';

/**
 * What stands between a caller and the writes that others may be refused for. Whoever reaches the task queue can ask for a
 * step; a workflow may have been paused between its proof and its write. So these steps ask the proxies themselves, in the
 * same activity, seconds before they write.
 */

/** Findings that a refusal names. */
const SHOWN = 5;

/**
 * Before the retired root leaves the bundle.
 * @param bundle the one that the control plane reads, as fingerprints
 * @throws ApplicationFailure `ApprovalMissing`, `ApprovalOutdated`; `NotProven`, which may be tried again
 */
export async function guardRetire(
  dependencies: Dependencies,
  input: GuardedInput,
  rotation: StoredRotation,
  bundle: readonly string[],
): Promise<void> {
  const { linkerd, target } = rotation;
  const proxies = await observeAnchors(dependencies, linkerd);
  // past it, somebody has put the retired root back: it goes again, as was approved
  if (!isPastReturn(rootsOf(rotation.secret), { bundle, proxies: controlPlane(proxies, rotation) }))
    await refuseUnapproved(dependencies, input, rotation);
  const waivers = withoutControlPlane(
    givenWaivers(input).filter(({ gate }) => gate !== 'rollout'),
    linkerd.namespace,
  );
  const needed = neededToRetire(proxies, target, (proxy) => isProxyWaived(proxy, waivers));
  const row = rowThat(input, ({ writes }) => writes.includes('dropRetired'));
  await prove(dependencies, input, { rotation, needed, row, stays: 'the bundle keeps the root that would go' });
}

/**
 * Before the issuer Secret gets to a state that somebody could be refused for. Under an expired root or issuer identity
 * signs nothing: there is nothing to be gentle with. Past the point of no return, an issuer that somebody has put back harms
 * those that trust the target alone: it is written again at once.
 * @throws ApplicationFailure `ApprovalMissing`, `ApprovalOutdated`; `NotProven`, which may be tried again
 */
export async function guardSwap(
  dependencies: Dependencies,
  input: GuardedInput,
  rotation: StoredRotation,
  { state, found, bundle }: NextSwap,
): Promise<void> {
  const { linkerd, isBack, target } = rotation;
  const needed = neededToIssue(state, isBack);
  if (!needed || target.retired.length === 0 || isRecovery(input, rotation)) return;
  if (!isBack && found !== 'crossover') {
    const proxies = await observeAnchors(dependencies, linkerd);
    if (isPastReturn(rootsOf(rotation.secret), { bundle, proxies: controlPlane(proxies, rotation) })) return;
  }
  const row = rowThat(input, ({ issuer, first }) => issuer === state && first !== undefined);
  if (state === 'crossover') await refuseUnapproved(dependencies, input, rotation);
  await prove(dependencies, input, { rotation, needed, row, stays: 'the issuer Secret stays as it is' });
}

interface ToProve {
  rotation: StoredRotation;
  needed: Needed;
  /** Whose proof it is. */
  row: Row | undefined;
  /** What becomes of the object when it is not proven. */
  stays: string;
}

async function prove(
  dependencies: Dependencies,
  input: GuardedInput,
  { rotation: { linkerd, target, roots }, needed, row, stays }: ToProve,
): Promise<void> {
  const phase = row?.first ?? row?.phase ?? 'approve';
  const waivers = openingWaivers({ ...input, phase, waivers: givenWaivers(input) });
  const question = { linkerd, target, roots, ...needed, waivers, row: { phase, whose: 'everybody' as const } };
  const { result } = await scanGate(dependencies, question, input.settings);
  if (result.passed) return;
  const short = result.proxies - result.proven - result.waived;
  const named = result.findings.slice(0, SHOWN).map(formatFinding).join('; ');
  throw ApplicationFailure.retryable(
    `${stays}: ${short} of ${result.proxies} proxies do not show now what this write needs of them, whatever was proven earlier: ${named}`,
    'NotProven',
  );
}

function rowThat({ course }: GuardedInput, does: (row: Row) => boolean): Row | undefined {
  const { rows }: Pick<Course, 'rows'> = courseOf(course);
  return rows.find(does);
}

/** What excuses a proof is not for a tenant's pod to say. The control plane is rolled first, so it has passed the point too. */
function controlPlane(proxies: readonly ProxyObservation[], { linkerd }: StoredRotation): ProxyObservation[] {
  return proxies.filter(({ namespace }) => namespace === linkerd.namespace);
}

/** What the caller says of an expiry counts when the certificates say so too. */
function isRecovery({ course }: GuardedInput, { secret }: StoredRotation): boolean {
  return (
    course.recovery !== undefined &&
    expiredOf(endOf(chainOfStart(secret)), secret.previous.roots, new Date()) !== undefined
  );
}
