import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RotationInput } from '../../src/rotation/input.js';
import { MOST_SHARES } from '../../src/rotation/shares.js';
import { CONTENDERS, namesOf } from './contenders.js';
import type { Comparison } from './report.js';
import { SCALE_CONTENDERS } from './scale-contenders.js';
import type { ScaleRecord } from './scale-report.js';
import { benchScale, redrawScale } from './scale.js';
import { compareStrategies, redrawStrategies, type StrategiesOptions } from './strategies.js';

interface BenchOptions extends StrategiesOptions {
  compare: 'strategies';
  scale?: readonly number[];
  json?: boolean;
  profile?: boolean;
  input?: RotationInput;
  workers?: number;
  draw?: string;
}

/** A smaller mesh has no workload for each of its namespaces. */
const LEAST_PODS = 20;
/** What the nodes of a sandbox have addresses for, and a rollout's surge. */
const MOST_PODS = 24_000;

const command = new Command('npm run bench --')
  .description(
    'Replaces the trust root in several ways and compares them: each on a mesh of its own in the same state, or on meshes of growing size',
  )
  .addOption(new Option('--compare <what>', 'with each other').choices(['strategies']).default('strategies'))
  .addOption(
    new Option('--certificates <kind>', 'made by nobody else, or by cert-manager and trust-manager as in the guide')
      .choices(['separate', 'cert-manager'])
      .default('separate'),
  )
  .addOption(new Option('--pods-size <size>', 'of each mesh').choices(['large', 'small']).default('large'))
  .addOption(
    new Option('--scale <pods>', 'instead: meshes of so many pods, for example 1000,3000,10000')
      .argParser(sizes)
      .conflicts(['certificates', 'podsSize']),
  )
  .option(
    '--only <names>',
    `some of ${namesOf(CONTENDERS.separate)}; with cert-manager of ${namesOf(CONTENDERS['cert-manager'])}; with --scale of ${namesOf(SCALE_CONTENDERS)}`,
    commas,
  )
  .option('--json', 'with --scale: end with one line of JSON for each size')
  .option('--profile', "with --scale: write CPU profiles of reroot's worker, and name its hottest functions")
  .option('--input <json>', 'with --scale: more of the input that reroot gets', input)
  .option('--workers <count>', 'with --scale: so many of reroot, which share out its proofs of a large mesh', workers)
  .option(
    '--out <folder>',
    'write <what>-benchmark.svg and .json there (strategies, cert-manager or scale), and profiles',
  )
  .option('--draw <file>', 'measure nothing: draw this .json of an earlier run')
  .parse();

process.exit(await bench(command.opts<BenchOptions>()).catch(failed)); // workers and sandboxes are leashed to it

async function bench({
  scale,
  json,
  profile,
  input: more,
  workers: count,
  draw,
  ...options
}: BenchOptions): Promise<number> {
  if (draw) return redraw(draw, options.out);
  if (scale) return await benchScale({ ...options, sizes: scale, json, profile, input: more, workers: count });
  if (json || profile || more || count) throw new Error('--json, --profile, --input and --workers go with --scale');
  return await compareStrategies(options);
}

function redraw(file: string, out: string | undefined): number {
  const record = JSON.parse(readFileSync(file, 'utf8')) as Comparison | ScaleRecord;
  return 'sizes' in record ? redrawScale(file, record, out) : redrawStrategies(file, record, out);
}

function failed(error: unknown): number {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

function commas(names: string): string[] {
  return names.split(',');
}

function sizes(text: string): number[] {
  return text.split(',').map((each) => wholeNumber(each, 'pods', [LEAST_PODS, MOST_PODS]));
}

function workers(text: string): number {
  return wholeNumber(text, 'workers', [1, MOST_SHARES]);
}

function wholeNumber(text: string, of: string, [least, most]: readonly [number, number]): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < least || count > most)
    throw new InvalidArgumentError(`${text} is no number of ${of} from ${least} to ${most}`);
  return count;
}

function input(text: string): RotationInput {
  try {
    return JSON.parse(text) as RotationInput;
  } catch {
    throw new InvalidArgumentError('it is no JSON');
  }
}
