import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import {
  createConfiguration,
  type DispatcherOptions,
  KubeConfig,
  PortForward,
  type RequestContext,
  type ResponseContext,
  type SecurityAuthentication,
} from '@kubernetes/client-node';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { present } from '../../ground/present.js';
import { type Access, OURS } from './access.js';
import { type Renewable, signIn } from './credentials.js';
import type { Credential } from './exec-plugin.js';
import type { Impersonation } from './impersonation.js';
import { socksPool } from './socks.js';

/** One connection as one user: the library's own object, with credentials as they are now. */
interface Signed {
  kubeConfig: KubeConfig;
  /** What was sent last; absent: nothing that could be renewed. */
  credential?: Credential;
}

/** The library keeps its agents for ever, with the certificates of their first use: each connection has an object of its own. */
function sign({ cluster, user, renewable, acting }: Access): Signed {
  const signed: Signed = { kubeConfig: new KubeConfig() };
  const context = { name: 'chosen', cluster: cluster.name, user: user.name };
  signed.kubeConfig.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [context],
    currentContext: 'chosen',
  });
  signed.kubeConfig.addAuthenticator({
    isAuthProvider: ({ authProvider }) => (authProvider as { name?: unknown } | null)?.name === OURS,
    applyAuthentication: async (_user, options) => {
      const headers = (options.headers ??= {}) as Record<string, string | string[]>;
      if (renewable) signed.credential = await renewable.current();
      const { token, cert, key } = signed.credential ?? {};
      if (token) headers['Authorization'] = `Bearer ${token}`;
      Object.assign(options, present({ cert, key }), grouped(acting, headers));
    },
  });
  return signed;
}

/** Headers with every value that they have. */
function grouped(acting: Impersonation, headers: Record<string, string | string[]>): { headers: typeof headers } {
  for (const [name, value] of acting) headers[name] = [...(headers[name] ?? []), value];
  return { headers };
}

/** How requests are signed and sent. */
export interface Sending {
  authentication: SecurityAuthentication;
  /** What is refused as not signed in is signed anew and sent once more. @throws KubernetesError `SignIn` */
  send(request: RequestContext, timeoutMs: number): Promise<ResponseContext>;
  /** An answer that has no end: the time is for its beginning, and the signal ends it. */
  open(request: RequestContext, timeoutMs: number, signal: AbortSignal): Promise<ResponseContext>;
}

/**
 * The library makes a new pool of connections for each request. One is kept for all, until what it was made of has changed:
 * renewed certificates of the cluster and of the user are used from the next request on.
 */
export function sending(access: Access): Sending {
  const library = createConfiguration().httpApi;
  const used = new WeakMap<RequestContext, Credential>();
  const pools = poolOf(access);
  const authentication: SecurityAuthentication = {
    getName: () => 'kubeconfig authentication',
    applySecurityAuthentication: async (request) => {
      const signed = sign(access);
      const options: RequestOptions = {};
      await signed.kubeConfig.applyToHTTPSOptions(options);
      if (signed.credential) used.set(request, signed.credential);
      for (const [name, value] of Object.entries(options.headers ?? {}))
        if (typeof value === 'string') request.setHeaderParam(name, value);
      if (options.auth)
        request.setHeaderParam('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
      request.setDispatcher(pools(signed.kubeConfig, options));
    },
  };
  const sendOnce = async (request: RequestContext, timeoutMs: number, given: AbortSignal | undefined) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    request.setSignal(given ? AbortSignal.any([given, deadline]) : deadline);
    return await library.send(request).toPromise();
  };
  const send = async (request: RequestContext, timeoutMs: number): Promise<ResponseContext> => {
    const given = request.getSignal();
    const response = await sendOnce(request, timeoutMs, given);
    const credential = used.get(request);
    if (response.httpStatusCode !== 401 || !access.renewable || !credential) return response;
    await response.body.text(); // or its connection stays taken
    if (!access.renewable.refused(credential)) throw refusedAgain(access.renewable);
    await authentication.applySecurityAuthentication(request);
    const second = await sendOnce(request, timeoutMs, given);
    if (second.httpStatusCode === 401) throw refusedAgain(access.renewable);
    return second;
  };
  const open = async (request: RequestContext, timeoutMs: number, signal: AbortSignal): Promise<ResponseContext> => {
    const unanswered = new AbortController();
    const late = () => unanswered.abort(new DOMException('no answer in time', 'TimeoutError'));
    const timer = setTimeout(late, timeoutMs);
    try {
      request.setSignal(AbortSignal.any([signal, unanswered.signal]));
      await authentication.applySecurityAuthentication(request);
      return await library.send(request).toPromise();
    } finally {
      clearTimeout(timer);
    }
  };
  return { authentication, send, open };
}

function refusedAgain({ again }: Renewable): Error {
  return signIn(`the API server takes the credentials no longer (Unauthorized); ${again}`);
}

/** The pool for what a connection is made of now. Of the one before, connections close once nobody has used them for seconds. */
function poolOf(access: Access): (kubeConfig: KubeConfig, options: RequestOptions) => Dispatcher {
  let kept: { of: string; pool: Dispatcher } | undefined;
  return (kubeConfig, options) => {
    const hash = createHash('sha256');
    for (const part of [options.ca, options.cert, options.key]) hash.update(bytesOf(part)).update('\0');
    const of = hash.digest('hex');
    if (kept?.of !== of) kept = { of, pool: newPool(kubeConfig, options, access) };
    return kept.pool;
  };
}

/** Files come as bytes, what a plugin gives as text. */
function bytesOf(part: RequestOptions['ca' | 'cert' | 'key']): string | Uint8Array {
  return typeof part === 'string' || part instanceof Uint8Array ? part : '';
}

/** A pool of what the library has made of the kubeconfig, with the proxy and the certificates of the moment. */
function newPool(kubeConfig: KubeConfig, options: RequestOptions, { cluster, acting }: Access): Dispatcher {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const pool = poolFor(
    kubeConfig.createDispatcherOptions(cluster, present({ ca, cert, key, servername, rejectUnauthorized })),
  );
  if (acting.length === 0) return pool;
  const { headers } = grouped(acting, {});
  return pool.compose((dispatch) => (request, handler) => {
    const own = request.headers as Record<string, string> | undefined; // as `fetch` gives them
    return dispatch({ ...request, headers: { ...own, ...headers } }, handler);
  });
}

function poolFor(made: DispatcherOptions): Dispatcher {
  if (made.type === 'none') return new Agent();
  if (made.type === 'socks') return socksPool(made.uri, made.requestTls);
  const connect = made.connect as buildConnector.BuildOptions; // the same, of types that take `undefined` for absent
  if (made.type === 'agent') return new Agent({ connect });
  return new ProxyAgent({ uri: made.uri, connect, requestTls: made.requestTls as buildConnector.BuildOptions });
}

/** A port-forward as the library makes it; what is refused as not signed in is tried once more with the next credentials. */
export function forwarding(access: Access): Pick<PortForward, 'portForward'> {
  return {
    portForward: async (...request) => {
      const signed = sign(access);
      try {
        return await new PortForward(signed.kubeConfig).portForward(...request);
      } catch (error) {
        const said = messageOf(error);
        const { renewable } = access;
        if (!said.endsWith(' 401') || !renewable || !signed.credential) throw new Error(said, { cause: error });
        if (!renewable.refused(signed.credential)) throw refusedAgain(renewable);
        return await new PortForward(sign(access).kubeConfig).portForward(...request);
      }
    },
  };
}

/** What `ws` reports is no Error, but has the message of one. */
function messageOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
