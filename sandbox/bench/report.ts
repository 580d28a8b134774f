import { DEFAULT_STRATEGY, waysToReplaceRoot } from '../../src/rotation/courses/index.js';
import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import type { CertificatesSince } from '../kit/index.js';
import type { Contender } from './contenders.js';
import type { Measured } from './measure.js';

/** What a run leaves behind: raw numbers with the machine and the mesh that they were measured on. */
export interface Comparison {
  date: string;
  machine: { processor: string; cores: number; memoryGb: number; node: string };
  mesh: Record<string, string | number>;
  contenders: Result[];
}

export type Result = Pick<Contender, 'name' | 'title' | 'by' | 'strategy'> & Measured;

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
export function secondsWaiting({ name, strategy, parts }: Result): number {
  const course = waysToReplaceRoot().find((way) => way.name === (strategy ?? name))?.course;
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

interface Column {
  head: string;
  cell(result: Result, baseline: Result | undefined): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'contender', cell: ({ title }) => title },
  { head: 'rollouts', cell: ({ dataPlaneRollouts }) => `${dataPlaneRollouts}` },
  { head: 'pods replaced', cell: ({ podsReplaced }, baseline) => withRatio(podsReplaced, baseline?.podsReplaced) },
  {
    head: 'wall time',
    cell: ({ seconds }, baseline) =>
      withRatio(Math.round(seconds), baseline?.seconds && Math.round(baseline.seconds), ' s'),
  },
  {
    head: 'of it waiting',
    cell: (result) => (secondsWaiting(result) === 0 ? '' : `${Math.round(secondsWaiting(result))} s`),
  },
  { head: 'handshakes', cell: ({ handshakes }) => `${handshakes}` },
  { head: 'refused', cell: ({ refused }) => `${refused}` },
  {
    head: 'refusing for',
    cell: ({ refused, secondsWithRefusals }) => (refused === 0 ? '' : `${secondsWithRefusals} s`),
  },
  { head: 'history events', cell: ({ historyEvents }) => `${historyEvents ?? ''}` },
];

/** Where cert-manager makes the certificates. */
const OF_CERT_MANAGER: readonly Column[] = [
  { head: 'Certificates', cell: ({ certificatesReady }) => (certificatesReady ? 'Ready' : 'not Ready') },
  { head: 'specs changed', cell: ({ specChanges }) => `${specChanges}` },
];

function tableOf(results: readonly Result[]): { head: string[]; rows: string[][] } {
  const managed = results.some(({ specChanges }) => specChanges !== undefined);
  const columns = [...COLUMNS, ...(managed ? OF_CERT_MANAGER : [])];
  const baseline = baselineOf(results);
  return {
    head: columns.map(({ head }) => head),
    rows: results.map((result) => columns.map(({ cell }) => cell(result, baseline))),
  };
}

export function terminalTable(results: readonly Result[]): string {
  const { head, rows } = tableOf(results);
  const table = new Table({ style: { head: [], border: [] }, head });
  table.push(...rows);
  return table.toString();
}

export function markdownTable(results: readonly Result[]): string {
  const { head, rows } = tableOf(results);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What did not end as a rotation should: nothing to draw a conclusion from. */
export function complaints(results: readonly Result[]): string[] {
  return results.flatMap(({ title, by, outcome, oldRootGone, ...result }) => [
    ...(outcome === 'completed' ? [] : [`${title}: ${outcome}`]),
    ...(oldRootGone ? [] : [`${title}: the old root is still trusted`]),
    ...(by === 'reroot' ? promisesBroken(title, result) : []),
  ]);
}

/** What reroot says that it does not do; whoever follows a guide by hand is told by the table. */
function promisesBroken(
  title: string,
  {
    refused,
    refusal,
    certificatesReady = true,
    specChanges = 0,
  }: Pick<Result, keyof CertificatesSince | 'refused' | 'refusal'>,
): string[] {
  return [
    ...(refused > 0 ? [`${title}: ${refused} handshakes refused, for example ${refusal}`] : []),
    ...(certificatesReady ? [] : [`${title}: not every Certificate is Ready`]),
    ...(specChanges === 0 ? [] : [`${title}: ${specChanges} specs of cert-manager's objects changed`]),
  ];
}
