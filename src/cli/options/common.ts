import { type Command, Option } from 'commander';
import { present } from '../../ground/present.js';

/** Options that several commands share. */
export interface CommonOptions {
  cluster: string;
  workflowId?: string;
  output: 'text' | 'json';
}

export interface ClusterOptions extends CommonOptions {
  kubeconfig?: string;
  context?: string;
  linkerdNamespace?: string;
  reach?: 'address' | 'port-forward';
}

export function withCommonOptions(command: Command): Command {
  return command
    .option('--cluster <name>', 'name of the cluster, as given to `rotate`', 'default')
    .option('--workflow-id <id>', 'workflow id of the rotation (default: trust-root-<cluster>)')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'));
}

export function withClusterOptions(command: Command): Command {
  return withCommonOptions(command)
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, ~/.kube/config, in-cluster)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --linkerd-namespace <name>', "namespace of Linkerd's control plane (default: found by its label)")
    .addOption(
      new Option('--reach <how>', 'how to reach proxies: at the pod address, or by port-forward').choices([
        'address',
        'port-forward',
      ]),
    );
}

/** Flags become the environment that a worker reads, so that both are configured in one way. */
export function workerEnvironment(options: Partial<ClusterOptions>, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { kubeconfig, context, reach } = options;
  return { ...env, ...present({ KUBECONFIG: kubeconfig, REROOT_KUBE_CONTEXT: context, REROOT_REACH: reach }) };
}
