import { ApplicationFailure, CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { Finished } from '../activities/finish.js';
import { endingText, type PutBack } from '../src/rotation/ending.js';
import { addNote } from '../src/rotation/notes.js';
import { compared } from '../src/rotation/planned-phases.js';
import { ownersText } from '../src/rotation/owners.js';
import { type RotationReport, withEvidence, withSenders } from '../src/rotation/report.js';
import type { Lease } from './begin.js';
import { goBack } from './go-back.js';
import { inPhase, now, showDetails } from './in-phase.js';
import type { SoFar } from './new-run.js';
import type { Generated, Rotation } from './rotation.js';
import { causeOf, stepsOn } from './steps.js';

/** Removes what is no longer needed, and writes the report. */
export async function finish(rotation: Generated, outcome: RotationReport['outcome']): Promise<RotationReport> {
  const { status, steps, input } = rotation;
  status.pastPointOfNoReturn = true; // what an abort would need goes
  const report = await inPhase(status, 'finish', async () => {
    const written = reportOf(rotation, outcome);
    const finished: Finished | undefined = await steps.finish({ ...input, report: written }); // absent: by reroot 0.3
    const { oldKey, made, startedBy, digest, evidence, senders } = finished ?? {};
    const said = { ...oldKey, ...made, ...(startedBy ? { startedBy } : {}), ...(digest ? { digest } : {}) };
    return { ...withSenders(withEvidence(written, evidence), senders), ...said };
  });
  status.outcome = outcome;
  return { ...report, finishedAt: now(), phases: compared(status.phases, status.plan?.phases) };
}

/**
 * Somebody has aborted it: back to the certificates of the start, however far it came.
 * @param look for a run that was told so before it has looked at the mesh
 */
export async function abandon(soFar: SoFar, look: () => Promise<Rotation>): Promise<RotationReport> {
  const { status, operator } = soFar;
  const { phase } = status.aborted ?? status;
  const word = operator.beginAbort();
  soFar.generated ??= await leftToTakeBack(soFar, look);
  const { generated, rotation } = soFar;
  if (generated) {
    status.aborted ??= { phase, at: now(), ...word };
    if (status.phase !== 'finish') await goBack(generated);
    return await finish(generated, 'aborted');
  }
  status.outcome = 'aborted';
  const nothing = status.pastPointOfNoReturn
    ? 'this rotation has changed nothing, but an earlier one has passed the point of no return. Start again, to go on forward'
    : rotation
      ? 'nothing was changed'
      : 'this rotation has changed nothing (what an earlier one has left, if any, is as it was)';
  throw ApplicationFailure.nonRetryable(`aborted in phase ${phase}: ${nothing}`, 'Aborted');
}

/** Not the first run: what was said to the one before is said again (worker/upgrade.ts), and that one may have changed things. */
function isAnotherRun(): boolean {
  const { runId, firstExecutionRunId } = workflowInfo();
  return runId !== firstExecutionRunId;
}

/** An abort that comes before this run knows its certificates: what an earlier run has put to use is taken back too. */
async function leftToTakeBack(soFar: SoFar, look: () => Promise<Rotation>): Promise<Generated | undefined> {
  if (isAnotherRun()) soFar.rotation ??= await look();
  const { rotation } = soFar;
  if (!rotation) return undefined;
  const { left } = await rotation.steps.discard(rotation.input);
  if (left?.pastPointOfNoReturn) rotation.status.pastPointOfNoReturn = true;
  if (!left || left.pastPointOfNoReturn) return undefined;
  rotation.status.roots = left;
  return { ...rotation, roots: left };
}

/**
 * It was cancelled, or has failed. Before the point of no return the issuer of the start goes back into its Secret, so that
 * nothing that is left behind ends leaves; the activity decides from the stores and the proxies whether it may.
 * @returns what the workflow ends with
 */
export async function endBeforeTime(error: unknown, { status, rotation }: SoFar): Promise<unknown> {
  if (status.outcome === 'aborted') return error;
  const cancelled = isCancellation(error);
  status.outcome = cancelled ? 'cancelled' : 'failed';
  for (const progress of status.phases)
    if (progress.state === 'running') Object.assign(progress, { state: 'aborted', finishedAt: now() });
  const { type, message } = causeOf(error);
  if (!rotation || type === 'LeaseLost') return error;
  const result = await putBack(rotation);
  const text = endingText(result);
  addNote(status.notes, text);
  return cancelled ? error : ApplicationFailure.nonRetryable(`${message}\n${text}`, type, result);
}

async function putBack({ input, status }: Rotation): Promise<PutBack> {
  const { persistent } = stepsOn(status.cluster);
  try {
    return await CancellationScope.nonCancellable(async () => await persistent.putBack(input));
  } catch (error) {
    const { type, message } = causeOf(error);
    log.warn('the issuer of the start could not be put back', { type, message });
    return { putBack: false, why: `${message} (${type})` };
  }
}

/** However it ended: shows it, and gives the Lease back, if a worker comes for that soon. */
export async function close({ status, rotation }: SoFar, { asked, ...lease }: Lease): Promise<void> {
  showDetails(status);
  if (!asked && !rotation) return;
  const { clusterUid } = rotation?.input ?? {};
  const held = clusterUid ? { ...lease, clusterUid } : lease;
  const { releaseLease } = stepsOn(status.cluster).quick;
  const release = async () => await releaseLease.executeWithOptions({ scheduleToCloseTimeout: '5 minutes' }, [held]);
  await CancellationScope.nonCancellable(release).catch((error: unknown) => {
    log.warn('the Lease could not be given back; the next rotation takes it over', causeOf(error));
  });
}

function reportOf(
  { input, course, mesh, status, roots }: Generated,
  outcome: RotationReport['outcome'],
): RotationReport {
  const { workflowId, runId } = workflowInfo();
  const finishedAt = now();
  return {
    outcome,
    cluster: input.settings.cluster,
    linkerdNamespace: mesh.linkerdNamespace,
    linkerdVersion: mesh.linkerdVersion,
    layout: mesh.layout,
    strategy: course.strategy,
    workflowId,
    runId,
    startedAt: status.startedAt,
    finishedAt,
    newRoot: roots.root,
    oldRoots: roots.retire,
    proxiesProven: status.gate?.proven ?? 0,
    // writing the report is what is left to do: whoever reads it finds a rotation that has ended
    phases: compared(
      status.phases.map((progress) =>
        progress.state === 'running' ? { ...progress, state: 'done', finishedAt } : progress,
      ),
      status.plan?.phases,
    ),
    ...(mesh.owners ? { owners: ownersText(mesh.owners) } : {}),
    waivers: status.waivers,
    approvals: status.approvals,
    notes: status.notes,
    adopted: roots.adopted,
    ...(roots.issuer ? { newIssuer: roots.issuer } : {}),
    ...(status.aborted ? { aborted: status.aborted } : {}),
  };
}
