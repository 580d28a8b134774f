import {
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  type Configuration,
  CoordinationV1Api,
  CoreV1Api,
  createConfiguration,
  CustomObjectsApi,
  HttpMethod,
  AdmissionregistrationV1Api,
  PolicyV1Api,
  type PortForward,
  RbacAuthorizationV1Api,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import pThrottle from 'p-throttle';
import { present } from '../ground/present.js';
import { type AccessOptions, readAccess } from './access/access.js';
import { forwarding, sending } from './access/connection.js';
import { type ClusterClock, clusterClock } from './clock.js';
import { isRead, unlessGivenUp, WRITE_PATIENCE_MS } from './given-up.js';
import { fromFailure, fromResponse, isKubernetesError, saidOf } from './errors.js';
import { type OpenWatch, watching } from './watch.js';

/** How requests are sent; every field has a default. */
export interface ClientOptions extends AccessOptions {
  /** Requests per second over all callers of this client. Default 50. */
  requestsPerSecond?: number | undefined;
  /** Milliseconds until a request is given up. Default 30,000. */
  timeoutMs?: number | undefined;
  /**
   * Tells, of whoever sends a request, when they wait for it no longer: it is not sent then, wherever it waits, and rejects with
   * the signal's reason. A write under way is given seconds for its answer.
   */
  givenUp?: (() => AbortSignal | undefined) | undefined;
  /** Hears of each request that was sent: how it was answered, or that it was not. */
  onAnswer?: ((answered: AnsweredRequest) => void) | undefined;
}

/** Few enough to count by: no names, no namespaces. */
export interface AnsweredRequest {
  /** Of HTTP; `WATCH` for a watch. */
  verb: string;
  /** `pods`, `deployments`, … */
  resource: string;
  /** HTTP status; `error`: no answer came. */
  code: string;
}

/**
 * The typed Kubernetes API with what `@kubernetes/client-node` leaves out: kept-alive connections (it opens one per
 * request), deadlines (it has none), a rate limit, and errors that say what they mean (`KubernetesError`).
 */
export interface Kubernetes {
  core: CoreV1Api;
  apps: AppsV1Api;
  batch: BatchV1Api;
  coordination: CoordinationV1Api;
  authentication: AuthenticationV1Api;
  authorization: AuthorizationV1Api;
  admission: AdmissionregistrationV1Api;
  rbac: RbacAuthorizationV1Api;
  policy: PolicyV1Api;
  custom: CustomObjectsApi;
  portForward: Pick<PortForward, 'portForward'>;
  /** Absent in what tests make up: everything is listed again. */
  watch?: OpenWatch;
  /** Asks an exec plugin who this is, if there is one: before a process without a terminal has to. */
  signIn(): Promise<void>;
  /** `https://…` of the API server. */
  server: string;
  /** Why whoever answers there is believed to be the API server; absent: its certificate is verified. */
  unverified?: string;
  /** The API server's own; absent in what tests make up. */
  clock?: ClusterClock;
  /** Requests sent so far, by `VERB resource` (for metrics and for the cost of a rotation). */
  requests: ReadonlyMap<string, number>;
}

/** @throws Error when no kubeconfig or no cluster in it can be found */
export function createKubernetes(options: ClientOptions = {}): Kubernetes {
  const access = readAccess(options);
  const { cluster } = access;
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify)
    throw new Error(`no kubeconfig was found, or its server has no TLS (${cluster.server}): name one that is https`);
  const requests = new Map<string, number>();
  const { authentication, ...way } = sending(access);
  const send = answering(way.send, options.onAnswer);
  const open = answering(way.open, options.onAnswer);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const clock = clusterClock();
  const middleware = requestMiddleware(options, { requests, clock });
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    authMethods: { default: authentication },
    httpApi: wrapHttpLibrary({ send: async (request) => await send(request, timeoutMs) }),
    promiseMiddleware: [middleware],
  });
  const api = <T extends object>(type: new (configuration: Configuration) => T): T =>
    withTypedFailures(new type(configuration), options.givenUp ?? (() => undefined));
  return {
    core: api(CoreV1Api),
    apps: api(AppsV1Api),
    batch: api(BatchV1Api),
    coordination: api(CoordinationV1Api),
    authentication: api(AuthenticationV1Api),
    authorization: api(AuthorizationV1Api),
    admission: api(AdmissionregistrationV1Api),
    rbac: api(RbacAuthorizationV1Api),
    policy: api(PolicyV1Api),
    custom: api(CustomObjectsApi),
    portForward: forwarding(access),
    watch: watching({
      server: cluster.server,
      pre: async (request) => await middleware.pre(request),
      open: async (request, signal) => await open(request, timeoutMs, signal),
    }),
    signIn: async () => void (await access.renewable?.current()),
    server: cluster.server,
    clock,
    requests,
    ...present({ unverified: unverifiedBecause(cluster) }),
  };
}

