import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type AppsSize, startSandbox } from '../kit/index.js';
import { chart } from './chart.js';
import { type Certificates, type Contender, CONTENDERS, namesOf } from './contenders.js';
import { AFTERWARDS_MS, measure, secondsSince } from './measure.js';
import { type Comparison, complaints, markdownTable, type Result, terminalTable, thisMachine } from './report.js';

/** `--compare strategies`: each contender on a fresh mesh of a moderate size. */

export interface StrategiesOptions {
  certificates: Certificates;
  podsSize: Extract<AppsSize, 'large' | 'small'>;
  only?: readonly string[];
  out?: string;
}

/** The same for every contender. Leaves of a real Linkerd live a day: waiting for their renewal would take one. */
const MESH = { linkerd: '2.20', issuanceLifetime: '40s', kubeletLagMs: 2000, probeRate: 100 } as const;

/** The guide's install. */
const MANAGED = { issuer: 'kubernetes', certManager: {} } as const;

/** What `--out` writes, without its ending. */
const FILES: Record<Certificates, string> = {
  separate: 'strategies-benchmark',
  'cert-manager': 'cert-manager-benchmark',
};

/** @returns the exit code */
export async function compareStrategies({ certificates, podsSize, only, out }: StrategiesOptions): Promise<number> {
  const results: Result[] = [];
  const began = Date.now();
  const date = new Date().toISOString();
  for (const contender of chosen(certificates, only)) results.push(await contest(contender, certificates, podsSize));
  process.stdout.write(`${terminalTable(results)}\n`);
  const wrong = complaints(results);
  for (const line of wrong) process.stdout.write(`${line}\n`);
  if (out) {
    const mesh = {
      ...{
        certificates,
        podsSize,
        proxies: results[0]?.proxies ?? 0,
        linkerd: MESH.linkerd,
        leafLife: MESH.issuanceLifetime,
      },
      ...{ kubeletLagMs: MESH.kubeletLagMs, probesPerSecond: MESH.probeRate, probedAfterwardsMs: AFTERWARDS_MS },
    };
    write(out, FILES[certificates], { date, machine: thisMachine(), mesh, contenders: results });
    process.stdout.write(`\n${markdownTable(results)}\n`);
  }
  process.stderr.write(`the whole run took ${Math.round(secondsSince(began))} s\n`);
  return wrong.length === 0 ? 0 : 1;
}

export function redrawStrategies(file: string, comparison: Comparison, out = path.dirname(file)): number {
  write(out, path.basename(file, '.json'), comparison);
  process.stdout.write(`${markdownTable(comparison.contenders)}\n`);
  return 0;
}

async function contest(
  contender: Contender,
  certificates: Certificates,
  podsSize: StrategiesOptions['podsSize'],
): Promise<Result> {
  const booted = Date.now();
  const sandbox = await startSandbox({ ...MESH, ...(certificates === 'cert-manager' ? MANAGED : {}), apps: podsSize });
  process.stderr.write(`${contender.title}: a fresh sandbox in ${secondsSince(booted)} s\n`);
  try {
    const measured = await measure(sandbox, async () => await contender.rotate(sandbox));
    const { name, title, by, strategy } = contender;
    process.stderr.write(`${title}: ${measured.outcome} in ${measured.seconds} s, ${measured.refused} refused\n`);
    return { name, title, by, ...(strategy ? { strategy } : {}), ...measured };
  } finally {
    await sandbox.stop();
  }
}

function write(folder: string, name: string, comparison: Comparison): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(comparison, null, 2)}\n`);
  writeFileSync(path.join(folder, `${name}.svg`), chart(comparison));
}

function chosen(certificates: Certificates, only: readonly string[] | undefined): Contender[] {
  const contenders = CONTENDERS[certificates];
  if (!only) return [...contenders];
  return only.map((wanted) => {
    const contender = contenders.find(({ name }) => name === wanted);
    if (!contender) throw new Error(`--only: ${wanted} is none of ${namesOf(CONTENDERS[certificates])}`);
    return contender;
  });
}
