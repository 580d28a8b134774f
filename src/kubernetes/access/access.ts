import { isatty } from 'node:tty';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { fromFile, fromPlugin, type Renewable } from './credentials.js';
import { type Impersonation, impersonation } from './impersonation.js';
import { type Chosen, readKubeconfig } from './kubeconfig.js';
import { proxyOf } from './proxy.js';

/** How a cluster is reached, and as whom: read once. */
export interface Access {
  cluster: Cluster;
  user: User;
  /** Absent: what the kubeconfig says itself, which nobody renews. */
  renewable?: Renewable;
  acting: Impersonation;
}

/** What may be chosen about it. */
export interface AccessOptions {
  /** One kubeconfig or a list of them, as in KUBECONFIG. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  /** Milliseconds for an exec plugin to answer. Default 60,000. */
  execTimeoutMs?: number | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

/** The authenticator that is ours goes by this name in what the library reads (connection.ts). */
export const OURS = 'reroot';
const EXEC_TIMEOUT_MS = 60_000;

/** @throws Error when there is no kubeconfig, or it cannot be used as it is meant */
export function readAccess(options: AccessOptions): Access {
  const { kubeconfig, context, env = process.env } = options;
  const chosen = readKubeconfig(kubeconfig ?? env['KUBECONFIG'], context);
  return chosen ? ofKubeconfig(chosen, options) : inCluster(context, env);
}

function ofKubeconfig(chosen: Chosen, options: AccessOptions): Access {
  const { clusterName, cluster, userName, user, files } = chosen;
  const { exec, tokenFile, token, 'auth-provider': provider } = user;
  refuseProvider(provider?.name, files);
  const library = new KubeConfig();
  const entries = {
    'current-context': 'chosen',
    contexts: [{ name: 'chosen', context: { cluster: clusterName, user: userName } }],
    clusters: [{ name: clusterName, cluster: { ...cluster, server: cluster.server?.trim() } }],
    users: [
      { name: userName, user: { ...user, as: undefined, exec: undefined, ...(tokenFile ? { token: undefined } : {}) } },
    ],
  };
  library.loadFromString(JSON.stringify(entries));
  const terminal = { input: isatty(0), output: isatty(2) };
  const timeoutMs = options.execTimeoutMs ?? EXEC_TIMEOUT_MS;
  const ofPlugin = exec && !token ? () => fromPlugin({ exec, cluster, terminal, timeoutMs }) : undefined;
  const renewable = tokenFile ? fromFile(tokenFile) : ofPlugin?.();
  return access(library, { acting: impersonation(user), renewable, env: options.env });
}

/** kubectl has taken these out (1.26); what the library has of them nobody tries any more. */
function refuseProvider(name: string | undefined, files: string): void {
  if (name === undefined || name === 'oidc') return;
  throw new Error(
    `the kubeconfig ${files} has auth-provider ${plain(name)}, which kubectl knows no longer either: use its exec plugin (gke-gcloud-auth-plugin, kubelogin)`,
  );
}

function inCluster(context: string | undefined, env: NodeJS.ProcessEnv): Access {
  if (!env['KUBERNETES_SERVICE_HOST'])
    throw new Error('no kubeconfig was found: KUBECONFIG is not set, ~/.kube/config is not there, and this is no pod');
  if (context) throw new Error(`there is no kubeconfig that could have context ${context}`);
  const library = new KubeConfig();
  library.loadFromCluster();
  const provider = library.getCurrentUser()?.authProvider as { config: { tokenFile: string } } | undefined;
  return access(library, { acting: [], renewable: fromFile(provider?.config.tokenFile ?? ''), env });
}

function access(
  library: KubeConfig,
  {
    acting,
    renewable,
    env,
  }: Pick<Access, 'acting'> & { renewable: Renewable | undefined; env: NodeJS.ProcessEnv | undefined },
): Access {
  const [cluster, user] = [library.getCurrentCluster(), library.getCurrentUser()];
  if (!cluster || !user) throw new Error('the kubeconfig has no current cluster');
  const proxyUrl = proxyOf(cluster.server, cluster.proxyUrl, env ?? process.env);
  if (acting.length > 0 && user.authProvider && !renewable)
    throw new Error(
      'the kubeconfig has `as` and an auth-provider: reroot cannot act as another with that; use an exec plugin',
    );
  const { proxyUrl: _own, ...direct } = cluster;
  return {
    cluster: { ...direct, ...present({ proxyUrl }) },
    user: renewable || !user.authProvider ? { ...user, authProvider: { name: OURS } } : user,
    acting,
    ...present({ renewable }),
  };
}