/** Node asks the variable at each connection, and takes no other value for "do not verify". */
function unverifiedBecause({ skipTLSVerify }: { skipTLSVerify?: boolean }): string | undefined {
  if (skipTLSVerify) return 'the kubeconfig says insecure-skip-tls-verify';
  return process.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
    ? 'NODE_TLS_REJECT_UNAUTHORIZED=0 is in the environment'
    : undefined;
}

/** What is remembered of requests and answers. */
interface Noted {
  requests: Map<string, number>;
  clock: ClusterClock;
}

function requestMiddleware(options: ClientOptions, { requests, clock }: Noted) {
  const take = pThrottle({ limit: options.requestsPerSecond ?? 50, interval: 1000 })(async () => {});
  return {
    async pre(context: RequestContext): Promise<RequestContext> {
      await take();
      const signal = options.givenUp?.();
      signal?.throwIfAborted(); // it has waited for its turn
      if (signal && context.getHttpMethod() === HttpMethod.GET) context.setSignal(signal);
      const { verb, resource } = labelsOf(context.getHttpMethod(), context.getUrl());
      const label = `${verb} ${resource}`;
      requests.set(label, (requests.get(label) ?? 0) + 1);
      return context;
    },
    async post(response: ResponseContext): Promise<ResponseContext> {
      clock.noted(response.headers['date']);
      if (response.httpStatusCode < 400) return response;
      throw fromResponse('Kubernetes API', response.httpStatusCode, response.headers, await response.body.text());
    },
  };
}

/** Tells how each request was answered. */
function answering<Rest extends unknown[]>(
  send: (request: RequestContext, ...rest: Rest) => Promise<ResponseContext>,
  onAnswer: ClientOptions['onAnswer'],
) {
  if (!onAnswer) return send;
  return async (request: RequestContext, ...rest: Rest): Promise<ResponseContext> => {
    const asked = labelsOf(request.getHttpMethod(), request.getUrl());
    try {
      const response = await send(request, ...rest);
      onAnswer({ ...asked, code: String(response.httpStatusCode) });
      return response;
    } catch (error) {
      onAnswer({ ...asked, code: 'error' });
      throw error;
    }
  };
}

/** `GET pods`, `WATCH pods`, `PATCH deployments`: few enough to count by. */
function labelsOf(method: string, url: string): Pick<AnsweredRequest, 'verb' | 'resource'> {
  const { pathname, searchParams } = new URL(url);
  const parts = pathname.split('/').filter(Boolean);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts.slice(3);
  const resource = rest[0] === 'namespaces' && rest.length > 2 ? rest[2] : rest[0];
  return { verb: searchParams.has('watch') ? 'WATCH' : method, resource: resource ?? '/' };
}

/**
 * Every method of the API object rejects with `KubernetesError` that names the call, whatever failed underneath; or with the
 * reason of who has given it up, wherever it was by then: at a plugin that signs in, at the rate limit, or with the server.
 */
function withTypedFailures<T extends object>(api: T, givenUp: () => AbortSignal | undefined): T {
  return new Proxy(api, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== 'function' || typeof property !== 'string') return value;
      return async (parameters: unknown, ...rest: unknown[]): Promise<unknown> => {
        const signal = givenUp();
        signal?.throwIfAborted();
        try {
          const answer = (value as (...all: unknown[]) => Promise<unknown>).call(target, parameters, ...rest);
          return await (signal ? unlessGivenUp(answer, signal, isRead(property) ? 0 : WRITE_PATIENCE_MS) : answer);
        } catch (error) {
          throw signal?.aborted ? signal.reason : named(callName(property, parameters), error);
        }
      };
    },
  });
}

function callName(method: string, parameters: unknown): string {
  const { namespace, name } = (parameters ?? {}) as { namespace?: unknown; name?: unknown };
  const subject = [namespace, name].filter((part) => typeof part === 'string').join('/');
  return subject ? `${method} ${subject}` : method;
}

/** Whatever failed, said of its call. The error is made anew: messages of others are in the stack, too. */
function named(call: string, error: unknown): unknown {
  if (isKubernetesError(error)) return saidOf(call, error, /^\w+Secret\b/.test(call));
  if (error instanceof Error && error.name === 'AbortError') return error; // the caller gave up: not the server's failure
  return fromFailure(call, error);
}
