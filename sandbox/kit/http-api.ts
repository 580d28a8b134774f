import { randomUUID } from 'node:crypto';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/temporal/names.js';
import type { SandboxFacts } from '../facts.js';

/** A rotation over Temporal's HTTP API, as a pipeline would start it: no SDK, only requests. */

type Temporal = SandboxFacts['temporal'];

async function post(temporal: Temporal, workflowId: string, path: string, body: object): Promise<unknown> {
  const url = `${temporal.http}/api/v1/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}${path}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as unknown;
}

/** Starts `rotateTrustRoot`; without an input the request has none, as the empty form of the UI. */
export async function startOverHttp(temporal: Temporal, workflowId: string, input?: object): Promise<void> {
  await post(temporal, workflowId, '', {
    workflowType: { name: WORKFLOW_TYPE },
    taskQueue: { name: TASK_QUEUE },
    requestId: randomUUID(),
    ...(input ? { input: [input] } : {}),
  });
}

export async function updateOverHttp(
  temporal: Temporal,
  workflowId: string,
  update: string,
  argument?: object,
): Promise<void> {
  await post(temporal, workflowId, `/update/${update}`, {
    request: { meta: { updateId: randomUUID() }, input: { args: argument ? [argument] : [] } },
  });
}
