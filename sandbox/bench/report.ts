import { DEFAULT_STRATEGY, waysToReplaceRoot } from '../../src/rotation/courses/index.js';
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

/** Ratios are within one run: of the default strategy when it ran. */
export function baselineOf(results: readonly Result[]): Result | undefined {
  return results.find(({ name }) => name === DEFAULT_STRATEGY);
}

/** How much of the wall time was spent in phases in which a strategy waits for the proxies to renew their leaves. */
export function secondsWaiting({ name, parts }: Result): number {
  const course = waysToReplaceRoot().find((way) => way.name === name)?.course;
  const waits = course?.rows.filter(({ by, approval }) => by === 'wait' && !approval).map(({ phase }) => phase) ?? [];
  return parts
    .filter((part) => waits.some((phase) => phase === part.name))
    .reduce((sum, { seconds }) => sum + seconds, 0);
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
