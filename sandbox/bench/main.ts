import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AppsSize, startSandbox } from '../kit/index.js';
import { chart } from './chart.js';
import { type Contender, CONTENDERS } from './contenders.js';
import { AFTERWARDS_MS, measure, secondsSince } from './measure.js';
import { type Comparison, complaints, markdownTable, type Result, terminalTable, thisMachine } from './report.js';

interface BenchOptions {
  compare: 'strategies';
  podsSize: Extract<AppsSize, 'large' | 'small'>;
  only: readonly Contender[];
  out?: string;
  draw?: string;
}

/** The same for every contender. Leaves of a real Linkerd live a day: waiting for their renewal would take one. */
const MESH = { linkerd: '2.20', issuanceLifetime: '40s', kubeletLagMs: 2000, probeRate: 100 } as const;

const { podsSize, only, out, draw } = new Command('npm run bench --')
  .description(
    'Replaces the trust root in several ways, each on a mesh of its own in the same state, and compares them',
  )
  .addOption(new Option('--compare <what>', 'with each other').choices(['strategies']).default('strategies'))
  .addOption(new Option('--pods-size <size>', 'of each mesh').choices(['large', 'small']).default('large'))
  .option('--only <names>', `some of ${CONTENDERS.map(({ name }) => name).join(',')}`, chosen, CONTENDERS)
  .option('--out <folder>', 'write strategies-benchmark.svg and .json there')
  .option('--draw <file>', 'measure nothing: draw this .json of an earlier run')
  .parse()
  .opts<BenchOptions>();

process.exit(draw ? redraw(draw) : await bench()); // workers and sandboxes are leashed to it

async function bench(): Promise<number> {
  const results: Result[] = [];
  const began = Date.now();
  const date = new Date().toISOString();
  for (const contender of only) results.push(await contest(contender));
  process.stdout.write(`${terminalTable(results)}\n`);
  const wrong = complaints(results);
  for (const line of wrong) process.stdout.write(`${line}\n`);
  if (out) {
    const mesh = {
      ...{ podsSize, proxies: results[0]?.proxies ?? 0, linkerd: MESH.linkerd, leafLife: MESH.issuanceLifetime },
      ...{ kubeletLagMs: MESH.kubeletLagMs, probesPerSecond: MESH.probeRate, probedAfterwardsMs: AFTERWARDS_MS },
    };
    write(out, { date, machine: thisMachine(), mesh, contenders: results });
    process.stdout.write(`\n${markdownTable(results)}\n`);
  }
  process.stderr.write(`the whole run took ${Math.round(secondsSince(began))} s\n`);
  return wrong.length === 0 ? 0 : 1;
}

function redraw(file: string): number {
  const comparison = JSON.parse(readFileSync(file, 'utf8')) as Comparison;
  write(out ?? path.dirname(file), comparison);
  process.stdout.write(`${markdownTable(comparison.contenders)}\n`);
  return 0;
}

async function contest(contender: Contender): Promise<Result> {
  const booted = Date.now();
  const sandbox = await startSandbox({ ...MESH, apps: podsSize });
  process.stderr.write(`${contender.title}: a fresh sandbox in ${secondsSince(booted)} s\n`);
  try {
    const measured = await measure(sandbox, async () => await contender.rotate(sandbox));
    const { name, title, by } = contender;
    process.stderr.write(`${title}: ${measured.outcome} in ${measured.seconds} s, ${measured.refused} refused\n`);
    return { name, title, by, ...measured };
  } finally {
    await sandbox.stop();
  }
}

function write(folder: string, comparison: Comparison): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'strategies-benchmark.json'), `${JSON.stringify(comparison, null, 2)}\n`);
  writeFileSync(path.join(folder, 'strategies-benchmark.svg'), chart(comparison));
}

function chosen(names: string): Contender[] {
  return names.split(',').map((wanted) => {
    const contender = CONTENDERS.find(({ name }) => name === wanted);
    if (!contender) throw new InvalidArgumentError(`${wanted} is none of them.`);
    return contender;
  });
}
