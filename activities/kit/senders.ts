import { activityInfo, Context, log } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { RotationReport, Sender, Senders, UpdateRef, Word } from '../../src/rotation/report.js';

/** Every message that a report names. */
export function wordsOf({ approvals, waivers, aborted }: RotationReport): Word[] {
  return [...approvals, ...waivers, ...(aborted ? [aborted] : [])];
}

/**
 * Asks the Temporal server who has sent some updates: the name that a client gives itself, and whom the server has
 * authenticated, where it records that. A history that is gone says nothing, and the rotation ends without it.
 */
export async function sendersOf(words: readonly Word[]): Promise<Senders> {
  const updates = words.flatMap(({ update }) => update ?? []);
  const senders: Senders = {};
  for (const runId of new Set(updates.map((update) => update.runId))) {
    try {
      Object.assign(senders, await sendersIn(runId, updates));
    } catch (error) {
      log.warn('who has sent messages to a run of this rotation is not known', { runId, error });
    }
  }
  return senders;
}

async function sendersIn(runId: string, updates: readonly UpdateRef[]): Promise<Senders> {
  const { workflowExecution } = activityInfo();
  const handle = Context.current().client.workflow.getHandle(workflowExecution?.workflowId ?? '', runId);
  const wanted = new Set(updates.map(({ id }) => id));
  const { events } = await handle.fetchHistory();
  const found = (events ?? []).flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: accepted, principal }) => {
    const { updateId, identity } = accepted?.acceptedRequest?.meta ?? {};
    return updateId && wanted.has(updateId) ? [[updateId, senderOf(identity, principal)] as const] : [];
  });
  return Object.fromEntries(found);
}

interface Principal {
  type?: string | null;
  name?: string | null;
}

function senderOf(identity: string | null | undefined, principal: Principal | null | undefined): Sender {
  const name = principal?.name ? [principal.type, principal.name].filter(Boolean).join('/') : undefined;
  return present({ identity: identity || undefined, principal: name });
}

/** Who has started the rotation: the first event of its first run says so. Undefined: nobody could be asked. */
export async function starterOf({ firstRunId }: Pick<StepInput, 'firstRunId'>): Promise<Sender | undefined> {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) return undefined;
  const { workflowId, runId } = workflowExecution;
  try {
    return await starterIn({ workflowId, runId: firstRunId ?? runId });
  } catch (error) {
    log.warn('who has started this rotation is not known', { error });
    return undefined;
  }
}

async function starterIn(execution: { workflowId: string; runId: string }): Promise<Sender | undefined> {
  const { workflowNamespace: namespace = '' } = activityInfo();
  const request = { namespace, execution, maximumPageSize: 1 };
  const { history } = await Context.current().client.workflowService.getWorkflowExecutionHistory(request);
  const [first] = history?.events ?? [];
  const identity = first?.workflowExecutionStartedEventAttributes?.identity;
  return identity ? senderOf(identity, first.principal) : undefined;
}
