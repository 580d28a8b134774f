import { present } from '../ground/present.js';

/**
 * What went wrong with a request to the Kubernetes API server, in the words a caller decides by.
 *
 * - `NotFound`, `AlreadyExists`, `Conflict` (409), `Invalid` (422 and failed JSON Patch tests), `Forbidden`,
 *   `Unauthorized`: the answer stands until somebody changes something.
 * - `TooManyRequests`, `Unavailable` (5xx), `Timeout`, `Network`: the same request may succeed later.
 * - `Other`: anything else; treated as final.
 */
export type KubernetesErrorKind =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'Timeout'
  | 'Network'
  | 'Other';

/** A request that failed, as far as it is known why. */
interface Failure {
  kind: KubernetesErrorKind;
  /** What was asked: `readNamespacedSecret linkerd/reroot-rotation`. */
  request: string;
  message: string;
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

const TRANSIENT: readonly KubernetesErrorKind[] = ['TooManyRequests', 'Unavailable', 'Timeout', 'Network'];

const KIND_OF_STATUS: Partial<Record<number, KubernetesErrorKind>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'Timeout',
  409: 'Conflict',
  422: 'Invalid',
  429: 'TooManyRequests',
  504: 'Timeout',
};

export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';

  readonly kind: KubernetesErrorKind;
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  /** What the server asked to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor({ kind, request, message, status = 0, retryAfterMs, cause }: Failure) {
    super(`${request}: ${message}`, present({ cause }));
    this.kind = kind;
    this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get transient(): boolean {
    return TRANSIENT.includes(this.kind);
  }
}

export function isKubernetesError(error: unknown, ...kinds: KubernetesErrorKind[]): error is KubernetesError {
  return error instanceof KubernetesError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** What a request finds; undefined when there is no such object. */
export async function ifThere<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Turns an HTTP answer of status 400 or more into an error. `body` is a Kubernetes `Status` or plain text. */
export function fromResponse(
  request: string,
  status: number,
  headers: Record<string, string>,
  body: string,
): KubernetesError {
  const { reason, message } = parseStatus(body);
  const retryAfter = Number(headers['retry-after']);
  return new KubernetesError({
    kind: kindOf(status, reason),
    request,
    message: message || `HTTP ${status}`,
    status,
    retryAfterMs: retryAfter > 0 && Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
  });
}

/** Turns a thrown fetch error (no answer at all) into an error. */
export function fromFailure(request: string, error: unknown): KubernetesError {
  const name = error instanceof Error ? error.name : '';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const kind = name === 'TimeoutError' ? 'Timeout' : 'Network';
  const message = kind === 'Timeout' ? 'the API server did not answer in time' : `no connection (${cause ?? text})`;
  return new KubernetesError({ kind, request, message, cause: error });
}

function kindOf(status: number, reason: string | undefined): KubernetesErrorKind {
  if (status === 409 && reason === 'AlreadyExists') return 'AlreadyExists';
  return KIND_OF_STATUS[status] ?? (status >= 500 ? 'Unavailable' : 'Other');
}

function parseStatus(body: string): { reason?: string; message: string } {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status === 'object' && status !== null) {
      const { reason, message } = status as { reason?: unknown; message?: unknown };
      return { ...(typeof reason === 'string' ? { reason } : {}), message: typeof message === 'string' ? message : '' };
    }
  } catch {
    // not JSON: a proxy or load balancer in front of the API server answered
  }
  return { message: body.trim().slice(0, 300) };
}
