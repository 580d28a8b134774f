import { ApplicationFailure, CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { RotationReport } from '../src/rotation/report.js';
import type { RotationStatus } from '../src/rotation/status.js';
import { goBack } from './go-back.js';
import type { Lease } from './begin.js';
import type { Operator } from './operator/index.js';
import { inPhase, now, showDetails } from './in-phase.js';
import type { Generated, Rotation } from './rotation.js';
import { causeOf, stepsOn } from './steps.js';

/** Removes what is no longer needed, and writes the report. */
export async function finish(rotation: Generated, outcome: RotationReport['outcome']): Promise<RotationReport> {
  const { status, steps, input } = rotation;
  status.pastPointOfNoReturn = true; // what an abort would need goes
  const report = await inPhase(status, 'finish', async () => {
    const written = reportOf(rotation, outcome);
    await steps.finish({ ...input, report: written });
    return written;
  });
  status.outcome = outcome;
  return { ...report, finishedAt: now(), phases: status.phases };
}

/** Somebody has aborted it: back to the certificates of the start, however far it came. */
export async function abandon(
  { rotation, generated }: { rotation: Rotation | undefined; generated: Generated | undefined },
  { status, operator }: { status: RotationStatus; operator: Operator },
): Promise<RotationReport> {
  const { phase } = status;
  const { by, reason } = operator.beginAbort();
  if (generated) {
    await goBack(generated);
    status.aborted = { phase, at: now(), ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
    return await finish(generated, 'aborted');
  }
  if (rotation) await stepsOn(status.cluster).plain.discard(rotation.input);
  status.outcome = 'aborted';
  throw ApplicationFailure.nonRetryable(`aborted in phase ${phase}, before anything was changed`, 'Aborted');
}

/** However it ended: shows it, and gives the Lease back, if there is a worker to do it. */
export async function close(status: RotationStatus, { asked, ...lease }: Lease): Promise<void> {
  showDetails(status);
  if (!asked) return;
  const { releaseLease } = stepsOn(status.cluster).quick;
  await CancellationScope.nonCancellable(
    async () => await releaseLease.executeWithOptions({ scheduleToCloseTimeout: '5 minutes' }, [lease]),
  ).catch((error: unknown) => {
    log.warn('the Lease could not be given back; the next rotation takes it over', causeOf(error));
  });
}

function reportOf(
  { input, course, mesh, status, roots }: Generated,
  outcome: RotationReport['outcome'],
): RotationReport {
  const { workflowId, runId } = workflowInfo();
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
    finishedAt: now(),
    newRoot: roots.root,
    newIssuer: roots.issuer,
    oldRoots: roots.retire,
    proxiesProven: status.gate?.proven ?? 0,
    phases: status.phases,
    waivers: status.waivers,
    approvals: status.approvals,
    notes: status.notes,
    adopted: roots.adopted,
    ...(status.aborted ? { aborted: status.aborted } : {}),
  };
}
