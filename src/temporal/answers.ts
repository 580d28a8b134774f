import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ServiceError,
} from '@temporalio/client';

/** Who does not answer: the workers, or the Temporal server itself. */

/** gRPC codes with which a server has answered, and will say the same again: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const FINAL_CODES = [3, 5, 7, 12, 16];

/** Whether a query was not answered, which is normal while no worker runs. */
export function isNoAnswer(error: unknown): boolean {
  const kinds = [ServiceError, QueryNotRegisteredError, QueryRejectedError];
  return isGrpcServiceError(error) || kinds.some((kind) => error instanceof kind);
}

/** Whether the Temporal server may be back later. One that has just started does not know its namespaces yet. */
export function isServerAway(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && !FINAL_CODES.includes(cause.code);
}
