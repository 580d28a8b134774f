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
  AdmissionregistrationV1Api,
  KubeConfig,
  PolicyV1Api,
  PortForward,
  RbacAuthorizationV1Api,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
} from '@kubernetes/client-node';
import pThrottle from 'p-throttle';
import { present } from '../ground/present.js';
import { type ClusterClock, clusterClock } from './clock.js';
import { fromFailure, fromResponse, isKubernetesError, saidOf } from './errors.js';

/** How requests are sent; every field has a default. */
export interface ClientOptions {
  /** Path of a kubeconfig; default: KUBECONFIG, ~/.kube/config, in-cluster, in this order. */
  kubeconfig?: string | undefined;
  /** Context of the kubeconfig; default: its current one. */
  context?: string | undefined;
  /** Requests per second over all callers of this client. Default 50. */
  requestsPerSecond?: number | undefined;
  /** Milliseconds until a request is given up. Default 30,000. */
  timeoutMs?: number | undefined;
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
  portForward: PortForward;
  /** `https://…` of the API server. */
  server: string;
  /** Why whoever answers there is believed to be the API server; absent: its certificate is verified. */
  unverified?: string;
  /** The API server's own; absent in what tests make up. */
  clock?: ClusterClock;
  /** Requests sent so far, by `VERB resource` (for metrics and for the cost of a rotation). */
  requests: ReadonlyMap<string, number>;
}

const CONNECTION_LIFE_MS = 10 * 60_000;

/** @throws Error when no kubeconfig or no cluster in it can be found */
export function createKubernetes(options: ClientOptions = {}): Kubernetes {
  const kubeConfig = loadKubeConfig(options);
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster)
    throw new Error(`the kubeconfig has no current cluster${options.context ? ` for context ${options.context}` : ''}`);
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify)
    throw new Error(`no kubeconfig was found, or its server has no TLS (${cluster.server}): name one that is https`);
  const requests = new Map<string, number>();
  const clock = clusterClock();
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    authMethods: { default: kubeConfig },
    promiseMiddleware: [requestMiddleware(options, { requests, clock })],
  });
  const api = <T extends object>(type: new (configuration: Configuration) => T): T =>
    withTypedFailures(new type(configuration));
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
    portForward: new PortForward(kubeConfig),
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

function loadKubeConfig(options: ClientOptions): KubeConfig {
  const kubeConfig = new KubeConfig();
  try {
    if (options.kubeconfig) kubeConfig.loadFromFile(options.kubeconfig);
    else kubeConfig.loadFromDefault();
  } catch (error) {
    throw unreadable(error, options.kubeconfig ?? process.env['KUBECONFIG'] ?? 'of this user');
  }
  if (options.context) kubeConfig.setCurrentContext(options.context);
  return kubeConfig;
}

/** A parser quotes the lines that it does not understand, and a kubeconfig has keys in them. */
function unreadable(error: unknown, file: string): Error {
  const { name, message, code, mark } = error as Error & { code?: unknown; mark?: { line?: number } };
  if (typeof code === 'string') return new Error(`the kubeconfig ${file} cannot be read: ${message}`); // of the file system
  const where = mark?.line === undefined ? '' : ` (line ${mark.line + 1})`;
  return new Error(`the kubeconfig ${file} is not one: ${name}${where}; \`kubectl config view\` says what is wrong`);
}

/** What is remembered of requests and answers. */
interface Noted {
  requests: Map<string, number>;
  clock: ClusterClock;
}

function requestMiddleware(options: ClientOptions, { requests, clock }: Noted) {
  const take = pThrottle({ limit: options.requestsPerSecond ?? 50, interval: 1000 })(async () => {});
  const timeoutMs = options.timeoutMs ?? 30_000;
  // kubeConfig makes a new undici dispatcher (connection pool) for each request. The first is kept and used for all;
  // a new one now and then, so that renewed CA and client certificate files are noticed.
  let shared: ReturnType<RequestContext['getDispatcher']>;
  let sharedUntil = 0;
  return {
    async pre(context: RequestContext): Promise<RequestContext> {
      await take();
      const now = Date.now();
      if (now > sharedUntil) {
        shared = context.getDispatcher();
        sharedUntil = now + CONNECTION_LIFE_MS;
      } else if (shared) {
        context.setDispatcher(shared);
      }
      const given = context.getSignal();
      const deadline = AbortSignal.timeout(timeoutMs);
      context.setSignal(given ? AbortSignal.any([given, deadline]) : deadline);
      const label = requestLabel(context.getHttpMethod(), context.getUrl());
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

/** `GET pods`, `PATCH deployments`: few enough to count by. */
function requestLabel(method: string, url: string): string {
  const parts = new URL(url).pathname.split('/').filter(Boolean);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts.slice(3);
  const resource = rest[0] === 'namespaces' && rest.length > 2 ? rest[2] : rest[0];
  return `${method} ${resource ?? '/'}`;
}

/** Every method of the API object rejects with `KubernetesError` that names the call, whatever failed underneath. */
function withTypedFailures<T extends object>(api: T): T {
  return new Proxy(api, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== 'function' || typeof property !== 'string') return value;
      return async (parameters: unknown, ...rest: unknown[]): Promise<unknown> => {
        try {
          return await (value as (...all: unknown[]) => Promise<unknown>).call(target, parameters, ...rest);
        } catch (error) {
          throw named(callName(property, parameters), error);
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
