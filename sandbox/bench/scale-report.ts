import Table from 'cli-table3';
import { courseOf } from '../../src/rotation/courses/index.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { Look } from './history.js';
import type { Account, Part } from './measure.js';
import type { Comparison } from './report.js';
import type { FlightPoint, ServerCost, SigningRate } from './sampler.js';
import type { ScaleContender } from './scale-contenders.js';
import { sumOf } from './worker-figures.js';

/** What `--scale` leaves behind; sizes of several runs, each with its own machine. */
export interface ScaleRecord {
  sizes: SizeResult[];
}

export interface SizeResult {
  date: string;
  machine: Comparison['machine'];
  /** Of the data plane. */
  pods: number;
  /** With those of the control plane. */
  proxies: number;
  workloads: number;
  namespaces: number;
  leafLife: string;
  /** Until the sandbox was up. */
  sandboxSeconds: number;
  /** What reroot got beside its defaults. */
  input: RotationInput;
  /** Absent: 1. */
  workers?: number;
  contenders: ScaleResult[];
  /** Why there is less than was asked for. */
  failure?: string;
}

export interface ScaleResult
  extends Pick<ScaleContender, 'name' | 'title' | 'by' | 'strategy' | 'replacesRoot'>, Account {
  /** Rollouts of the data plane. */
  rollouts: number;
  podsReplaced: number;
  /** In steps or phases that restart the mesh: control plane, data plane, and what proves that it is done. */
  rollingSeconds: number;
  /** In phases that wait for the proxies' own renewal. */
  waitingSeconds: number;
  /** From the begin of the first of the former to the end of the last, in seconds after the start. */
  rolling?: [from: number, to: number];
  handshakes: number;
  refused: number;
  refusal?: string;
  oldRootGone: boolean;
  flight: FlightPoint[];
  leavesPerSecond: SigningRate;
  /** Of the worker, during the longest look at the whole mesh. */
  proofCpuSeconds?: number;
  /** Of the sandbox's own processes. */
  servers: Record<string, ServerCost>;
  /** Memory of the machine that nobody needed, at the least. */
  leastAvailableMb: number;
  loadBefore: number;
  profile?: string[];
}

/** Which parts restart the mesh, and which wait for it. */
export function kindsOfParts(
  { strategy }: Pick<ScaleContender, 'strategy'>,
  { leafRenewal = 'wait' }: RotationInput,
): (part: Part) => 'rolls' | 'waits' | 'other' {
  if (!strategy) return ({ name }) => (name.startsWith('restart') ? 'rolls' : 'other');
  const { rows } = courseOf({ strategy, leafRenewal, direction: 'forward' });
  return ({ name }) => {
    const row = rows.find(({ phase }) => phase === name);
    if (row?.whose !== 'everybody' || row.approval) return 'other';
    return row.by === 'roll' ? 'rolls' : 'waits';
  };
}

export function secondsOf(parts: readonly Part[]): number {
  return Math.round(parts.reduce((sum, { seconds }) => sum + seconds, 0) * 10) / 10;
}

/** To the floor of the same run, for each rollout. */
export function ratioOf({ rollingSeconds, rollouts }: ScaleResult, size: SizeResult): number | undefined {
  return perFloor(rollingSeconds, rollouts, size);
}

/** The same with everything but the waits: preflight, restarts of identity, the proofs of the other phases. */
export function workRatioOf({ seconds, waitingSeconds, rollouts }: ScaleResult, size: SizeResult): number | undefined {
  return perFloor(seconds - waitingSeconds, rollouts, size);
}

function perFloor(seconds: number, rollouts: number, size: SizeResult): number | undefined {
  const floor = floorSeconds(size);
  if (floor === undefined || rollouts === 0 || seconds === 0) return undefined;
  return Math.round((seconds / rollouts / floor) * 100) / 100;
}

/** The mean, where it was measured more than once: a machine that others use is not the same for an hour. */
function floorSeconds({ contenders }: SizeResult): number | undefined {
  const floors = contenders.filter(({ name, outcome }) => name === 'floor' && outcome === 'completed');
  if (floors.length === 0) return undefined;
  const sum = floors.reduce((total, { rollingSeconds }) => total + rollingSeconds, 0);
  return Math.round((sum / floors.length) * 10) / 10;
}

/** A proof of all proxies: the longest look at the whole mesh, preflight's or a gate's. */
export function longestLook({ history }: Pick<ScaleResult, 'history'>): Look | undefined {
  return history?.looks.toSorted((a, b) => b.seconds - a.seconds)[0];
}

export function proofSeconds(result: ScaleResult): number | undefined {
  const look = longestLook(result);
  return look && Math.round(look.seconds * 10) / 10;
}

export function requestsPerWorkload({ worker, rollouts }: ScaleResult, { workloads }: SizeResult): number | undefined {
  if (!worker?.requests || rollouts === 0) return undefined;
  return Math.round((sumOf(worker.requests) / (workloads * rollouts)) * 100) / 100;
}

