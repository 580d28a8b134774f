import type { Command } from 'commander';
import { preflight } from '../../activities/preflight.js';
import { createKubernetes } from '../kubernetes/client.js';
import { defaultReach } from '../linkerd/reach.js';
import { blocking } from '../rotation/findings.js';
import { invalidInputMessage, readInput } from '../rotation/input.js';
import { CliError, EXIT } from './exit-codes.js';
import { type InputOptions, rotationInput, withInputOptions } from './input-options.js';
import { type ClusterOptions, withClusterOptions } from './options.js';
import { renderFindings } from './render.js';

export function addPreflightCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('preflight')
    .description('check whether this mesh can be rotated; changes nothing, needs no Temporal');
  withInputOptions(withClusterOptions(command)).action(async (options: ClusterOptions & InputOptions) =>
    done(await run(options)),
  );
}

async function run(options: ClusterOptions & InputOptions): Promise<number> {
  const input = readInput(rotationInput(options));
  if (!input.ok) throw new CliError(invalidInputMessage(input.problems), EXIT.refused);
  const k8s = createKubernetes({ kubeconfig: options.kubeconfig, context: options.context });
  const prober = { reach: options.reach ?? defaultReach(process.env), concurrency: 64, timeoutMs: 5000 };
  const result = await preflight(
    { k8s, prober, temporalAddress: '' },
    {
      settings: input.settings,
      strategy: input.settings.strategy,
    },
  );
  const blocked = blocking(result.findings).length;
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    if (result.linkerdNamespace !== undefined) {
      const { linkerdVersion, layout, linkerdNamespace, plan } = result;
      process.stdout.write(
        `Linkerd ${linkerdVersion} (layout ${layout}) in namespace ${linkerdNamespace}, API server ${result.apiServer}\n`,
      );
      process.stdout.write(
        `Plan: ${plan.strategy}, ${plan.rollouts} rollouts of ${plan.workloads} workloads (${plan.proxies} proxies, ${plan.namespaces.length} namespaces)\n`,
      );
    }
    if (result.findings.length > 0) process.stdout.write(`${renderFindings(result.findings)}\n`);
    process.stdout.write(
      blocked > 0 ? `Not ready: ${blocked} finding(s) block a rotation.\n` : 'Ready for a rotation.\n',
    );
  }
  return blocked > 0 ? EXIT.refused : EXIT.ok;
}
