import type { Command } from 'commander';
import { preflight } from '../../../activities/preflight.js';
import { clusterAccess } from '../../../worker/access.js';
import { jsonText } from '../../ground/plain.js';
import { blocking } from '../../rotation/findings.js';
import { type InputResult, invalidInputMessage, readInput, type RotationRequest } from '../../rotation/input.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type InputOptions, rotationInput, withInputOptions } from '../options/input.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import { plainly } from '../view/terminal.js';
import { renderFindings, renderPlan } from '../view/render.js';
import { configured } from '../options/worker.js';

export function addPreflightCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('preflight')
    .description('check whether this mesh can be rotated; changes nothing, needs no Temporal');
  withInputOptions(withClusterOptions(command)).action(async (options: ClusterOptions & InputOptions) => {
    done(await look(options, checkedInput(readInput(rotationInput(options)))));
  });
}

/** @throws CliError with everything that is wrong with the input */
export function checkedInput(input: InputResult): RotationRequest {
  if (input.ok) return input;
  throw new CliError(invalidInputMessage(input.problems), EXIT.refused);
}

/** Looks at the mesh from here, and prints what a rotation would do and what stands in its way. */
export async function look(options: ClusterOptions, request: RotationRequest): Promise<number> {
  const { k8s, prober } = clusterAccess(configured(workerEnvironment(options, process.env)), process.env);
  const result = await preflight({ k8s, prober, temporalAddress: '' }, request);
  const blocked = blocking(result.findings).length;
  if (options.output === 'json') {
    process.stdout.write(`${jsonText(result)}\n`);
    return blocked > 0 ? EXIT.refused : EXIT.ok;
  }
  if (result.linkerdNamespace !== undefined) {
    const { linkerdVersion, layout, linkerdNamespace, plan, apiServer } = plainly(result);
    process.stdout.write(
      `Linkerd ${linkerdVersion} (layout ${layout}) in namespace ${linkerdNamespace}, API server ${apiServer}\n\n${renderPlan(plan)}\n\n`,
    );
  }
  if (result.findings.length > 0) process.stdout.write(`${renderFindings(result.findings, result.findingsOmitted)}\n`);
  process.stdout.write(
    blocked > 0 ? `Not ready: ${blocked} finding(s) block a rotation.\n` : 'Ready for a rotation.\n',
  );
  return blocked > 0 ? EXIT.refused : EXIT.ok;
}
