import { LONGEST_SAYING, plain } from '../ground/plain.js';

/**
 * What went wrong with a request to the Kubernetes API server, in the words a caller decides by.
 *
 * - `NotFound`, `AlreadyExists`, `Conflict` (409), `Invalid` (422 and failed JSON Patch tests), `Forbidden`,
 *   `Unauthorized`: the answer stands until somebody changes something.
 * - `TooManyRequests`, `Unavailable` (5xx), `Timeout`, `Network`: the same request may succeed later.
 * - `SignIn`: credentials that somebody renews (a plugin, a file) are not to be had or taken no longer; it may succeed later, too.
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
  | 'SignIn'
  | 'Other';

/** A request that failed, as far as it is known why. */
interface Failure {
  kind: KubernetesErrorKind;
  /** What was asked: `readNamespacedSecret linkerd/reroot-rotation`. */
  request: string;
  message: string;
  status?: number;
  retryAfterMs?: number | undefined;
}

/** Characters of an answer that is none of the API server's. */
const LONGEST_ANSWER = 300;

const TRANSIENT: readonly KubernetesErrorKind[] = ['TooManyRequests', 'Unavailable', 'Timeout', 'Network', 'SignIn'];

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

  constructor({ kind, request, message, status = 0, retryAfterMs }: Failure) {
    super(`${request}: ${plain(message.trim(), LONGEST_SAYING)}`);
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

/** The same; undefined, too, when it may not be read. */
export async function ifAllowed<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await ifThere(request);
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return undefined;
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

/** Turns a thrown fetch error (no answer at all, or one that could not be read) into an error. */
export function fromFailure(request: string, error: unknown): KubernetesError {
  if (error instanceof Error && error.name === 'TimeoutError')
    return new KubernetesError({ kind: 'Timeout', request, message: 'the API server did not answer in time' });
  return new KubernetesError({ kind: 'Network', request, message: `no connection (${failureText(error)})` });
}

/**
 * Codes of the system, of TLS and of undici: the texts that come with them name addresses and certificates. Any other text may
 * quote what was sent or answered, or the credentials: `JSON.parse`, `Headers.append` and exec plugins do.
 */
const SPEAKING_CODE =
  /^(?:E[A-Z0-9]+|EAI_[A-Z]+|UND_ERR_[A-Z_]+|ERR_(?:TLS|SSL|OSSL)_[A-Z0-9_]+|CERT_[A-Z_]+|UNABLE_TO_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|HOSTNAME_MISMATCH)$/;

function failureText(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as { code?: unknown };
    if (typeof code === 'string' && SPEAKING_CODE.test(code)) return one.message || code;
  }
  const name = error instanceof Error ? error.name : typeof error;
  return `${name}; its text may quote credentials or keys and is not shown: try \`kubectl\` with the same kubeconfig`;
}

/**
 * A failed JSON Patch `test` is answered 422 "the server rejected our request due to an error in our request"; by some
 * servers in the words of their library. Whole phrases: the message also has names in it, and any namespace may be `testing`.
 */
export const FAILED_TEST =
  /the server rejected our request due to an error in our request|testing \S+ \S+ failed|: test failed$/i;

const NAME = '[-a-z0-9.]{1,253}';

/** What may be repeated of an answer about a Secret: phrases of the API server's own, with nothing but names in them. */
const OWN_PHRASES = [
  `secrets "${NAME}" (?:not found|already exists)`,
  `secrets (?:"${NAME}" )?is forbidden: User "[-\\w.:@/]{1,100}" cannot [a-z]+ resource "secrets" in API group "" in the namespace "${NAME}"`,
  `Operation cannot be fulfilled on secrets "${NAME}": the object has been modified`,
  `namespaces "${NAME}" not found`,
  `admission webhook "${NAME}" denied the request`,
  `(?:Validating|Mutating)AdmissionPolicy '${NAME}' with binding '${NAME}' denied request`,
].map((phrase) => new RegExp(`^${phrase}`));

/** An answer about a Secret may quote it; of what is not known to be harmless only the kind is told. */
function withoutQuotes({ kind, status, message }: KubernetesError): string {
  if (FAILED_TEST.test(message)) return 'the server rejected our request due to an error in our request';
  const said = answerOf(message);
  const [phrase] = OWN_PHRASES.flatMap((known) => known.exec(said)?.[0] ?? []);
  return phrase ?? `HTTP ${status} (${kind}); what the server says may quote the Secret and is not shown`;
}

/** The message without what was asked. */
function answerOf(message: string): string {
  return message.slice(message.indexOf(': ') + 2);
}

/** The same error, said of this call, which its messages and its stack name. */
export function saidOf(call: string, error: KubernetesError, aboutSecret: boolean): KubernetesError {
  const { kind, status, retryAfterMs, message } = error;
  const known = status > 0 && aboutSecret ? withoutQuotes(error) : answerOf(message);
  return new KubernetesError({ kind, request: call, message: known, status, retryAfterMs });
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
  return { message: plain(body.trim(), LONGEST_ANSWER) };
}
