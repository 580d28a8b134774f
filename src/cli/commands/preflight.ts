import type { Command } from 'commander';
import { preflight } from '../../../activities/preflight.js';
import { clusterAccess } from '../../../worker/access.js';
import { blocking, type Finding } from '../../rotation/findings.js';
import { type InputResult, invalidInputMessage, readInput, type RotationRequest } from '../../rotation/input.js';
import { asCalled } from '../called.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type DetailsOption, type InputOptions, rotationInput, withInputOptions } from '../options/input.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import { plainly } from '../view/terminal.js';
import { renderFindings } from '../view/findings.js';
import { machineText } from '../view/machine.js';
import { renderPlan } from '../view/render.js';
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
export async function look(options: ClusterOptions & DetailsOption, request: RotationRequest): Promise<number> {
  const { k8s, prober } = clusterAccess(configured(workerEnvironment(options, process.env)), process.env);
  const result = await preflight({ k8s, prober, temporalAddress: '' }, request);
  const blocked = blocking(result.findings).length;
  const exitCode = blocked > 0 ? EXIT.refused : EXIT.ok;
  const facts = machineText(result, options.output);
  if (facts !== undefined) {
    process.stdout.write(`${facts}\n`);
    return exitCode;
  }
  if (result.linkerdNamespace !== undefined) {
    const { linkerdVersion, layout, linkerdNamespace, plan, apiServer } = plainly(result);
    process.stdout.write(
      `Linkerd ${linkerdVersion} (layout ${layout}) in namespace ${linkerdNamespace}, API server ${apiServer}\n\n${renderPlan(plan)}\n\n`,
    );
  }
  const { findings, findingsOmitted: omitted } = result;
  if (findings.length > 0)
    process.stdout.write(`${asCalled(renderFindings(findings, { omitted, details: options.details }))}\n`);
  process.stdout.write(blocked > 0 ? `Not ready: ${blockedText(findings)}.\n` : 'Ready for a rotation.\n');
  return exitCode;
}

function blockedText(findings: readonly Finding[]): string {
  const found = blocking(findings);
  const reasons = new Set(found.map(({ reason }) => reason));
  const count = found.length === 1 ? '1 finding blocks' : `${found.length} findings block`;
  return `${count} a rotation (${[...reasons].join(', ')})`;
}
