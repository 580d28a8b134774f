import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import type { Contender } from './contenders.js';
import type { Measured } from './measure.js';

/** What a run leaves behind: raw numbers with the machine and the mesh that they were measured on. */
export interface Comparison {
  date: string;
  machine: { processor: string; cores: number; memoryGb: number; node: string };
  mesh: Record<string, string | number>;
  contenders: Result[];
}

export type Result = Pick<Contender, 'name' | 'title' | 'by'> & Measured;

export function thisMachine(): Comparison['machine'] {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** Ratios are within one run: of `bridge` when it ran. */
export function baselineOf(results: readonly Result[]): Result | undefined {
  return results.find(({ name }) => name === 'bridge');
}

/** Phases in which a strategy waits for the proxies to renew their leaves (src/rotation/strategies.ts). */
const WAITS: Record<string, readonly string[]> = { patient: ['renew'], bridge: ['renew', 'refresh'] };

/** How much of the wall time was spent in them. */
export function secondsWaiting({ name, parts }: Result): number {
  const waits = parts.filter((part) => WAITS[name]?.includes(part.name));
  return waits.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** `960 (3.0x)`; without the ratio when there is nothing to compare with. */
export function withRatio(value: number, baseline: number | undefined, unit = ''): string {
  const text = `${value}${unit}`;
  return baseline ? `${text} (${(value / baseline).toFixed(1)}x)` : text;
}

const HEAD = [
  'contender',
  'rollouts',
  'pods replaced',
  'wall time',
  'of it waiting',
  'handshakes',
  'refused',
  'refusing for',
  'history events',
];

export function rowsOf(results: readonly Result[]): string[][] {
  const baseline = baselineOf(results);
  return results.map((result) => [
    result.title,
    `${result.dataPlaneRollouts}`,
    withRatio(result.podsReplaced, baseline?.podsReplaced),
    withRatio(Math.round(result.seconds), baseline?.seconds && Math.round(baseline.seconds), ' s'),
    secondsWaiting(result) === 0 ? '' : `${Math.round(secondsWaiting(result))} s`,
    `${result.handshakes}`,
    `${result.refused}`,
    result.refused === 0 ? '' : `${result.secondsWithRefusals} s`,
    `${result.historyEvents ?? ''}`,
  ]);
}

export function terminalTable(results: readonly Result[]): string {
  const table = new Table({ style: { head: [], border: [] }, head: HEAD });
  table.push(...rowsOf(results));
  return table.toString();
}

export function markdownTable(results: readonly Result[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(HEAD), line(HEAD.map(() => '---')), ...rowsOf(results).map(line)].join('\n');
}

/** What did not end as a rotation should: nothing to draw a conclusion from. */
export function complaints(results: readonly Result[]): string[] {
  return results.flatMap(({ title, by, outcome, oldRootGone, refused, refusal }) => [
    ...(outcome === 'completed' ? [] : [`${title}: ${outcome}`]),
    ...(oldRootGone ? [] : [`${title}: the old root is still trusted`]),
    ...(by === 'reroot' && refused > 0 ? [`${title}: ${refused} handshakes refused, for example ${refusal}`] : []),
  ]);
}
