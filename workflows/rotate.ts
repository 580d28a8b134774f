import { workflowInfo } from '@temporalio/workflow';
import { remainingRows } from '../src/rotation/courses/course.js';
import type { RotationRequest } from '../src/rotation/input.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import type { RotationReport } from '../src/rotation/report.js';
import { begin, generate, type Lease, planOnly } from './begin.js';
import { abandon, close, finish } from './end.js';
import { effectsOf } from './effects.js';
import { keepingBridge } from './keep-bridge.js';
import { isAbort, listenToOperator } from './operator/index.js';
import { perform } from './perform.js';
import { newStatus } from './in-phase.js';
import type { Generated, Rotation } from './rotation.js';

/**
 * A rotation from beginning to end: preflight, generate, the rows of its course, finish. Aborted on the way, it goes back.
 * Each phase starts by looking at the cluster, so one that is already true costs a look, and a rotation that adopts
 * another's remains goes on where that one stopped. No phase is left before its gate is proven from the live proxies.
 */
export async function rotate(request: RotationRequest): Promise<RotationReport | PlanResult> {
  const status = newStatus(request);
  const operator = listenToOperator(status);
  const { linkerdNamespace } = request.settings;
  const lease: Lease = { linkerdNamespace, firstRunId: workflowInfo().firstExecutionRunId };
  let rotation: Rotation | undefined;
  let generated: Generated | undefined;
  try {
    if (request.settings.planOnly) return await planOnly(request, { status, operator });
    rotation = await begin(request, { status, operator, lease });
    generated = await generate(rotation);
    await performCourse(generated);
    return await finish(generated, 'completed');
  } catch (error) {
    if (isAbort(error)) return await abandon({ rotation, generated }, { status, operator });
    status.outcome = 'failed';
    throw error;
  } finally {
    await close(status, lease);
  }
}

async function performCourse(rotation: Generated): Promise<void> {
  const { course, roots } = rotation;
  const rows = remainingRows(course, roots.pastPointOfNoReturn);
  const work = async (): Promise<void> => await perform({ rows }, effectsOf(rotation));
  return course.bridge ? await keepingBridge(rotation, work) : await work();
}
