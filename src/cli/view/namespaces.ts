import pc from 'picocolors';
import type { LiveProgress } from '../../operate/progress.js';

/** The namespaces of a phase that rolls, for a terminal and for a line of a log: as many as a person can look at. */

type Namespace = LiveProgress['namespaces'][number];

/** Lines of a terminal. */
const MOST_LINES = 12;
/** Characters of a line of a log, before it is made shorter. */
const LONGEST_LIST = 100;
const SHOWN_IN_LINE = 3;
const LONGEST_NAME_IN_LINE = 24;

const BAR_WIDTH = 24;

export function bar(done: number, total: number, width = BAR_WIDTH): string {
  const filled = total === 0 ? 0 : Math.round((Math.min(done, total) / total) * width);
  return pc.green('█'.repeat(filled)) + pc.dim('░'.repeat(width - filled));
}

/** A line for each, of many those that are stuck or under way, and how many others there are. */
export function namespaceLines(namespaces: readonly Namespace[]): string[] {
  if (namespaces.length <= MOST_LINES) return namespaces.map(namespaceLine);
  const shown = bySlowness(namespaces).slice(0, MOST_LINES - 1);
  const others = namespaces.filter((one) => !shown.includes(one));
  const counts = (['stuck', 'running', 'waiting', 'done'] as const).flatMap((state) => {
    const count = others.filter((one) => one.state === state).length;
    return count > 0 ? [`${count} ${WORDS[state]}`] : [];
  });
  return [...shown.map(namespaceLine), ...(counts.length > 0 ? [pc.dim(`      … ${counts.join(', ')}`)] : [])];
}

const WORDS = { stuck: 'stuck', running: 'under way', waiting: 'queued', done: 'done' } as const;

/** What a person looks for first: stuck, then under way. The others are counted. */
function bySlowness(namespaces: readonly Namespace[]): Namespace[] {
  const of = (state: Namespace['state']) => namespaces.filter((one) => one.state === state);
  return [...of('stuck'), ...of('running')];
}

function namespaceLine(namespace: Namespace): string {
  const { namespace: name, workloads, workloadsDone, proxies, proven, waitingFor, state } = namespace;
  const mark = { waiting: pc.dim('·'), running: pc.cyan('▶'), done: pc.green('✔'), stuck: pc.red('✖') }[state];
  const counts =
    state === 'waiting'
      ? pc.dim('queued')
      : `${bar(proven, proxies, 12)} ${proven}/${proxies} proxies, ${workloadsDone}/${workloads} workloads`;
  const why = state === 'running' && waitingFor[0] ? pc.dim(`  ${waitingFor[0]}`) : '';
  return `      ${mark} ${name.padEnd(14)} ${counts}${why}`;
}

/** `shop 1/4, pay 2/9`; of many `45 of 300 namespaces, 812/5000 proxies (shop 1/4, pay 2/9, web 0/3 and 252 more)`. */
export function namespacesText(namespaces: readonly Namespace[]): string {
  const all = namespaces.map(countText).join(', ');
  if (all.length <= LONGEST_LIST) return all;
  const done = namespaces.filter(({ state }) => state === 'done');
  const total = (key: 'proven' | 'proxies') => namespaces.reduce((sum, one) => sum + one[key], 0);
  const open = namespaces.length - done.length;
  const shown = bySlowness(namespaces).slice(0, SHOWN_IN_LINE);
  const more = open - shown.length;
  const list = [shown.map(countText).join(', '), ...(more > 0 ? [`${more} more`] : [])].filter(Boolean).join(' and ');
  return `${done.length} of ${namespaces.length} namespaces, ${total('proven')}/${total('proxies')} proxies${list ? ` (${list})` : ''}`;
}

function countText({ namespace, proven, proxies }: Namespace): string {
  const name = namespace.length > LONGEST_NAME_IN_LINE ? `${namespace.slice(0, LONGEST_NAME_IN_LINE - 1)}…` : namespace;
  return `${name} ${proven}/${proxies}`;
}
