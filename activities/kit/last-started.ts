import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { isClosed } from '../../src/rotation/lease-holder.js';
import type { RenewalLook } from '../../src/rotation/watch.js';
import { startedByWatch } from '../../src/rotation/watch-start.js';

/**
 * The last rotation of a cluster, if a watch has started it: another look, of a Schedule say, knows nothing of that by itself.
 * @returns undefined where Temporal does not know it (any more), or somebody else has started it
 */
export async function lastStarted(rotationId: string): Promise<RenewalLook['last']> {
  try {
    const { status, memo } = await Context.current().client.workflow.getHandle(rotationId).describe();
    const started = startedByWatch(memo);
    return started && { root: started.root, ended: isClosed(status.name) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
