import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from './names.js';

/** INDEXED_VALUE_TYPE_KEYWORD of temporal.api.enums.v1. */
const KEYWORD = 2;
/** gRPC status codes. */
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;

/**
 * Makes sure that the Temporal namespace knows the search attributes: a workflow that sets an unknown one hangs.
 * @throws Error with what to run when they are missing and may not be added (Temporal Cloud, restricted servers)
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const missing = [];
  for (const name of SEARCH_ATTRIBUTES) if (!(await isKnown(connection, namespace, name))) missing.push(name);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    if (grpcStatus(error) === ALREADY_EXISTS) return;
    const commands = missing.map(
      (name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
    );
    throw new Error(
      `Temporal namespace ${namespace} lacks search attributes that this worker may not add; run:\n${commands.join('\n')}`,
      { cause: error },
    );
  }
}

/** Asked by a query, which needs no operator's permission (Temporal Cloud grants none). */
async function isKnown(connection: NativeConnection, namespace: string, name: string): Promise<boolean> {
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'x'` });
    return true;
  } catch (error) {
    if (grpcStatus(error) === INVALID_ARGUMENT) return false;
    throw error;
  }
}

function grpcStatus(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
