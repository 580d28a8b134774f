import { WorkflowNotFoundError } from '@temporalio/client';
import { plain } from '../../ground/plain.js';
import type { RotationReport } from '../../rotation/report.js';
import { findSession, type Session } from './connect.js';
import { readEnd } from './end.js';

/** Whether the report in the cluster is the one that the workflow has ended with. */
export interface Compared {
  /** Absent: nobody could be asked. */
  matches?: boolean;
  /** In a sentence. */
  text: string;
}

/** The Temporal server has the digest in the result of the workflow, where nobody who can write a ConfigMap can write it. */
export async function comparedWithTemporal(report: RotationReport, env: NodeJS.ProcessEnv): Promise<Compared> {
  let session: Session | undefined;
  try {
    session = await findSession(report.cluster, env);
    if (!session) return nobody('no Temporal server is configured, and no embedded one runs');
    return await compared(session, report);
  } catch (error) {
    return nobody(error instanceof Error ? error.message : String(error));
  } finally {
    await session?.close();
  }
}

async function compared({ client, address }: Session, report: RotationReport): Promise<Compared> {
  const { workflowId, runId, cluster, digest } = report;
  const name = `workflow ${workflowId} (run ${runId}) at ${address}`;
  try {
    const end = await readEnd(client.workflow.getHandle(workflowId, runId), cluster);
    const said = end.report?.digest;
    if (said === undefined) return nobody(`the result of ${name} has no digest`);
    if (said === digest) return { matches: true, text: plain(`The digest matches the result of ${name}.`, 600) };
    return { matches: false, text: plain(`The result of ${name} has another digest: ${said}.`, 600) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return nobody(`the Temporal server does not know ${name} (any more)`);
    throw error;
  }
}

function nobody(why: string): Compared {
  return { text: plain(`The digest was compared with nothing: ${why}.`, 600) };
}
