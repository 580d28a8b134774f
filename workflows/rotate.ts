import { workflowInfo } from '@temporalio/workflow';
import { remainingRows, type Row } from '../src/rotation/courses/course.js';
import type { RotationRequest } from '../src/rotation/input.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import type { RotationReport } from '../src/rotation/report.js';
import { begin, generate, type Lease, planOnly } from './begin.js';
import { abandon, close, endBeforeTime, finish } from './end.js';
import { effectsOf } from './effects.js';
import { newStatus } from './in-phase.js';
import { keepingWatch } from './keep-watch.js';
import { type Carried, goOnInNewRun, type SoFar, takenOver } from './new-run.js';
import { isAbort, isContinuation, listenToOperator } from './operator/index.js';
import { perform } from './perform.js';
import type { Generated } from './rotation.js';

/**
 * A rotation from beginning to end: preflight, generate, the rows of its course, finish. Aborted on the way, it goes back.
 * Each phase starts by looking at the cluster, so one that is already true costs a look, and a rotation that adopts
 * another's remains goes on where that one stopped. No phase is left before its gate is proven from the live proxies.
 * @param carried from the run before, where this one goes on
 */
export async function rotate(
  input: unknown,
  request: RotationRequest,
  carried?: Carried,
): Promise<RotationReport | PlanResult> {
  const status = carried?.status ?? newStatus(request);
  const operator = listenToOperator(status, carried?.said);
  const { linkerdNamespace } = request.settings;
  const lease: Lease = { linkerdNamespace, firstRunId: workflowInfo().firstExecutionRunId };
  const soFar: SoFar = carried ? takenOver(carried, operator) : { status, operator };
  let end: unknown;
  try {
    const report = await forwardOrBack(request, soFar, lease);
    await close(soFar, lease);
    return report;
  } catch (error) {
    if (isContinuation(error)) return await goOnInNewRun(input, soFar);
    end = await endBeforeTime(error, soFar);
  }
  await close(soFar, lease);
  throw end;
}

async function forwardOrBack(
  request: RotationRequest,
  soFar: SoFar,
  lease: Lease,
): Promise<RotationReport | PlanResult> {
  try {
    if (request.settings.planOnly) return await planOnly(request, soFar);
    if (!soFar.operator.isGoingBack()) return await forward(request, soFar, lease);
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
  return await abandon(soFar, async () => await begin(request, { ...soFar, lease }));
}

async function forward(request: RotationRequest, soFar: SoFar, lease: Lease): Promise<RotationReport> {
  soFar.rotation ??= await begin(request, { ...soFar, lease });
  soFar.generated ??= await generate(soFar.rotation);
  const { generated } = soFar;
  await keepingWatch(generated, async () => await perform(generated.course, effectsOf(generated), rowsOf(generated)));
  return await finish(generated, 'completed');
}

/** What is left of the course: a rotation that goes on in a new run begins with the phase that it was in. */
function rowsOf({ course, roots, status }: Generated): readonly Row[] {
  const rows = remainingRows(course, roots.pastPointOfNoReturn);
  if (status.phase === 'finish') return [];
  const at = rows.findIndex(({ phase }) => phase === status.phase);
  return at < 0 ? rows : rows.slice(at);
}
