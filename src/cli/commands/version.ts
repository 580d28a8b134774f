import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { present } from '../../ground/present.js';
import { SUPPORTED_LINKERD } from '../../linkerd/versions.js';
import { type ClusterOptions, CONTEXT_OPTIONS, NAMESPACE_OPTION, withOutputOptions } from '../options/common.js';
import { ownBuild } from '../../temporal/build.js';
import { askCluster, askWorkers } from '../session/cluster-version.js';
import { machineText } from '../view/machine.js';
import { type ClientVersion, type VersionFacts, versionText } from '../view/version.js';

interface VersionOptions extends ClusterOptions {
  client?: boolean;
}

const HELP = `
What does not answer is named as a problem, and the exit code stays 0. \`reroot --version\` prints the number alone.`;

export function addVersionCommand(program: Command): void {
  const command = withOutputOptions(
    program.command('version').description('show the version of this program, of the cluster and of its workers'),
  ).option('--client', 'of this program alone: asks nobody');
  const [kubeconfig, context] = CONTEXT_OPTIONS;
  command
    .option(...kubeconfig)
    .option(...context)
    .option(...NAMESPACE_OPTION)
    .addHelpText('after', HELP)
    .action(async (options: VersionOptions) => {
      const facts = options.client ? { client: clientVersion() } : await allVersions(options);
      process.stdout.write(`${machineText(facts, options.output) ?? versionText(facts, options.cluster)}\n`);
    });
}

async function allVersions(options: VersionOptions): Promise<VersionFacts> {
  const [cluster, workers] = await Promise.all([askCluster(options), askWorkers(options)]);
  return { client: clientVersion(), cluster, ...present({ workers }) };
}

/** The version of the SDK is pinned: what is installed is what package.json says. */
function clientVersion(): ClientVersion {
  return {
    ...ownBuild(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    temporalSdk: packageJson.dependencies['@temporalio/worker'],
    linkerd: SUPPORTED_LINKERD,
  };
}
