import path from 'node:path';
import { type Command, Option } from 'commander';
import { DEFAULT_CLUSTER } from '../../ground/cluster-name.js';
import { present } from '../../ground/present.js';
import { absoluteFiles } from '../../kubernetes/access/kubeconfig.js';
import { CliError, EXIT } from '../exit-codes.js';

/** Options that several commands share. */
export interface CommonOptions {
  cluster: string;
  workflowId?: string;
  output: OutputFormat;
}

const OUTPUT_FORMATS = ['text', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface ClusterOptions extends CommonOptions {
  kubeconfig?: string;
  context?: string;
  linkerdNamespace?: string;
  reach?: 'address' | 'port-forward';
}

/** The cluster where no flag names one. */
export function defaultCluster(): string {
  return process.env['REROOT_CLUSTER'] || DEFAULT_CLUSTER;
}

export function withCommonOptions(command: Command): Command {
  return withOutputOptions(command).option(
    '--workflow-id <id>',
    'workflow id of the rotation (default: trust-root-<cluster>)',
  );
}

/** The default is said in words: help and manual are the same wherever they are made. */
export function clusterOption(): Option {
  return new Option('--cluster <name>', 'the cluster, as `rotate` and its workers name it').default(
    defaultCluster(),
    `REROOT_CLUSTER, or ${DEFAULT_CLUSTER}`,
  );
}

/** A person's name, for the report. */
export function byOption(description: string): Option {
  return new Option('--by <name>', description).default(process.env['USER'] || undefined, 'the user of this machine');
}

/** Those of a command that is about no rotation. */
export function withOutputOptions(command: Command): Command {
  return command
    .addOption(clusterOption())
    .addOption(new Option('-o, --output <format>', 'what to print').choices(OUTPUT_FORMATS).default('text'));
}

export const NAMESPACE_OPTION = [
  '-n, --linkerd-namespace <name>',
  "namespace of Linkerd's control plane (default: found by its label)",
] as const;

export const CONTEXT_OPTIONS = [
  ['--kubeconfig <file>', 'kubeconfig (default: those that KUBECONFIG lists, ~/.kube/config, in-cluster)'],
  ['--context <name>', 'context of the kubeconfig'],
] as const;

export function withClusterOptions(command: Command): Command {
  const [kubeconfig, context] = CONTEXT_OPTIONS;
  return withCommonOptions(command)
    .option(...kubeconfig)
    .option(...context)
    .option(...NAMESPACE_OPTION)
    .addOption(
      new Option('--reach <how>', 'how to reach proxies: at the pod address, or by port-forward').choices([
        'address',
        'port-forward',
      ]),
    );
}

/**
 * Flags become the environment that a worker reads, so that both are configured in one way. The files are named from the root:
 * the worker may be another process, in another folder.
 */
export function workerEnvironment(options: Partial<ClusterOptions>, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { cluster, kubeconfig, context, reach } = options;
  return {
    ...env,
    ...present({
      REROOT_CLUSTER: cluster,
      KUBECONFIG:
        kubeconfig === undefined ? env['KUBECONFIG'] && absoluteFiles(env['KUBECONFIG']) : oneFile(kubeconfig),
      REROOT_KUBE_CONTEXT: context,
      REROOT_REACH: reach,
    }),
  };
}

/** The flag names one file, as that of kubectl does; the variable may list several. */
function oneFile(kubeconfig: string): string {
  if (!kubeconfig.includes(path.delimiter)) return path.resolve(kubeconfig);
  throw new CliError(
    `--kubeconfig takes one file, not ${kubeconfig}: several of them go into the variable KUBECONFIG`,
    EXIT.refused,
  );
}
