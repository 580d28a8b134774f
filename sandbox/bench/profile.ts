import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What of a `.cpuprofile` is read here. */
interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame }[];
  samples: number[];
  /** Microseconds from one sample to the next. */
  timeDeltas: number[];
}

interface CallFrame {
  functionName: string;
  url: string;
  /** From zero. */
  lineNumber: number;
  columnNumber: number;
}

/** Seconds in a function itself, not in what it calls. */
export interface HotFunction {
  name: string;
  /** File and line of the source, where a map or the profile says so. */
  where: string;
  seconds: number;
}

export interface HotProfile {
  /** All threads, without their idle time. */
  busySeconds: number;
  garbageSeconds: number;
  functions: HotFunction[];
}

const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)']);
const GARBAGE = '(garbage collector)';
const NO_FUNCTION: ReadonlySet<string> = new Set([GARBAGE, '(program)']);

/** The hottest first, of all threads whose profiles are in the folder. */
export function hottest(folder: string): HotProfile {
  const files = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'));
  const sources = sourceNames();
  const selves = files.flatMap((file) =>
    selfTimes(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as CpuProfile),
  );
  return hottestOf(selves, sources);
}

interface SelfTime {
  frame: CallFrame;
  seconds: number;
}

export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const seconds = new Map<number, number>();
  for (const [index, id] of samples.entries()) seconds.set(id, (seconds.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1e6);
  return nodes.map(({ id, callFrame }) => ({ frame: callFrame, seconds: seconds.get(id) ?? 0 }));
}

export function hottestOf(selves: readonly SelfTime[], whereIs: (frame: CallFrame) => string): HotProfile {
  const total = (belongs: (name: string) => boolean) =>
    selves.filter(({ frame }) => belongs(frame.functionName)).reduce((sum, { seconds }) => sum + seconds, 0);
  const functions = new Map<string, HotFunction>();
  for (const { frame, seconds } of selves) {
    if (IDLE.has(frame.functionName) || NO_FUNCTION.has(frame.functionName)) continue;
    const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
    const known = functions.get(key) ?? { name: frame.functionName || '(anonymous)', where: '', seconds: 0 };
    functions.set(key, {
      ...known,
      where: known.where || (seconds > 0 ? whereIs(frame) : ''),
      seconds: known.seconds + seconds,
    });
  }
  return {
    busySeconds: total((name) => !IDLE.has(name)),
    garbageSeconds: total((name) => name === GARBAGE),
    functions: [...functions.values()].toSorted((a, b) => b.seconds - a.seconds),
  };
}

const SHOWN = 5;

export function profileText({ busySeconds, garbageSeconds, functions }: HotProfile): string[] {
  const share = (seconds: number) => `${seconds.toFixed(1)} s (${((seconds / busySeconds) * 100).toFixed(1)} %)`;
  return [
    `JavaScript took ${busySeconds.toFixed(1)} s, ${share(garbageSeconds)} of it for garbage; by self time, which includes waiting for a processor:`,
    ...functions.slice(0, SHOWN).map(({ name, where, seconds }) => `${share(seconds)} ${name} ${where}`),
  ];
}

/** The build leaves a map beside each of its files. */
function sourceNames(): (frame: CallFrame) => string {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.startsWith('file:')) return url;
    const file = fileURLToPath(url);
    if (!maps.has(file)) maps.set(file, mapOf(file));
    const entry = maps.get(file)?.findEntry(lineNumber, columnNumber);
    if (!entry || !('originalSource' in entry)) return `${path.relative('.', file)}:${lineNumber + 1}`;
    return `${entry.originalSource.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}`;
  };
}

function mapOf(file: string): SourceMap | undefined {
  const map = `${file}.map`;
  return existsSync(map) ? new SourceMap(JSON.parse(readFileSync(map, 'utf8')) as SourceMapPayload) : undefined;
}
