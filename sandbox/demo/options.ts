import { Command, Option } from 'commander';
import { DEFAULT_STRATEGY, type StrategyName, strategyNames } from '../../src/rotation/courses/index.js';
import { type MeshFlags, type Sandbox, withMeshFlags } from '../kit/index.js';

export interface DemoOptions extends MeshFlags {
  strategy: StrategyName;
  json?: boolean;
  keep?: boolean;
  history?: string;
  chart?: boolean;
}

/** What every part of the demo works with. */
export interface Demo {
  options: DemoOptions;
  sandbox: Sandbox;
  /** Where it talks. */
  out: NodeJS.WriteStream;
}

export const WORKFLOW_ID = 'trust-root-demo';

export function readOptions(): DemoOptions {
  return withMeshFlags(new Command('npm run demo --'))
    .addOption(new Option('--strategy <name>', 'how to rotate').choices(strategyNames()).default(DEFAULT_STRATEGY))
    .description('Rotates the trust root of a sandbox mesh while the worker is killed three times')
    .option('--json', 'the last line of stdout is one JSON object')
    .option('--keep', 'keep everything up afterwards, with a worker, until ctrl-C')
    .option(
      '--chart',
      'the worker is installed by Helm from the chart of reroot, and its page is looked at in Chromium',
    )
    .option('--history <file>', 'write the history of its workflow there, as test/histories has them')
    .parse()
    .opts<DemoOptions>();
}

export function workflowUrl({ sandbox }: Demo): string {
  return `${sandbox.temporal.ui}/namespaces/default/workflows/${encodeURIComponent(WORKFLOW_ID)}`;
}