/** One line for programs; null where that was not measured. */
export function jsonLine(size: SizeResult): string {
  const bridge = size.contenders.find(({ name }) => name === 'bridge');
  const of = <T>(ask: (result: ScaleResult) => T | undefined): T | null => (bridge ? (ask(bridge) ?? null) : null);
  return JSON.stringify({
    pods: size.pods,
    floorSeconds: floorSeconds(size) ?? null,
    bridgeSeconds: of(({ rollingSeconds }) => rollingSeconds),
    ratio: of((result) => ratioOf(result, size)),
    workerRssMb: of(({ worker }) => worker?.peakRssMb),
    events: of(({ history }) => history?.events),
    requestsPerWorkload: of((result) => requestsPerWorkload(result, size)),
    proofSeconds: of(proofSeconds),
    refused: of(({ refused }) => refused),
  });
}

interface Column {
  head: string;
  cell(result: ScaleResult, size: SizeResult): string | number | undefined;
}

const COLUMNS: readonly Column[] = [
  { head: 'pods', cell: (_, { pods }) => pods },
  { head: 'contender', cell: ({ title }) => title },
  { head: 'rollouts', cell: ({ rollouts }) => rollouts },
  { head: 'wall time', cell: ({ seconds }) => inSeconds(seconds) },
  { head: 'of it waiting', cell: ({ waitingSeconds }) => inSeconds(waitingSeconds) },
  { head: 'of it rolling', cell: ({ rollingSeconds }) => inSeconds(rollingSeconds) },
  { head: 'ratio', cell: (result, size) => ratioOf(result, size)?.toFixed(2) },
  { head: 'with all work', cell: (result, size) => workRatioOf(result, size)?.toFixed(2) },
  { head: 'most in flight', cell: ({ flight }) => Math.max(0, ...flight.map(([, pods]) => pods)) },
  { head: 'leaves/s, peak', cell: ({ leavesPerSecond }) => Math.round(leavesPerSecond.peak) },
  { head: 'proof', cell: proofText },
  { head: 'worker', cell: ({ worker }) => worker && `${worker.peakRssMb} MB, ${Math.round(worker.cpuSeconds)} s CPU` },
  { head: 'requests a workload', cell: requestsPerWorkload },
  {
    head: 'history',
    cell: ({ history }) => history && `${history.events} events, ${Math.round(history.bytes / 1024)} kB`,
  },
  {
    head: 'largest payload',
    cell: ({ history }) => history && `${(history.largestPayloadBytes / 1024).toFixed(1)} kB`,
  },
  { head: 'refused', cell: ({ refused, handshakes }) => `${refused} of ${handshakes}` },
];

function proofText(result: ScaleResult): string | undefined {
  const seconds = proofSeconds(result);
  return seconds === undefined
    ? undefined
    : `${Math.round(seconds)} s, ${Math.round(result.proofCpuSeconds ?? 0)} s CPU`;
}

function inSeconds(seconds: number | undefined): string {
  return seconds ? `${Math.round(seconds)} s` : '';
}

function rowsOf(sizes: readonly SizeResult[]): string[][] {
  return sizes.flatMap((size) =>
    size.contenders.map((result) => COLUMNS.map(({ cell }) => `${cell(result, size) ?? ''}`)),
  );
}

export function scaleTable(sizes: readonly SizeResult[]): string {
  const table = new Table({ style: { head: [], border: [] }, head: COLUMNS.map(({ head }) => head), wordWrap: true });
  table.push(...rowsOf(sizes));
  return table.toString();
}

export function scaleMarkdown(sizes: readonly SizeResult[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const heads = COLUMNS.map(({ head }) => head);
  return [line(heads), line(heads.map(() => '---')), ...rowsOf(sizes).map(line)].join('\n');
}

/** Of each worker by kind, the most frequent first. */
export function requestsTexts(sizes: readonly SizeResult[]): string[] {
  return sizes.flatMap(({ pods, contenders }) =>
    contenders.flatMap(({ title, worker }) => {
      const kinds = Object.entries(worker?.requests ?? {}).toSorted(([, a], [, b]) => b - a);
      if (kinds.length === 0) return [];
      return [`${pods} pods, ${title}, requests: ${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}`];
    }),
  );
}

/** What did not go as it should: nothing to draw a conclusion from. */
export function scaleComplaints(sizes: readonly SizeResult[]): string[] {
  return sizes.flatMap(({ pods, failure, contenders }) => [
    ...(failure === undefined ? [] : [`${pods} pods: ${failure}`]),
    ...contenders.flatMap(({ title, by, outcome, replacesRoot, oldRootGone, refused, refusal }) => [
      ...(outcome === 'completed' ? [] : [`${pods} pods, ${title}: ${outcome}`]),
      ...(replacesRoot && !oldRootGone ? [`${pods} pods, ${title}: the old root is still trusted`] : []),
      ...(by === 'reroot' && refused > 0
        ? [`${pods} pods, ${title}: ${refused} handshakes refused, for example ${refusal}`]
        : []),
    ]),
  ]);
}
