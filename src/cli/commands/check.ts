import { type Command, Option } from 'commander';
import { preflight } from '../../../activities/preflight.js';
import { clusterAccess } from '../../../worker/access.js';
import { jsonText } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { readInput } from '../../rotation/input.js';
import { asCalled, type CalledName } from '../called.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type ClusterOptions, CONTEXT_OPTIONS, workerEnvironment } from '../options/common.js';
import { configured } from '../options/worker.js';
import { type CheckFormat, CHECK_FORMATS, checkJson, checksOf, checkText } from '../view/checks.js';
import { checkedInput } from './preflight.js';

/**
 * What `linkerd check` asks of an extension (linkerd2 cli/cmd/check_extensions.go, pkg/healthcheck): it runs
 * `linkerd-reroot _extension-metadata`, and where the answer says "always" `linkerd-reroot check` with its own flags.
 */
const METADATA = { name: 'linkerd-reroot', checks: 'always' };

interface CheckOptions extends Pick<ClusterOptions, 'kubeconfig' | 'context' | 'linkerdNamespace' | 'reach'> {
  output: CheckFormat;
  as?: string;
  asGroup?: string;
  apiAddr?: string;
}

const HELP = `
What would stop a rotation is a warning here: it does not stop Linkerd. It is the look of \`reroot preflight\`, which says more.`;

export function addCheckCommands(program: Command, name: CalledName): void {
  program.command('_extension-metadata', { hidden: true }).action(() => {
    process.stdout.write(`${JSON.stringify(METADATA)}\n`);
  });
  const [kubeconfig, context] = CONTEXT_OPTIONS;
  const command = program
    .command('check')
    .description('look at the mesh as `linkerd check` does, which runs this; changes nothing')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(CHECK_FORMATS).default('table'))
    .option(...kubeconfig)
    .option(...context)
    .option('-L, --linkerd-namespace <name>', "namespace of Linkerd's control plane (default: found by its label)")
    .addOption(new Option('--reach <how>', 'how to reach proxies').choices(['address', 'port-forward']))
    .addHelpText('after', HELP)
    .action(async (options: CheckOptions) => await check(options, name));
  // what linkerd passes on beside: the last four make no difference to this look
  for (const flags of ['--as <user>', '--as-group <groups>', '--api-addr <address>']) command.addOption(hidden(flags));
  for (const flags of ['--verbose [boolean]', '--proxy [boolean]', '--wait <duration>', '-n, --namespace <name>'])
    command.addOption(hidden(flags));
}

function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** @throws CliError where linkerd looks as somebody else, or elsewhere: this would look at another mesh, or with other rights */
function refuseElsewhere({ as, asGroup, apiAddr }: CheckOptions): void {
  const given = { as, 'as-group': asGroup === '[]' ? undefined : asGroup, 'api-addr': apiAddr };
  for (const [flag, value] of Object.entries(given)) {
    if (value) throw new CliError(`--${flag} is not for reroot: put it into the kubeconfig`, EXIT.refused);
  }
}

async function check(options: CheckOptions, name: CalledName): Promise<void> {
  refuseElsewhere(options);
  const { output, linkerdNamespace, ...way } = options;
  const { k8s, prober } = clusterAccess(configured(workerEnvironment(way, process.env)), process.env);
  const request = checkedInput(readInput({ planOnly: true, ...present({ linkerdNamespace }) }));
  const { findings, findingsOmitted } = await preflight({ k8s, prober, temporalAddress: '' }, request);
  const checks = checksOf(findings, findingsOmitted);
  const text = output === 'json' ? jsonText(checkJson(checks)) : checkText(checks, output);
  process.stdout.write(`${asCalled(text, name)}\n`); // linkerd shows it to people, too
}
