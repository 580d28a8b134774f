import { z } from 'zod';
import {
  CLUSTER_NAME,
  DEFAULT_CLUSTER,
  LONGEST_CLUSTER_NAME,
  WHAT_A_CLUSTER_NAME_IS,
} from '../src/ground/cluster-name.js';
import { TASK_QUEUE } from '../src/temporal/names.js';

const positive = (fallback: number) => z.coerce.number().positive().default(fallback);
const address = z
  .string()
  .regex(/^([^:\s]+|\[[0-9a-f:]+\]):\d+$/i, 'must be host:port')
  .optional();
/** Not repeated in a message: a webhook's has its secret in it. */
const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be a URL of http or https')
  .optional();

/** Settings of a worker: environment variables, which flags of `reroot worker` override (docs/cli.md). */
const schema = z.object({
  /** The front queue: workflows of every cluster. Steps of this cluster are on `<it>-<cluster>`. */
  REROOT_TASK_QUEUE: z.string().min(1).default(TASK_QUEUE),
  /** The cluster that this worker serves, as the input of its rotations names it. */
  REROOT_CLUSTER: z
    .string()
    .max(LONGEST_CLUSTER_NAME)
    .regex(CLUSTER_NAME, `not ${WHAT_A_CLUSTER_NAME_IS}`)
    .default(DEFAULT_CLUSTER),
  /** `auto`: the pod address inside a cluster, a port-forward anywhere else. */
  REROOT_REACH: z.enum(['auto', 'address', 'port-forward']).default('auto'),
  REROOT_PROBE_CONCURRENCY: z.coerce.number().int().min(1).max(1000).default(64),
  REROOT_PROBE_TIMEOUT_MS: positive(5000),
  REROOT_KUBE_REQUESTS_PER_SECOND: positive(50),
  REROOT_KUBE_TIMEOUT_MS: positive(30_000),
  /** For an exec plugin of the kubeconfig to answer; five times that where it can ask somebody at a terminal. */
  REROOT_EXEC_PLUGIN_TIMEOUT_MS: positive(60_000),
  /** `inCluster`: whatever its input says, a rotation passes the point of no return by an approval in the cluster alone. */
  REROOT_APPROVALS: z.enum(['inCluster']).optional(),
  REROOT_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** Seconds that running activities get to end on SIGTERM. */
  REROOT_SHUTDOWN_GRACE_S: positive(10),
  /** `host:port` of Temporal's own metrics for Prometheus; off when absent. */
  REROOT_METRICS_ADDRESS: address,
  /** `host:port` of page, metrics, `/livez` and `/readyz`; off when absent, and then nobody looks for them. */
  REROOT_HTTP_ADDRESS: address,
  /** Seconds between two looks at the mesh while a rotation is under way; 20 times that between rotations. */
  REROOT_LOOK_INTERVAL_S: positive(15),
  /** URL that answers how somebody's own probes of the mesh go: `{"handshakes":n,"refused":n,"closed":n}`. */
  REROOT_PROBE_RESULTS: httpUrl,
  /** Where people are told; or the path of a file with it, as a Secret is mounted. */
  REROOT_WEBHOOK_URL: httpUrl,
  REROOT_WEBHOOK_URL_FILE: z.string().optional(),
  /** `accept`: whoever answers as API server is believed, and gets keys, where TLS is not verified (worker/access.ts). */
  REROOT_UNVERIFIED_API_SERVER: z.enum(['refuse', 'accept']).default('refuse'),
  /** One file or a list, as kubectl has it. */
  KUBECONFIG: z.string().optional(),
  REROOT_KUBE_CONTEXT: z.string().optional(),
});

export type WorkerConfig = z.output<typeof schema>;

/** Settings of the sandbox's tools and of the CLI, which share the environment. */
const NOT_FOR_WORKERS =
  /^REROOT_(TOOLS|TOOL_|CLI_|KUBE_APISERVER$|KUBE_CONTROLLER_MANAGER$|KUBE_SCHEDULER$|ETCD$|KWOK$|TEMPORAL$|LEASH$|STANDIN$|CERT_MANAGER$|TRUST_MANAGER$)/;

/** @throws Error that lists every problem at once */
export function readWorkerConfig(env: Record<string, string | undefined>): WorkerConfig {
  const result = schema.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('REROOT_') && !(name in schema.shape) && !NOT_FOR_WORKERS.test(name),
  );
  const problems = [
    ...(result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)),
    ...unknown.map((name) => `${name}: no such setting`),
  ];
  if (!result.success || problems.length > 0) {
    throw new Error(
      `The worker's configuration has problems:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    );
  }
  return result.data;
}
