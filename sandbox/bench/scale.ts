import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { present } from '../../src/ground/present.js';
import type { RotationInput } from '../../src/rotation/input.js';
import { dataPlaneGenerations, type Sandbox, startSandbox } from '../kit/index.js';
import { namesOf } from './contenders.js';
import { contest } from './contest.js';
import { secondsSince } from './measure.js';
import { thisMachine } from './report.js';
import { scaleChart } from './scale-chart.js';
import { BY_DEFAULT, SCALE_CONTENDERS, type ScaleContender } from './scale-contenders.js';
import {
  jsonLine,
  requestsTexts,
  scaleComplaints,
  scaleMarkdown,
  type ScaleRecord,
  scaleTable,
  type SizeResult,
} from './scale-report.js';

/** `--scale`: meshes of growing size; on each, one contender after the other. */

export interface ScaleOptions {
  sizes: readonly number[];
  only?: readonly string[] | undefined;
  json?: boolean | undefined;
  profile?: boolean | undefined;
  input?: RotationInput | undefined;
  workers?: number | undefined;
  out?: string | undefined;
}

const MESH = { linkerd: '2.20', kubeletLagMs: 2000, probeRate: 100 } as const;

const FILE = 'scale-benchmark';

/** Go's collector in the sandbox's servers runs a third as often as by default: they share the processors, and memory is there. */
const GARBAGE_PERCENT = '300';

/** @returns the exit code */
export async function benchScale(options: ScaleOptions): Promise<number> {
  const contenders = chosen(options.only ?? BY_DEFAULT);
  process.env['GOGC'] ??= GARBAGE_PERCENT;
  const sizes: SizeResult[] = [];
  for (const pods of options.sizes) {
    const size = await measureSize(pods, contenders, options);
    sizes.push(size);
    if (options.out && size.contenders.length > 0) write(options.out, merged(options.out, size));
  }
  const wrong = scaleComplaints(sizes);
  const lines = [
    ...[scaleTable(sizes), ...requestsTexts(sizes)],
    ...(options.out ? ['', scaleMarkdown(sizes)] : []),
    ...wrong,
    ...(options.json ? sizes.map(jsonLine) : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return wrong.length === 0 ? 0 : 1;
}

export function redrawScale(file: string, record: ScaleRecord, out = path.dirname(file)): number {
  write(out, record, path.basename(file, '.json'));
  process.stdout.write(`${scaleMarkdown(record.sizes)}\n`);
  return 0;
}

function chosen(names: readonly string[]): ScaleContender[] {
  return names.map((wanted) => {
    const contender = SCALE_CONTENDERS.find(({ name }) => name === wanted);
    if (!contender) throw new Error(`--only: ${wanted} is none of ${namesOf(SCALE_CONTENDERS)}`);
    return contender;
  });
}

/** Its renewals are 24 a second at most, whatever the size: what of identity and the machine is left is the rollout's. */
function leafLife(pods: number): string {
  return `${Math.max(60, Math.ceil(pods * 0.06))}s`;
}

async function measureSize(
  pods: number,
  contenders: readonly ScaleContender[],
  options: ScaleOptions,
): Promise<SizeResult> {
  const { input = {} } = options;
  const [booted, date] = [Date.now(), new Date().toISOString()];
  const size: SizeResult = {
    ...{ date, machine: thisMachine(), pods, proxies: 0, workloads: 0, namespaces: 0, leafLife: leafLife(pods) },
    ...{ sandboxSeconds: 0, input, ...present({ workers: options.workers }), contenders: [] },
  };
  let sandbox: Sandbox | undefined;
  try {
    sandbox = await startSandbox({ ...MESH, issuanceLifetime: size.leafLife, apps: `scale:${pods}` });
    size.sandboxSeconds = secondsSince(booted);
    size.proxies = (await sandbox.mesh.counts()).proxies;
    const names = [...(await dataPlaneGenerations(sandbox)).keys()];
    size.workloads = names.length;
    size.namespaces = new Set(names.map((name) => name.split('/')[0])).size;
    const { proxies, workloads, namespaces, sandboxSeconds } = size;
    process.stderr.write(
      `${proxies} proxies, ${workloads} workloads, ${namespaces} namespaces: a sandbox in ${sandboxSeconds} s\n`,
    );
    for (const contender of contenders) {
      const profiles = options.profile
        ? path.resolve(options.out ?? '.', `worker-${pods}-${contender.name}`)
        : undefined;
      const result = await contest(sandbox, contender, size, profiles);
      size.contenders.push(result);
      if (result.outcome !== 'completed') break; // nobody knows what the next one would begin with
    }
  } catch (error) {
    size.failure = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${pods} pods: ${size.failure}\n`);
  } finally {
    await sandbox?.stop();
  }
  return size;
}

/** With what earlier runs have measured of other sizes. */
function merged(folder: string, size: SizeResult): ScaleRecord {
  const file = path.join(folder, `${FILE}.json`);
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ScaleRecord).sizes : [];
  const sizes = [...earlier.filter(({ pods }) => pods !== size.pods), size];
  return { sizes: sizes.toSorted((a, b) => a.pods - b.pods) };
}

function write(folder: string, record: ScaleRecord, name = FILE): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${compact(JSON.stringify(record, null, 2))}\n`);
  writeFileSync(path.join(folder, `${name}.svg`), scaleChart(record.sizes));
}

/** Lists of numbers on one line each, as prettier has them. */
function compact(json: string): string {
  return json.replaceAll(/\[([-\d.,\s]+)\]/g, (_, items: string) => `[${items.trim().split(/,\s+/).join(', ')}]`);
}
