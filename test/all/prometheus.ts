import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tool } from '../../sandbox/kit/index.js';
import { eventually } from '../integration/support.js';

/** A real Prometheus on loopback, with the rules of the chart. */

const ROOT = path.resolve(import.meta.dirname, '../..');
export const FILES = path.join(ROOT, 'deploy', 'chart', 'reroot', 'files');
const HOST = '127.0.0.1';

export interface Series {
  metric: Record<string, string>;
  /** Numbers, as Prometheus has them at each second. */
  values: number[];
}

export interface Prometheus {
  /** Each second from one time to another, in milliseconds since 1970. */
  range(query: string, from: number, to: number): Promise<Series[]>;
  now(query: string): Promise<Series[]>;
  /** Of the chart's rules: name, and how Prometheus finds it. */
  rules(): Promise<{ name: string; health: string }[]>;
  stop(): Promise<void>;
}

interface Answer<T> {
  status: string;
  error?: string;
  data: T;
}

/** @param targets `host:port` of what it scrapes each second */
export async function startPrometheus(program: string, targets: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-prometheus-'));
  const address = `${HOST}:${await freePort()}`;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [path.join(FILES, 'alerts.yaml')],
    scrape_configs: [{ job_name: 'reroot', static_configs: [{ targets }] }],
  };
  const file = path.join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const logFile = path.join(folder, 'prometheus.log');
  const log = openSync(logFile, 'a');
  const child = spawn(tool('leash'), [program, ...flags], { stdio: ['ignore', log, log] });
  closeSync(log);
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const get = async <T>(at: string, query: Record<string, string> = {}) =>
    await answerOf<T>(`http://${address}/api/v1/${at}?${new URLSearchParams(query).toString()}`);
  try {
    const isReady = async () => (await fetch(`http://${address}/-/ready`)).ok;
    await eventually('Prometheus', isReady);
  } catch (error) {
    const end = readFileSync(logFile, 'utf8').slice(-2000);
    await stop();
    throw new Error(end, { cause: error });
  }
  type Result = { result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[] };
  const seriesOf = ({ result }: Result): Series[] =>
    result.map(({ metric, values, value }) => ({
      metric,
      values: (values ?? (value ? [value] : [])).map(([, text]) => Number(text)),
    }));
  return {
    range: async (query, from, to) =>
      seriesOf(await get<Result>('query_range', { query, start: `${from / 1000}`, end: `${to / 1000}`, step: '1' })),
    now: async (query) => seriesOf(await get<Result>('query', { query })),
    rules: async () => {
      const { groups } = await get<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
    stop,
  };
}

async function answerOf<T>(url: string): Promise<T> {
  const answer = (await (await fetch(url)).json()) as Answer<T>;
  if (answer.status !== 'success') throw new Error(`${answer.error ?? 'no answer'}: ${url}`);
  return answer.data;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

/** One that nobody listened at a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
