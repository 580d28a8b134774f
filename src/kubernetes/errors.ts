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

const TRANSIENT: readonly KubernetesErrorKind[] = ['TooManyRequests', 'Unavailable', 'Timeout', 'Network'];

export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';

  constructor(
    readonly kind: KubernetesErrorKind,
    /** `GET https://…/pods`, without query: what was asked. */
    readonly request: string,
    message: string,
    /** HTTP status, 0 when no answer came. */
    readonly status = 0,
    /** What the server asked to wait before the next try, in milliseconds. */
    readonly retryAfterMs?: number,
    options?: { cause?: unknown },
  ) {
    super(`${request}: ${message}`, options);
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get transient(): boolean {
    return TRANSIENT.includes(this.kind);
  }
}

export function isKubernetesError(error: unknown, ...kinds: KubernetesErrorKind[]): error is KubernetesError {
  return error instanceof KubernetesError && (kinds.length === 0 || kinds.includes(error.kind));
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
  return new KubernetesError(
    kindOf(status, reason),
    request,
    message || `HTTP ${status}`,
    status,
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : undefined,
  );
}

/** Turns a thrown fetch error (no answer at all) into an error. */
export function fromFailure(request: string, error: unknown): KubernetesError {
  const name = error instanceof Error ? error.name : '';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const kind = name === 'TimeoutError' ? 'Timeout' : 'Network';
  const message = kind === 'Timeout' ? 'the API server did not answer in time' : `no connection (${cause ?? text})`;
  return new KubernetesError(kind, request, message, 0, undefined, { cause: error });
}

function kindOf(status: number, reason: string | undefined): KubernetesErrorKind {
  if (status === 404) return 'NotFound';
  if (status === 409) return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
  if (status === 422 || status === 400) return 'Invalid';
  if (status === 403) return 'Forbidden';
  if (status === 401) return 'Unauthorized';
  if (status === 429) return 'TooManyRequests';
  if (status === 408 || status === 504) return 'Timeout';
  if (status >= 500) return 'Unavailable';
  return 'Other';
}

function parseStatus(body: string): { reason?: string; message: string } {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status === 'object' && status !== null) {
      const { reason, message } = status as { reason?: unknown; message?: unknown };
      return {
        ...(typeof reason === 'string' ? { reason } : {}),
        message: typeof message === 'string' ? message : '',
      };
    }
  } catch {
    // not JSON: a proxy or load balancer in front of the API server answered
  }
  return { message: body.trim().slice(0, 300) };
}
